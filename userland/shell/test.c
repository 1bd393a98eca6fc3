// test and [: POSIX.1-2017, with -a, -o, ! and parentheses.
#include "builtins.h"
#include "shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct test
{
    char **next;
    char **end;
    bool   failed;
};

static bool parse_or(struct test *test);

static bool is_at(const struct test *test, const char *text)
{
    return test->next < test->end && strcmp(*test->next, text) == 0;
}

static bool wrong(struct test *test, const char *what, const char *why)
{
    if (!test->failed)
    {
        report("test: %s: %s", what, why);
    }
    test->failed = true;
    return false;
}

static long number(struct test *test, const char *text)
{
    char *end = NULL;
    errno     = 0;
    long value = strtol(text, &end, 10);
    while (*end == ' ')
    {
        ++end;
    }
    if (end == text || *end != '\0' || errno != 0)
    {
        wrong(test, text, "is not a number");
    }
    return value;
}

static bool is_unary(const char *text)
{
    return text[0] == '-' && text[1] != '\0' && text[2] == '\0' && strchr("bcdefghLnprsStuwxz", text[1]) != NULL;
}

static bool is_binary(const char *text)
{
    static const char *const operators[] = { "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt",
        "-ot", "-ef" };
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; ++i)
    {
        if (strcmp(operators[i], text) == 0)
        {
            return true;
        }
    }
    return false;
}

static bool unary(struct test *test, char operator, const char *operand)
{
    struct stat status;
    switch (operator)
    {
        case 'n': return *operand != '\0';
        case 'z': return *operand == '\0';
        case 't': return isatty((int)number(test, operand));
        case 'r': return access(operand, R_OK) == 0;
        case 'w': return access(operand, W_OK) == 0;
        case 'x': return access(operand, X_OK) == 0;
        case 'h':
        case 'L': return lstat(operand, &status) == 0 && S_ISLNK(status.st_mode);
        default: break;
    }
    if (stat(operand, &status) != 0)
    {
        return false;
    }
    switch (operator)
    {
        case 'b': return S_ISBLK(status.st_mode);
        case 'c': return S_ISCHR(status.st_mode);
        case 'd': return S_ISDIR(status.st_mode);
        case 'f': return S_ISREG(status.st_mode);
        case 'g': return (status.st_mode & S_ISGID) != 0;
        case 'p': return S_ISFIFO(status.st_mode);
        case 's': return status.st_size > 0;
        case 'S': return S_ISSOCK(status.st_mode);
        case 'u': return (status.st_mode & S_ISUID) != 0;
        default: return true;
    }
}

static bool is_newer(const struct stat *left, const struct stat *right)
{
    return left->st_mtim.tv_sec != right->st_mtim.tv_sec ? left->st_mtim.tv_sec > right->st_mtim.tv_sec
                                                         : left->st_mtim.tv_nsec > right->st_mtim.tv_nsec;
}

static bool compare_files(const char *left, const char *operator, const char *right)
{
    struct stat a, b;
    const bool  has_left  = stat(left, &a) == 0;
    const bool  has_right = stat(right, &b) == 0;
    if (operator[1] == 'e')
    {
        return has_left && has_right && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    }
    if (!has_left || !has_right)
    {
        return operator[1] == 'n' ? has_left : has_right;
    }
    return operator[1] == 'n' ? is_newer(&a, &b) : is_newer(&b, &a);
}

static bool binary(struct test *test, const char *left, const char *operator, const char *right)
{
    const int order = strcmp(left, right);
    switch (operator[0])
    {
        case '=': return order == 0;
        case '!': return order != 0;
        case '<': return order < 0;
        case '>': return order > 0;
        default: break;
    }
    if (strcmp(operator, "-nt") == 0 || strcmp(operator, "-ot") == 0 || strcmp(operator, "-ef") == 0)
    {
        return compare_files(left, operator, right);
    }
    const long a = number(test, left);
    const long b = number(test, right);
    switch (operator[1] * 256 + operator[2])
    {
        case 'e' * 256 + 'q': return a == b;
        case 'n' * 256 + 'e': return a != b;
        case 'l' * 256 + 't': return a < b;
        case 'l' * 256 + 'e': return a <= b;
        case 'g' * 256 + 't': return a > b;
        default: return a >= b;
    }
}

static bool parse_primary(struct test *test)
{
    const long left = test->end - test->next;
    if (left == 0)
    {
        return wrong(test, "expression", "an operand is missing");
    }
    if (left >= 3 && is_binary(test->next[1]))
    {
        char **operands = test->next;
        test->next += 3;
        return binary(test, operands[0], operands[1], operands[2]);
    }
    if (left >= 2 && is_at(test, "!"))
    {
        ++test->next;
        return !parse_primary(test);
    }
    if (left >= 3 && is_at(test, "("))
    {
        ++test->next;
        const bool value = parse_or(test);
        if (!is_at(test, ")"))
        {
            return wrong(test, "(", "is not closed");
        }
        ++test->next;
        return value;
    }
    if (left >= 2 && is_unary(*test->next))
    {
        char **operands = test->next;
        test->next += 2;
        return unary(test, operands[0][1], operands[1]);
    }
    return **test->next++ != '\0';
}

static bool parse_and(struct test *test)
{
    bool value = parse_primary(test);
    while (!test->failed && is_at(test, "-a"))
    {
        ++test->next;
        const bool right = parse_primary(test);
        value            = value && right;
    }
    return value;
}

static bool parse_or(struct test *test)
{
    bool value = parse_and(test);
    while (!test->failed && is_at(test, "-o"))
    {
        ++test->next;
        const bool right = parse_and(test);
        value            = value || right;
    }
    return value;
}

int builtin_test(int count, char **arguments)
{
    if (strcmp(arguments[0], "[") == 0)
    {
        if (strcmp(arguments[count - 1], "]") != 0)
        {
            report("[: ] is missing");
            return 2;
        }
        --count;
    }
    if (count == 1)
    {
        return 1;
    }
    // With four arguments, `!` negates what POSIX says of the three after it.
    struct test test  = { arguments + 1, arguments + count, false };
    const bool  value = parse_or(&test);
    if (!test.failed && test.next != test.end)
    {
        wrong(&test, *test.next, "is not expected here");
    }
    return test.failed ? 2 : !value;
}
