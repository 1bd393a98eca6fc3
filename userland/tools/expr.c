// expr: evaluates an expression of its arguments.
#include "tool.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

static char **next;

static char *evaluate(int level);

static bool to_number(const char *text, long long *number)
{
    char *end;
    if (*text == '\0' || strspn(text + (*text == '-'), "0123456789") != strlen(text + (*text == '-')) || text[*text == '-'] == '\0')
    {
        return false;
    }
    errno   = 0;
    *number = strtoll(text, &end, 10);
    if (errno != 0)
    {
        fail(2, "%s: too large", text);
    }
    return true;
}

static bool is_null(const char *text)
{
    long long number;
    return *text == '\0' || (to_number(text, &number) && number == 0);
}

static char *number_result(long long number)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", number);
    return copy_of(text);
}

static char *match(const char *text, const char *pattern)
{
    struct text anchored = { 0 };
    regex_t     expression;
    regmatch_t  groups[2];
    text_add_string(&anchored, "^");
    text_add_string(&anchored, pattern);
    const int error = regcomp(&expression, anchored.chars, 0);
    if (error != 0)
    {
        char message[128];
        regerror(error, &expression, message, sizeof message);
        fail(2, "%s: %s", pattern, message);
    }
    const bool found  = regexec(&expression, text, 2, groups, 0) == 0;
    char      *result = NULL;
    if (expression.re_nsub > 0)
    {
        const bool has = found && groups[1].rm_so >= 0;
        result         = copy_of(has ? text + groups[1].rm_so : "");
        if (has)
        {
            result[groups[1].rm_eo - groups[1].rm_so] = '\0';
        }
    }
    else
    {
        result = number_result(found ? groups[0].rm_eo : 0);
    }
    regfree(&expression);
    text_free(&anchored);
    return result;
}

static char *argument(void)
{
    if (*next == NULL)
    {
        fail(2, "the expression ends where a value is wanted");
    }
    return *next++;
}

static char *primary(void)
{
    char *word = argument();
    if (strcmp(word, "(") == 0)
    {
        char *value = evaluate(0);
        if (*next == NULL || strcmp(*next, ")") != 0)
        {
            fail(2, "a ( has no )");
        }
        ++next;
        return value;
    }
    if (*next != NULL && strcmp(word, "length") == 0)
    {
        char *value  = primary();
        char *result = number_result((long long)strlen(value));
        free(value);
        return result;
    }
    if (*next != NULL && strcmp(word, "substr") == 0)
    {
        char     *value = primary(), *start_text = primary(), *length_text = primary();
        long long start, length;
        const long long size   = (long long)strlen(value);
        char           *result = copy_of("");
        if (to_number(start_text, &start) && to_number(length_text, &length) && start > 0 && start <= size && length > 0)
        {
            free(result);
            result = copy_of(value + start - 1);
            if (length < size - start + 1)
            {
                result[length] = '\0';
            }
        }
        free(value);
        free(start_text);
        free(length_text);
        return result;
    }
    if (*next != NULL && strcmp(word, "index") == 0)
    {
        char        *value = primary(), *set = primary();
        const size_t place  = strcspn(value, set);
        char        *result = number_result(value[place] == '\0' ? 0 : (long long)place + 1);
        free(value);
        free(set);
        return result;
    }
    if (*next != NULL && strcmp(word, "match") == 0)
    {
        char *value = primary(), *pattern = primary();
        char *result = match(value, pattern);
        free(value);
        free(pattern);
        return result;
    }
    if (*next != NULL && strcmp(word, "+") == 0)
    {
        return copy_of(argument());
    }
    return copy_of(word);
}

static char *compute(const char *left, const char *operation, const char *right)
{
    long long a, b, result;
    if (!to_number(left, &a) || !to_number(right, &b))
    {
        fail(2, "%s %s %s: numbers are wanted", left, operation, right);
    }
    bool overflows = false;
    switch (*operation)
    {
        case '+': overflows = __builtin_add_overflow(a, b, &result); break;
        case '-': overflows = __builtin_sub_overflow(a, b, &result); break;
        case '*': overflows = __builtin_mul_overflow(a, b, &result); break;
        default:
            if (b == 0)
            {
                fail(2, "division by zero");
            }
            if (b == -1)
            {
                overflows = __builtin_sub_overflow(0, a, &result);
                result    = *operation == '%' ? 0 : result;
                overflows = overflows && *operation == '/';
            }
            else
            {
                result = *operation == '/' ? a / b : a % b;
            }
    }
    if (overflows)
    {
        fail(2, "%s %s %s: too large", left, operation, right);
    }
    return number_result(result);
}

static char *compare(const char *left, const char *operation, const char *right)
{
    long long a, b;
    int       order = 0;
    if (to_number(left, &a) && to_number(right, &b))
    {
        order = (a > b) - (a < b);
    }
    else
    {
        order = strcmp(left, right);
    }
    bool holds = false;
    switch (*operation)
    {
        case '<': holds = operation[1] == '=' ? order <= 0 : order < 0; break;
        case '>': holds = operation[1] == '=' ? order >= 0 : order > 0; break;
        case '!': holds = order != 0; break;
        default: holds = order == 0;
    }
    return copy_of(holds ? "1" : "0");
}

/// From what binds least to what binds most.
static const char *const operations[][8] = { { "|" }, { "&" }, { "<", "<=", "=", "==", "!=", ">=", ">" }, { "+", "-" }, { "*", "/", "%" }, { ":" } };

static bool is_operation(int level, const char *word)
{
    for (int i = 0; i < 8 && word != NULL && operations[level][i] != NULL; ++i)
    {
        if (strcmp(operations[level][i], word) == 0)
        {
            return true;
        }
    }
    return false;
}

static char *evaluate(int level)
{
    if (level == sizeof operations / sizeof operations[0])
    {
        return primary();
    }
    char *left = evaluate(level + 1);
    while (is_operation(level, *next))
    {
        const char *operation = *next++;
        char       *right     = evaluate(level + 1);
        char       *result;
        switch (level)
        {
            case 0: result = !is_null(left) ? copy_of(left) : !is_null(right) ? copy_of(right) : copy_of("0"); break;
            case 1: result = !is_null(left) && !is_null(right) ? copy_of(left) : copy_of("0"); break;
            case 2: result = compare(left, operation, right); break;
            case 5: result = match(left, right); break;
            default: result = compute(left, operation, right);
        }
        free(left);
        free(right);
        left = result;
    }
    return left;
}

int expr_tool(int count, char **arguments)
{
    next = arguments + 1;
    next += count > 1 && strcmp(*next, "--") == 0;
    char *value = evaluate(0);
    if (*next != NULL)
    {
        fail(2, "%s: is out of place in the expression", *next);
    }
    puts(value);
    const int status = is_null(value);
    free(value);
    return status;
}
