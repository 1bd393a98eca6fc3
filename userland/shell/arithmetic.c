#include "arithmetic.h"

#include "shell.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct evaluation
{
    const char *whole;
    const char *next;
    bool        failed;
    int         depth;
    int         skipping; ///< > 0: in an operand that is not evaluated
};

enum
{
    deepest = 100
};

static long assignment(struct evaluation *evaluation);

static long wrong(struct evaluation *evaluation, const char *why)
{
    if (!evaluation->failed)
    {
        report("arithmetic: %s: %s", evaluation->whole, why);
        evaluation->failed = true;
    }
    return 0;
}

static void skip_spaces(struct evaluation *evaluation)
{
    while (isspace((unsigned char)*evaluation->next))
    {
        ++evaluation->next;
    }
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    while (text[length] == '_' || isalpha((unsigned char)text[length])
        || (length != 0 && isdigit((unsigned char)text[length])))
    {
        ++length;
    }
    return length;
}

static long number_in(struct evaluation *evaluation, const char *text, const char **end)
{
    char *after = NULL;
    errno       = 0;
    const unsigned long value = strtoul(text, &after, 0);
    *end                      = after;
    if (after == text || isalnum((unsigned char)*after) || *after == '_')
    {
        return wrong(evaluation, "not a number");
    }
    return (long)value;
}

static long value_of(struct evaluation *evaluation, const char *name)
{
    const char *value = variable_value(name);
    if (value == NULL)
    {
        if (shell.options.fail_on_unset && evaluation->skipping == 0)
        {
            return wrong(evaluation, "a variable is not set");
        }
        return 0;
    }
    while (isspace((unsigned char)*value))
    {
        ++value;
    }
    if (*value == '\0')
    {
        return 0;
    }
    // A variable may hold an expression.
    struct evaluation inner = { .whole = value, .next = value, .depth = evaluation->depth + 1,
        .skipping = evaluation->skipping };
    if (inner.depth > deepest)
    {
        return wrong(evaluation, "nested too deeply");
    }
    const long result = assignment(&inner);
    skip_spaces(&inner);
    if (!inner.failed && *inner.next != '\0')
    {
        wrong(&inner, "not a number");
    }
    evaluation->failed = evaluation->failed || inner.failed;
    return result;
}

static long primary(struct evaluation *evaluation)
{
    skip_spaces(evaluation);
    const char *next = evaluation->next;
    if (*next == '(')
    {
        ++evaluation->next;
        const long value = assignment(evaluation);
        skip_spaces(evaluation);
        if (*evaluation->next != ')')
        {
            return wrong(evaluation, ") is missing");
        }
        ++evaluation->next;
        return value;
    }
    if (isdigit((unsigned char)*next))
    {
        return number_in(evaluation, next, &evaluation->next);
    }
    const size_t length = name_length(next);
    if (length == 0)
    {
        return wrong(evaluation, *next == '\0' ? "an operand is missing" : "a number or a name is expected");
    }
    char *name = copy_of_part(next, length);
    evaluation->next += length;
    const long value = value_of(evaluation, name);
    free(name);
    return value;
}

static long unary(struct evaluation *evaluation)
{
    if (++evaluation->depth > deepest)
    {
        --evaluation->depth;
        return wrong(evaluation, "nested too deeply");
    }
    skip_spaces(evaluation);
    long value = 0;
    switch (*evaluation->next)
    {
        case '-': ++evaluation->next; value = (long)(0 - (unsigned long)unary(evaluation)); break;
        case '+': ++evaluation->next; value = unary(evaluation); break;
        case '!': ++evaluation->next; value = !unary(evaluation); break;
        case '~': ++evaluation->next; value = ~unary(evaluation); break;
        default: value = primary(evaluation);
    }
    --evaluation->depth;
    return value;
}

struct binary_operator
{
    const char *text;
    int         precedence;
};

/// Longer ones first.
static const struct binary_operator binary_operators[] = {
    { "||", 1 }, { "&&", 2 }, { "==", 6 }, { "!=", 6 }, { "<=", 7 }, { ">=", 7 }, { "<<", 8 }, { ">>", 8 },
    { "|", 3 }, { "^", 4 }, { "&", 5 }, { "<", 7 }, { ">", 7 }, { "+", 9 }, { "-", 9 }, { "*", 10 }, { "/", 10 },
    { "%", 10 },
};

static const struct binary_operator *find_operator(struct evaluation *evaluation)
{
    skip_spaces(evaluation);
    for (size_t i = 0; i < sizeof binary_operators / sizeof binary_operators[0]; ++i)
    {
        const struct binary_operator *candidate = &binary_operators[i];
        const size_t                  length    = strlen(candidate->text);
        if (strncmp(evaluation->next, candidate->text, length) == 0)
        {
            // `+=` and its kind are assignments, which have no place here.
            const bool assigns = evaluation->next[length] == '=' && candidate->precedence != 6 && candidate->precedence != 7
                && candidate->precedence > 2;
            return assigns ? NULL : candidate;
        }
    }
    return NULL;
}

static long apply(struct evaluation *evaluation, const char *operator, long left, long right)
{
    const unsigned long a = (unsigned long)left;
    const unsigned long b = (unsigned long)right;
    switch (operator[0])
    {
        case '|': return operator[1] == '|' ? left != 0 || right != 0 : (long)(a | b);
        case '&': return operator[1] == '&' ? left != 0 && right != 0 : (long)(a & b);
        case '^': return (long)(a ^ b);
        case '=': return left == right;
        case '!': return left != right;
        case '<': return operator[1] == '<' ? (long)(a << (b & 63)) : operator[1] == '=' ? left <= right : left < right;
        case '>': return operator[1] == '>' ? left >> (b & 63) : operator[1] == '=' ? left >= right : left > right;
        case '+': return (long)(a + b);
        case '-': return (long)(a - b);
        case '*': return (long)(a * b);
        default: break;
    }
    if (evaluation->skipping != 0)
    {
        return 0;
    }
    if (right == 0)
    {
        return wrong(evaluation, "division by zero");
    }
    if (right == -1)
    {
        return operator[0] == '/' ? (long)(0 - a) : 0; // the smallest number has no negative
    }
    return operator[0] == '/' ? left / right : left % right;
}

static long binary(struct evaluation *evaluation, int lowest)
{
    long left = unary(evaluation);
    for (;;)
    {
        const struct binary_operator *found = find_operator(evaluation);
        if (evaluation->failed || found == NULL || found->precedence < lowest)
        {
            return left;
        }
        evaluation->next += strlen(found->text);
        const bool decided = (found->precedence == 1 && left != 0) || (found->precedence == 2 && left == 0);
        evaluation->skipping += decided;
        const long right = binary(evaluation, found->precedence + 1);
        evaluation->skipping -= decided;
        left = apply(evaluation, found->text, left, right);
    }
}

static long conditional(struct evaluation *evaluation)
{
    const long condition = binary(evaluation, 1);
    skip_spaces(evaluation);
    if (evaluation->failed || *evaluation->next != '?')
    {
        return condition;
    }
    ++evaluation->next;
    evaluation->skipping += condition == 0;
    const long when_true = assignment(evaluation);
    evaluation->skipping -= condition == 0;
    skip_spaces(evaluation);
    if (*evaluation->next != ':')
    {
        return wrong(evaluation, ": is missing");
    }
    ++evaluation->next;
    evaluation->skipping += condition != 0;
    const long when_false = conditional(evaluation);
    evaluation->skipping -= condition != 0;
    return condition != 0 ? when_true : when_false;
}

/// Length of an assignment operator, 0 if there is none. `==` is none.
static size_t assignment_operator(const char *text)
{
    static const char *const operators[] = { "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=" };
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; ++i)
    {
        if (strncmp(text, operators[i], strlen(operators[i])) == 0)
        {
            return strlen(operators[i]);
        }
    }
    return text[0] == '=' && text[1] != '=' ? 1 : 0;
}

static long assignment(struct evaluation *evaluation)
{
    if (++evaluation->depth > deepest)
    {
        --evaluation->depth;
        return wrong(evaluation, "nested too deeply");
    }
    skip_spaces(evaluation);
    const char  *start  = evaluation->next;
    const size_t length = name_length(start);
    const char  *after  = start + length;
    while (isspace((unsigned char)*after))
    {
        ++after;
    }
    const size_t operator = length == 0 ? 0 : assignment_operator(after);
    long         value    = 0;
    if (operator == 0)
    {
        value = conditional(evaluation);
    }
    else
    {
        char *name       = copy_of_part(start, length);
        evaluation->next = after + operator;
        value            = assignment(evaluation);
        if (operator > 1)
        {
            value = apply(evaluation, after, value_of(evaluation, name), value);
        }
        if (!evaluation->failed && evaluation->skipping == 0)
        {
            char digits[32];
            snprintf(digits, sizeof digits, "%ld", value);
            evaluation->failed = !set_variable(name, digits);
        }
        free(name);
    }
    --evaluation->depth;
    return value;
}

bool evaluate(const char *expression, long *result)
{
    struct evaluation evaluation = { .whole = expression, .next = expression };
    skip_spaces(&evaluation);
    *result = 0;
    if (*evaluation.next == '\0')
    {
        return true;
    }
    *result = assignment(&evaluation);
    skip_spaces(&evaluation);
    if (!evaluation.failed && *evaluation.next != '\0')
    {
        wrong(&evaluation, "something follows the expression");
    }
    return !evaluation.failed;
}
