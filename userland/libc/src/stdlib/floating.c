// Floating-point numbers from text, exactly rounded: the decimal digits are halved and doubled until the binary ones show.
#include "../internal/format.h"
#include "../internal/number.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum
{
    /// No more decide how a long double is rounded; of those beyond it only matters whether one is not zero.
    most_digits = 11600,
    most_shift  = 59, ///< bits at once: a digit times 2^59 and a carry fit in 64 bits
};

/// 0.DDDD… * 10^point.
struct digits
{
    int count;
    int point;
    bool sticky; ///< non-zero digits were cut off
    unsigned char digit[most_digits + 32];
};

struct format
{
    int precision; ///< bits of the mantissa
    int smallest;  ///< exponent of the last bit of a subnormal number
    int largest;   ///< numbers from 2^largest on are too large
};

static const struct format formats[] = {
    [number_float]       = { 24, -149, 128 },
    [number_double]      = { 53, -1074, 1024 },
    [number_long_double] = { 64, -16445, 16384 },
};

// ---- Decimal digits ------------------------------------------------------------------------------------------------

static void trim(struct digits *number)
{
    while (number->count > 0 && number->digit[number->count - 1] == 0)
    {
        number->count--;
    }
    if (number->count == 0)
    {
        number->point = 0;
    }
}

static void append(struct digits *number, unsigned digit)
{
    if (number->count < most_digits)
    {
        number->digit[number->count++] = (unsigned char)digit;
    }
    else
    {
        number->sticky = number->sticky || digit != 0;
    }
}

/// number / 2^bits.
static void halve(struct digits *number, int bits)
{
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    const int count     = number->count;
    uint64_t rest       = 0;
    int read            = 0;
    while (rest >> bits == 0)
    {
        rest = rest * 10 + (read < count ? number->digit[read] : 0);
        read++;
    }
    number->point -= read - 1;
    number->count = 0;
    for (; read < count; read++)
    {
        // What is written lies before what is read.
        number->digit[number->count++] = (unsigned char)(rest >> bits);
        rest                           = (rest & mask) * 10 + number->digit[read];
    }
    while (rest != 0)
    {
        append(number, (unsigned)(rest >> bits));
        rest = (rest & mask) * 10;
    }
    trim(number);
}

/// number * 2^bits.
static void double_up(struct digits *number, int bits)
{
    unsigned char carried[24];
    int extra      = 0;
    uint64_t carry = 0;
    for (int i = number->count; i-- > 0;)
    {
        carry += (uint64_t)number->digit[i] << bits;
        number->digit[i] = (unsigned char)(carry % 10);
        carry /= 10;
    }
    for (; carry != 0; carry /= 10)
    {
        carried[extra++] = (unsigned char)(carry % 10);
    }
    memmove(number->digit + extra, number->digit, (size_t)number->count);
    for (int i = 0; i < extra; i++)
    {
        number->digit[i] = carried[extra - 1 - i];
    }
    number->count += extra;
    number->point += extra;
    while (number->count > most_digits)
    {
        number->sticky = number->sticky || number->digit[number->count - 1] != 0;
        number->count--;
    }
    trim(number);
}

// ---- Rounding ------------------------------------------------------------------------------------------------------

/// A number between `integer` and `integer` + 1.
struct between
{
    uint64_t integer;
    bool is_exact;
    int against_half; ///< < 0, 0, > 0
};

static bool rounds_up(const struct between *number, bool negative)
{
    switch (rounding_direction())
    {
        case 0: return number->against_half > 0 || (number->against_half == 0 && (number->integer & 1) != 0);
        case 1: return negative && !number->is_exact;
        case 2: return !negative && !number->is_exact;
        default: return false;
    }
}

/// mantissa * 2^exponent; the mantissa has at most 64 bits, and its lowest is not below a long double's.
static long double assemble(uint64_t mantissa, int exponent)
{
    union
    {
        long double value;
        struct
        {
            uint64_t mantissa;
            uint16_t exponent;
        } parts;
    } bits = { .value = 0 };
    if (mantissa == 0)
    {
        return 0;
    }
    const int zeros = __builtin_clzl(mantissa);
    const int top   = exponent + 63 - zeros;
    if (top >= -16382)
    {
        bits.parts.mantissa = mantissa << zeros;
        bits.parts.exponent = (uint16_t)(top + 16383);
    }
    else
    {
        bits.parts.mantissa = mantissa << (exponent + 16445);
    }
    return bits.value;
}

static long double too_large(const struct format *format, bool negative)
{
    errno                    = ERANGE;
    const unsigned direction = rounding_direction();
    if (direction == 3 || direction == (negative ? 2 : 1))
    {
        return assemble(~(uint64_t)0 << (64 - format->precision), format->largest - 64);
    }
    return (long double)__builtin_inf();
}

/// The mantissa lies in `number`, its last bit means 2^exponent.
static long double finish(struct between number, int exponent, const struct format *format, bool negative)
{
    const bool is_tiny = number.integer >> (format->precision - 1) == 0;
    if (rounds_up(&number, negative))
    {
        if (++number.integer == 0 || (format->precision < 64 && number.integer >> format->precision != 0))
        {
            number.integer = (uint64_t)1 << (format->precision - 1);
            exponent++;
        }
    }
    if (number.integer != 0 && exponent + 64 - __builtin_clzl(number.integer) > format->largest)
    {
        return too_large(format, negative);
    }
    if (is_tiny && !number.is_exact)
    {
        errno = ERANGE;
    }
    return assemble(number.integer, exponent);
}

static struct between integer_part(const struct digits *number)
{
    struct between result = { 0, true, -1 };
    int i                 = 0;
    for (; i < number->point; i++)
    {
        result.integer = result.integer * 10 + (i < number->count ? number->digit[i] : 0);
    }
    if (i < number->count || number->sticky)
    {
        result.is_exact = false;
        if (number->point >= 0 && i < number->count && number->digit[i] >= 5)
        {
            result.against_half = number->digit[i] > 5 || i + 1 < number->count || number->sticky ? 1 : 0;
        }
    }
    return result;
}

static long double from_digits(struct digits *number, const struct format *format, bool negative)
{
    trim(number);
    if (number->count == 0)
    {
        return 0;
    }
    if (number->point > 5000)
    {
        return too_large(format, negative);
    }
    if (number->point < -5200)
    {
        return finish((struct between) { 0, false, -1 }, format->smallest, format, negative);
    }
    // Until it is at least one half and below one: value = number * 2^exponent.
    int exponent = 0;
    while (number->point > 0)
    {
        const int bits = number->point >= 18 ? most_shift : number->point * 3 > 0 ? number->point * 3 : 1;
        halve(number, bits);
        exponent += bits;
    }
    while (number->point < 0 || number->digit[0] < 5)
    {
        const int bits = number->point <= -18 ? most_shift : number->point < 0 ? -number->point * 3 : 1;
        double_up(number, bits);
        exponent -= bits;
    }
    if (number->point > 0)
    {
        halve(number, 1);
        exponent++;
    }

    int bits = format->precision;
    if (exponent - bits < format->smallest)
    {
        bits = exponent - format->smallest;
    }
    exponent -= bits;
    for (; bits < 0; bits++)
    {
        halve(number, 1);
        if (number->point < -1)
        {
            return finish((struct between) { 0, false, -1 }, format->smallest, format, negative);
        }
    }
    for (; bits > 0; bits -= bits < most_shift ? bits : most_shift)
    {
        double_up(number, bits < most_shift ? bits : most_shift);
    }
    return finish(integer_part(number), exponent > format->smallest ? exponent : format->smallest, format, negative);
}

// ---- Text ----------------------------------------------------------------------------------------------------------

/// `e+12` with that letter; what it adds to the exponent. Without digits it is no exponent.
static int read_exponent(const char **text, char letter)
{
    const char *at = *text;
    if ((*at | 32) != letter)
    {
        return 0;
    }
    at++;
    const bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    if (!isdigit((unsigned char)*at))
    {
        return 0;
    }
    int exponent = 0;
    for (; isdigit((unsigned char)*at); at++)
    {
        exponent = exponent < 100000000 ? exponent * 10 + *at - '0' : exponent;
    }
    *text = at;
    return negative ? -exponent : exponent;
}

static int digit_value(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

typedef unsigned __int128 wide;

/// After 0x.
static long double read_hexadecimal(const char **text, const struct format *format, bool negative)
{
    const char *at    = *text;
    wide mantissa     = 0;
    bool sticky       = false;
    bool in_fraction  = false;
    long exponent     = 0;
    for (;; at++)
    {
        if (*at == '.' && !in_fraction)
        {
            in_fraction = true;
            continue;
        }
        if (!isxdigit((unsigned char)*at))
        {
            break;
        }
        exponent -= in_fraction ? 4 : 0;
        if (mantissa >> 124 == 0)
        {
            mantissa = mantissa << 4 | (wide)digit_value(*at);
        }
        else
        {
            sticky = sticky || *at != '0';
            exponent += 4;
        }
    }
    exponent += read_exponent(&at, 'p');
    *text = at;
    if (mantissa == 0)
    {
        return 0;
    }
    while (mantissa >> 127 == 0)
    {
        mantissa <<= 1;
        exponent--;
    }
    if (exponent + 128 > format->largest)
    {
        return too_large(format, negative);
    }
    // How many of the 128 bits the format has no room for.
    long surplus = 128 - format->precision;
    if (exponent + surplus < format->smallest)
    {
        surplus = format->smallest - exponent;
    }
    struct between number = { 0, false, -1 };
    if (surplus <= 128)
    {
        const wide half     = (wide)1 << (surplus - 1);
        const wide cut      = mantissa & (half - 1 + half);
        number.integer      = surplus == 128 ? 0 : (uint64_t)(mantissa >> surplus);
        number.is_exact     = cut == 0 && !sticky;
        number.against_half = cut > half || (cut == half && sticky) ? 1 : cut == half ? 0 : -1;
    }
    return finish(number, (int)(exponent + surplus), format, negative);
}

/// What is exact in double arithmetic, and most numbers are: an integer times or divided by a small power of ten.
static bool is_simple(const struct digits *number, long double *value)
{
    static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    const int exponent           = number->point - number->count;
    if (number->count > 15 || number->count == 0 || exponent < -22 || exponent > 22)
    {
        return false;
    }
    double integer = 0;
    for (int i = 0; i < number->count; i++)
    {
        integer = integer * 10 + number->digit[i];
    }
    *value = exponent < 0 ? integer / powers[-exponent] : integer * powers[exponent];
    return true;
}

static long double read_decimal(const char **text, enum number_format format, bool negative)
{
    struct digits number = { .count = 0 };
    const char *at       = *text;
    bool in_fraction     = false;
    bool begun           = false;
    long point           = 0;
    for (;; at++)
    {
        if (*at == '.' && !in_fraction)
        {
            in_fraction = true;
            continue;
        }
        if (!isdigit((unsigned char)*at))
        {
            break;
        }
        begun = begun || *at != '0';
        point += begun && !in_fraction ? 1 : !begun && in_fraction ? -1 : 0;
        if (begun)
        {
            append(&number, (unsigned)(*at - '0'));
        }
    }
    point += read_exponent(&at, 'e');
    *text        = at;
    number.point = point > 1000000 ? 1000000 : point < -1000000 ? -1000000 : (int)point;
    int point_before = number.point;
    trim(&number);
    number.point = number.count == 0 ? 0 : point_before;

    long double value = 0;
    // Toward other directions than the nearest, the sign counts.
    if (format == number_double && rounding_direction() == 0 && is_simple(&number, &value))
    {
        return value;
    }
    return from_digits(&number, &formats[format], negative);
}

long double __parse_number(const char *text, char **end, enum number_format format)
{
    const char *at = text;
    while (isspace((unsigned char)*at))
    {
        at++;
    }
    const bool negative = *at == '-';
    at += *at == '-' || *at == '+';

    long double value = 0;
    const char *after = text; // nothing read
    if (strncasecmp(at, "inf", 3) == 0)
    {
        value = (long double)__builtin_inf();
        after = at + (strncasecmp(at, "infinity", 8) == 0 ? 8 : 3);
    }
    else if (strncasecmp(at, "nan", 3) == 0)
    {
        value = (long double)__builtin_nan("");
        after = at + 3;
        if (*after == '(')
        {
            const char *close = after + 1;
            while (isalnum((unsigned char)*close) || *close == '_')
            {
                close++;
            }
            after = *close == ')' ? close + 1 : after;
        }
    }
    else if (at[0] == '0' && (at[1] | 32) == 'x'
        && (isxdigit((unsigned char)at[2]) || (at[2] == '.' && isxdigit((unsigned char)at[3]))))
    {
        after = at + 2;
        value = read_hexadecimal(&after, &formats[format], negative);
    }
    else if (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1])))
    {
        after = at;
        value = read_decimal(&after, format, negative);
    }
    if (end != NULL)
    {
        *end = (char *)after;
    }
    return negative && after != text ? -value : value;
}

float strtof(const char *restrict text, char **restrict end)
{
    return (float)__parse_number(text, end, number_float);
}

double strtod(const char *restrict text, char **restrict end)
{
    return (double)__parse_number(text, end, number_double);
}

long double strtold(const char *restrict text, char **restrict end)
{
    return __parse_number(text, end, number_long_double);
}

float strtof_l(const char *restrict text, char **restrict end, locale_t locale)
{
    (void)locale;
    return strtof(text, end);
}

double strtod_l(const char *restrict text, char **restrict end, locale_t locale)
{
    (void)locale;
    return strtod(text, end);
}

long double strtold_l(const char *restrict text, char **restrict end, locale_t locale)
{
    (void)locale;
    return strtold(text, end);
}

double atof(const char *text)
{
    return strtod(text, NULL);
}
