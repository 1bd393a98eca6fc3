// Integers: from text, and arithmetic.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

/// The value, with its sign applied, of the number at `text`; saturates at `limit` (or `limit` + 1 below zero, if signed).
static uintmax_t parse(const char *restrict text, char **restrict end, int base, uintmax_t limit, bool is_signed)
{
    const char *at = text;
    while (isspace((unsigned char)*at))
    {
        at++;
    }
    const bool negative = *at == '-';
    if (*at == '-' || *at == '+')
    {
        at++;
    }
    if (base < 0 || base == 1 || base > 36)
    {
        errno = EINVAL;
        if (end != NULL)
        {
            *end = (char *)text;
        }
        return 0;
    }
    if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 32) == 'x' && isxdigit((unsigned char)at[2]))
    {
        at += 2;
        base = 16;
    }
    else if (base == 0)
    {
        base = *at == '0' ? 8 : 10;
    }

    const uintmax_t largest = is_signed && negative ? limit + 1 : limit;
    const char *digits      = at;
    uintmax_t value         = 0;
    bool overflow           = false;
    for (;; at++)
    {
        const int c     = (unsigned char)*at;
        const int digit = isdigit(c) ? c - '0' : isalpha(c) ? (c | 32) - 'a' + 10 : 36;
        if (digit >= base)
        {
            break;
        }
        uintmax_t next;
        if (__builtin_mul_overflow(value, (uintmax_t)base, &next)
            || __builtin_add_overflow(next, (uintmax_t)digit, &next) || next > largest)
        {
            overflow = true;
        }
        else
        {
            value = next;
        }
    }
    if (end != NULL)
    {
        *end = (char *)(at == digits ? text : at);
    }
    if (overflow)
    {
        errno = ERANGE;
        return is_signed && negative ? 0 - largest : largest;
    }
    return negative ? 0 - value : value;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
    return (long)parse(text, end, base, LONG_MAX, true);
}

long long strtoll(const char *restrict text, char **restrict end, int base)
{
    return (long long)parse(text, end, base, LLONG_MAX, true);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    return parse(text, end, base, ULONG_MAX, false);
}

unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    return parse(text, end, base, ULLONG_MAX, false);
}

intmax_t strtoimax(const char *restrict text, char **restrict end, int base)
{
    return (intmax_t)parse(text, end, base, INTMAX_MAX, true);
}

uintmax_t strtoumax(const char *restrict text, char **restrict end, int base)
{
    return parse(text, end, base, UINTMAX_MAX, false);
}

int atoi(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

long atol(const char *text)
{
    return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
    return strtoll(text, NULL, 10);
}

int abs(int value)
{
    return value < 0 ? -value : value;
}

long labs(long value)
{
    return value < 0 ? -value : value;
}

long long llabs(long long value)
{
    return value < 0 ? -value : value;
}

intmax_t imaxabs(intmax_t value)
{
    return value < 0 ? -value : value;
}

div_t div(int numerator, int denominator)
{
    return (div_t) { numerator / denominator, numerator % denominator };
}

ldiv_t ldiv(long numerator, long denominator)
{
    return (ldiv_t) { numerator / denominator, numerator % denominator };
}

lldiv_t lldiv(long long numerator, long long denominator)
{
    return (lldiv_t) { numerator / denominator, numerator % denominator };
}

imaxdiv_t imaxdiv(intmax_t numerator, intmax_t denominator)
{
    return (imaxdiv_t) { numerator / denominator, numerator % denominator };
}

static const char radix_64_digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

long a64l(const char *text)
{
    unsigned value = 0;
    for (int i = 0; i < 6 && text[i] != '\0'; i++)
    {
        unsigned digit = 0;
        while (digit < 64 && radix_64_digits[digit] != text[i])
        {
            digit++;
        }
        if (digit == 64)
        {
            break;
        }
        value |= digit << (6 * i);
    }
    return (int)value;
}

char *l64a(long number)
{
    static char text[7];
    unsigned value = (unsigned)number;
    int length     = 0;
    for (; value != 0; value >>= 6)
    {
        text[length++] = radix_64_digits[value & 63];
    }
    text[length] = '\0';
    return text;
}
