// printf and echo.
#include "builtins.h"
#include "memory.h"
#include "shell.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Writes the character that the backslash sequence at `text` stands for; returns its length. `*stop` is set by `\c`.
static size_t put_escape(const char *text, bool octal_needs_zero, bool *stop)
{
    static const char letters[]    = "abfnrtv\\\"'";
    static const char characters[] = "\a\b\f\n\r\t\v\\\"'";
    const char       *found        = text[1] == '\0' ? NULL : strchr(letters, text[1]);
    if (found != NULL)
    {
        putchar(characters[found - letters]);
        return 2;
    }
    if (text[1] == 'c' && octal_needs_zero)
    {
        *stop = true;
        return 2;
    }
    if (text[1] >= '0' && text[1] <= '7' && (text[1] == '0' || !octal_needs_zero))
    {
        size_t length = octal_needs_zero ? 2 : 1;
        int    value  = 0;
        for (size_t digits = 0; digits < 3 && text[length] >= '0' && text[length] <= '7'; ++digits, ++length)
        {
            value = value * 8 + text[length] - '0';
        }
        putchar(value & 0xff);
        return length;
    }
    putchar('\\');
    return 1;
}

/// Returns whether `\c` ended the output.
static bool put_escaped(const char *text)
{
    bool stop = false;
    while (*text != '\0' && !stop)
    {
        if (*text == '\\')
        {
            text += put_escape(text, true, &stop);
        }
        else
        {
            putchar(*text++);
        }
    }
    return stop;
}

int builtin_echo(int count, char **arguments)
{
    int  next    = 1;
    bool newline = true;
    if (next < count && strcmp(arguments[next], "-n") == 0)
    {
        newline = false;
        ++next;
    }
    for (; next < count; ++next)
    {
        if (put_escaped(arguments[next]))
        {
            return 0;
        }
        if (next + 1 < count)
        {
            putchar(' ');
        }
    }
    if (newline)
    {
        putchar('\n');
    }
    return 0;
}

struct printing
{
    char **next;
    char **end;
    int    status;
    bool   stop;
};

static const char *take_argument(struct printing *printing)
{
    return printing->next < printing->end ? *printing->next++ : NULL;
}

static void check_number(struct printing *printing, const char *text, const char *end)
{
    if (end == text || *end != '\0' || errno != 0)
    {
        report("printf: %s: is not a number", text);
        printing->status = 1;
    }
}

static long long integer_argument(struct printing *printing, bool is_signed)
{
    const char *text = take_argument(printing);
    if (text == NULL)
    {
        return 0;
    }
    if (*text == '"' || *text == '\'')
    {
        return (unsigned char)text[1];
    }
    char *end             = NULL;
    errno                 = 0;
    const long long value = is_signed ? strtoll(text, &end, 0) : (long long)strtoull(text, &end, 0);
    check_number(printing, text, end);
    return value;
}

static double real_argument(struct printing *printing)
{
    const char *text = take_argument(printing);
    if (text == NULL)
    {
        return 0;
    }
    char *end          = NULL;
    errno              = 0;
    const double value = strtod(text, &end);
    check_number(printing, text, end);
    return value;
}

/// One conversion, from its % on; returns its length.
static size_t convert(struct printing *printing, const char *format)
{
    struct text specification = { 0 };
    size_t      length        = 1;
    text_add_character(&specification, '%');
    while (format[length] != '\0' && strchr("-+ #0123456789.*", format[length]) != NULL)
    {
        if (format[length] == '*')
        {
            char digits[32];
            snprintf(digits, sizeof digits, "%d", (int)integer_argument(printing, true));
            text_add(&specification, digits);
        }
        else
        {
            text_add_character(&specification, format[length]);
        }
        ++length;
    }
    const char conversion = format[length];
    switch (conversion)
    {
        case '%': putchar('%'); break;
        case 'b':
        {
            const char *text = take_argument(printing);
            printing->stop   = text != NULL && put_escaped(text);
            break;
        }
        case 's':
        {
            const char *text = take_argument(printing);
            text_add_character(&specification, 's');
            printf(specification.chars, text == NULL ? "" : text);
            break;
        }
        case 'c':
        {
            const char *text = take_argument(printing);
            text_add(&specification, text == NULL || *text == '\0' ? "s" : "c");
            if (text == NULL || *text == '\0')
            {
                printf(specification.chars, "");
            }
            else
            {
                printf(specification.chars, *text);
            }
            break;
        }
        case 'd':
        case 'i':
        case 'o':
        case 'u':
        case 'x':
        case 'X':
            text_add(&specification, "ll");
            text_add_character(&specification, conversion);
            printf(specification.chars, integer_argument(printing, conversion == 'd' || conversion == 'i'));
            break;
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
        case 'a':
        case 'A':
            text_add_character(&specification, conversion);
            printf(specification.chars, real_argument(printing));
            break;
        default:
            report("printf: %s: there is no such conversion", format);
            printing->status = 2;
            printing->stop   = true;
    }
    text_free(&specification);
    return length + (conversion != '\0');
}

int builtin_printf(int count, char **arguments)
{
    int first = 1;
    if (first < count && strcmp(arguments[first], "--") == 0)
    {
        ++first;
    }
    if (first >= count)
    {
        report("usage: printf FORMAT [ARGUMENT…]");
        return 2;
    }
    const char     *format   = arguments[first];
    struct printing printing = { arguments + first + 1, arguments + count, 0, false };
    do
    {
        char **const before = printing.next;
        for (const char *next = format; *next != '\0' && !printing.stop;)
        {
            if (*next == '%')
            {
                next += convert(&printing, next);
            }
            else if (*next == '\\')
            {
                bool ignored = false;
                next += put_escape(next, false, &ignored);
            }
            else
            {
                putchar(*next++);
            }
        }
        if (printing.next == before)
        {
            break; // it takes no arguments
        }
    } while (printing.next < printing.end && !printing.stop);
    return printing.status;
}
