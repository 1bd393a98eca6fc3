// printf: conversions and their arguments.
#include "../internal/format.h"

#include "../internal/system.h"
#include "decimal.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum flags
{
    flag_left  = 1,
    flag_plus  = 2,
    flag_space = 4,
    flag_alternative = 8,
    flag_zero  = 16,
};

enum length
{
    length_none,
    length_hh,
    length_h,
    length_l,
    length_ll,
    length_j,
    length_z,
    length_t,
    length_L,
};

enum kind
{
    kind_none,
    kind_int,
    kind_long, ///< and whatever else has 64 bits
    kind_double,
    kind_long_double,
    kind_pointer,
};

union argument
{
    uintmax_t integer;
    long double real;
    void *pointer;
};

struct conversion
{
    unsigned flags;
    int width;     ///< 0 if none
    int precision; ///< -1 if none
    int width_argument, precision_argument, value_argument; ///< numbers for %n$ and *n$; 0 for the next; -1 for none
    enum length length;
    char letter;
};

struct state
{
    struct sink *sink;
    bool wide;
    bool failed;
};

static size_t characters(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
    {
        count += (text[i] & 0xc0) != 0x80;
    }
    return count;
}

static void put(struct state *state, const char *text, size_t size)
{
    if (!state->failed && size > 0)
    {
        state->failed = !state->sink->put(state->sink, text, size);
        state->sink->count += state->wide ? characters(text, size) : size;
        if (state->sink->count > INT_MAX)
        {
            errno         = EOVERFLOW;
            state->failed = true;
        }
    }
}

static void repeat(struct state *state, char c, long count)
{
    char block[64];
    memset(block, c, sizeof block);
    while (count > 0 && !state->failed)
    {
        const size_t size = count < (long)sizeof block ? (size_t)count : sizeof block;
        put(state, block, size);
        count -= (long)size;
    }
}

// The format.

/// A decimal number; INT_MAX if it is larger than any int.
static int parse_number(const char **at)
{
    int value = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
    {
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, **at - '0', &value))
        {
            value = INT_MAX;
        }
    }
    return value;
}

/// After `*`: the number of an argument, or 0 for the next.
static int parse_star(const char **at)
{
    const char *look = *at;
    const int number = parse_number(&look);
    if (number > 0 && *look == '$')
    {
        *at = look + 1;
        return number;
    }
    return 0;
}

/// Parses what follows `%`. The letter is 0 if the format ends too early.
static struct conversion parse_conversion(const char **at)
{
    struct conversion c = { .precision = -1, .width_argument = -1, .precision_argument = -1 };
    c.value_argument    = parse_star(at);
    for (;; ++*at)
    {
        switch (**at)
        {
        case '-': c.flags |= flag_left; continue;
        case '+': c.flags |= flag_plus; continue;
        case ' ': c.flags |= flag_space; continue;
        case '#': c.flags |= flag_alternative; continue;
        case '0': c.flags |= flag_zero; continue;
        case '\'': continue; // no grouping in the locale "C"
        case 'I': continue;
        default: break;
        }
        break;
    }
    if (**at == '*')
    {
        ++*at;
        c.width_argument = parse_star(at);
    }
    else
    {
        c.width = parse_number(at);
    }
    if (**at == '.')
    {
        ++*at;
        if (**at == '*')
        {
            ++*at;
            c.precision_argument = parse_star(at);
        }
        else if (**at == '-')
        {
            ++*at;
            parse_number(at); // a negative precision is none
        }
        else
        {
            c.precision = parse_number(at);
        }
    }
    switch (**at)
    {
    case 'h': c.length = (*at)[1] == 'h' ? length_hh : length_h; break;
    case 'l': c.length = (*at)[1] == 'l' ? length_ll : length_l; break;
    case 'q': c.length = length_ll; break;
    case 'j': c.length = length_j; break;
    case 'Z':
    case 'z': c.length = length_z; break;
    case 't': c.length = length_t; break;
    case 'L': c.length = length_L; break;
    default: break;
    }
    if (c.length != length_none)
    {
        *at += (c.length == length_hh || (c.length == length_ll && **at == 'l')) ? 2 : 1;
    }
    c.letter = **at;
    if (c.letter != '\0')
    {
        ++*at;
    }
    if (c.letter == 'C' || c.letter == 'S')
    {
        c.letter = (char)(c.letter | 32);
        c.length = length_l;
    }
    return c;
}

static enum kind kind_of(const struct conversion *c)
{
    switch (c->letter)
    {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X': return c->length >= length_l ? kind_long : kind_int;
    case 'c': return kind_int;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': return c->length == length_L || c->length == length_ll ? kind_long_double : kind_double;
    case 's':
    case 'p':
    case 'n': return kind_pointer;
    default: return kind_none;
    }
}

// Arguments: one after the other, or by number.

struct arguments
{
    va_list list;
    union argument by_number[NL_ARGMAX]; ///< if `numbered`
    bool numbered;
};

static union argument next_argument(struct arguments *arguments, enum kind kind)
{
    union argument value = { 0 };
    switch (kind)
    {
    case kind_int: value.integer = (uintmax_t)va_arg(arguments->list, int); break;
    case kind_long: value.integer = va_arg(arguments->list, uintmax_t); break;
    case kind_double: value.real = va_arg(arguments->list, double); break;
    case kind_long_double: value.real = va_arg(arguments->list, long double); break;
    case kind_pointer: value.pointer = va_arg(arguments->list, void *); break;
    case kind_none: break;
    }
    return value;
}

static union argument argument(struct arguments *arguments, int number, enum kind kind)
{
    return number > 0 ? arguments->by_number[number - 1] : next_argument(arguments, kind);
}

/// Finds the types of all numbered arguments and reads them. False if the format is not valid.
static bool read_numbered(struct arguments *arguments, const char *format)
{
    enum kind kinds[NL_ARGMAX] = { kind_none };
    int last                   = 0;
    for (const char *at = format; (at = strchr(at, '%')) != NULL;)
    {
        at++;
        const struct conversion c = parse_conversion(&at);
        const struct
        {
            int number;
            enum kind kind;
        } used[] = { { c.width_argument, kind_int },
            { c.precision_argument, kind_int },
            { c.value_argument, kind_of(&c) } };
        for (size_t i = 0; i < length_of(used); i++)
        {
            if (used[i].number > NL_ARGMAX)
            {
                return false;
            }
            if (used[i].number > 0 && used[i].kind != kind_none)
            {
                kinds[used[i].number - 1] = used[i].kind;
                last                      = used[i].number > last ? used[i].number : last;
            }
        }
    }
    for (int i = 0; i < last; i++)
    {
        if (kinds[i] == kind_none)
        {
            return false; // a gap: where the next one lies cannot be known
        }
        arguments->by_number[i] = next_argument(arguments, kinds[i]);
    }
    return true;
}

// Numbers.

/// Prefix, zeros and digits in a field. The zeros are of a precision, or of the flag '0'.
static void put_number(struct state *state, const struct conversion *c, const char *prefix, long zeros,
    const char *digits, size_t size, bool zero_padding)
{
    const size_t prefix_size = strlen(prefix);
    long padding             = c->width - (long)(prefix_size + size) - zeros;
    padding                  = padding > 0 ? padding : 0;
    const bool left          = c->flags & flag_left;
    const bool with_zeros    = zero_padding && c->flags & flag_zero && !left;
    if (!left && !with_zeros)
    {
        repeat(state, ' ', padding);
    }
    put(state, prefix, prefix_size);
    repeat(state, '0', zeros + (with_zeros ? padding : 0));
    put(state, digits, size);
    if (left)
    {
        repeat(state, ' ', padding);
    }
}

static const char *sign_of(const struct conversion *c, bool negative)
{
    return negative ? "-" : c->flags & flag_plus ? "+" : c->flags & flag_space ? " " : "";
}

static void put_integer(struct state *state, const struct conversion *c, uintmax_t value)
{
    const bool is_signed = c->letter == 'd' || c->letter == 'i';
    const char *prefix   = "";
    switch (c->length)
    {
    case length_hh: value = is_signed ? (uintmax_t)(signed char)value : (unsigned char)value; break;
    case length_h: value = is_signed ? (uintmax_t)(short)value : (unsigned short)value; break;
    case length_none: value = is_signed ? (uintmax_t)(int)value : (unsigned)value; break;
    default: break;
    }
    if (is_signed)
    {
        const bool negative = (intmax_t)value < 0;
        prefix              = sign_of(c, negative);
        value               = negative ? 0 - value : value;
    }
    char text[24];
    char *at               = text + sizeof text;
    const unsigned base    = c->letter == 'o' ? 8 : c->letter == 'x' || c->letter == 'X' || c->letter == 'p' ? 16 : 10;
    const char *all_digits = c->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    if (base == 16 && (c->flags & flag_alternative) && value != 0)
    {
        prefix = c->letter == 'X' ? "0X" : "0x";
    }
    const bool zero = value == 0;
    if (base == 10)
    {
        for (; value != 0; value /= 10)
        {
            *--at = (char)('0' + value % 10);
        }
    }
    else
    {
        const unsigned shift = base == 8 ? 3 : 4;
        for (; value != 0; value >>= shift)
        {
            *--at = all_digits[value & (base - 1)];
        }
    }
    const long size = text + sizeof text - at;
    long zeros      = (c->precision < 0 ? 1 : c->precision) - size;
    zeros           = zeros > 0 ? zeros : 0;
    if (base == 8 && c->flags & flag_alternative && zeros == 0 && (!zero || c->precision == 0))
    {
        zeros = 1;
    }
    put_number(state, c, prefix, zeros, at, (size_t)size, c->precision < 0);
}

static bool is_upper(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

/// Mantissa and exponent: value = mantissa * 2^exponent, exactly.
struct parts
{
    uint64_t mantissa;
    int exponent;
    bool negative, finite, not_a_number;
};

static struct parts take_apart(long double value)
{
    struct
    {
        uint64_t mantissa;
        uint16_t exponent;
    } bits;
    memcpy(&bits, &value, 10);
    const int exponent = bits.exponent & 0x7fff;
    return (struct parts) {
        .mantissa     = bits.mantissa,
        .exponent     = (exponent == 0 ? 1 : exponent) - 16383 - 63,
        .negative     = bits.exponent >> 15,
        .finite       = exponent != 0x7fff,
        .not_a_number = exponent == 0x7fff && bits.mantissa << 1 != 0,
    };
}

/// %a: a double with one hexadecimal digit 1 before the point, a long double with its four highest bits.
static void put_hexadecimal(struct state *state, const struct conversion *c, struct parts parts, bool is_double)
{
    const char *all_digits = is_upper(c->letter) ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *sign       = sign_of(c, parts.negative);
    char prefix[4];
    stpcpy(stpcpy(prefix, sign), is_upper(c->letter) ? "0X" : "0x");

    uint64_t mantissa = parts.mantissa;
    int exponent      = 0;
    unsigned leading  = 0; // digit before the point
    if (mantissa != 0 && is_double)
    {
        exponent = parts.exponent + 63;
        if (exponent < -1022)
        {
            // What is subnormal as a double has a 0 before the point.
            mantissa >>= -1022 - exponent;
            exponent = -1022;
        }
        else if (!(mantissa >> 63))
        {
            const int shift = __builtin_clzl(mantissa);
            mantissa <<= shift;
            exponent -= shift;
        }
        leading = (unsigned)(mantissa >> 63);
        mantissa <<= 1;
    }
    else if (mantissa != 0)
    {
        exponent = parts.exponent + 60;
        leading  = (unsigned)(mantissa >> 60);
        mantissa <<= 4;
    }
    if (c->precision >= 0 && c->precision < 16)
    {
        const unsigned dropped = 64 - 4 * (unsigned)c->precision;
        const uint64_t rest    = dropped == 64 ? mantissa : mantissa & ((1UL << dropped) - 1);
        const uint64_t half    = 1UL << (dropped - 1);
        uint64_t kept          = dropped == 64 ? 0 : mantissa >> dropped;
        const bool odd         = dropped == 64 ? leading & 1 : kept & 1;
        const unsigned direction = rounding_direction();
        const bool up = direction == 0 ? rest > half || (rest == half && odd)
                                       : rest != 0 && direction == (parts.negative ? 1U : 2U);
        if (up)
        {
            kept++;
            if (dropped == 64 ? true : kept >> (64 - dropped) != 0)
            {
                kept = 0;
                leading++;
            }
        }
        if (leading == 16)
        {
            leading = 1;
            exponent += 4;
        }
        mantissa = dropped == 64 ? 0 : kept << dropped;
    }
    char text[32];
    size_t size  = 0;
    text[size++] = all_digits[leading];
    long places  = c->precision;
    if (places < 0)
    {
        places = mantissa == 0 ? 0 : 16 - __builtin_ctzl(mantissa) / 4;
    }
    if (places > 0 || c->flags & flag_alternative)
    {
        text[size++] = '.';
    }
    for (long i = 0; i < places && i < 16; i++, mantissa <<= 4)
    {
        text[size++] = all_digits[mantissa >> 60];
    }
    char tail[16];
    char *at            = tail + sizeof tail;
    unsigned magnitude  = exponent < 0 ? (unsigned)-exponent : (unsigned)exponent;
    do
    {
        *--at = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    *--at = exponent < 0 ? '-' : '+';
    *--at = is_upper(c->letter) ? 'P' : 'p';

    const long more_zeros    = places > 16 ? places - 16 : 0;
    const size_t tail_size   = (size_t)(tail + sizeof tail - at);
    const size_t prefix_size = strlen(prefix);
    long padding             = c->width - (long)(prefix_size + size + tail_size) - more_zeros;
    padding                  = padding > 0 ? padding : 0;
    const bool left = c->flags & flag_left, with_zeros = c->flags & flag_zero && !left;
    repeat(state, ' ', left || with_zeros ? 0 : padding);
    put(state, prefix, prefix_size);
    repeat(state, '0', with_zeros ? padding : 0);
    put(state, text, size);
    repeat(state, '0', more_zeros);
    put(state, at, tail_size);
    repeat(state, ' ', left ? padding : 0);
}

/// Digits from place `from` (0 is the first) to `to`; zeros before and after what there is.
static void put_digits(struct state *state, const struct decimal *decimal, long from, long to)
{
    if (from < 0)
    {
        const long zeros = to < 0 ? to - from : -from;
        repeat(state, '0', zeros);
        from += zeros;
    }
    if (from < to && from < decimal->count)
    {
        const long end = to < decimal->count ? to : decimal->count;
        put(state, decimal->digits + from, (size_t)(end - from));
        from = end;
    }
    repeat(state, '0', to - from);
}

static void put_decimal(struct state *state, const struct conversion *c, struct parts parts)
{
    const char style     = (char)(c->letter | 32);
    const bool alternate = c->flags & flag_alternative;
    long precision       = c->precision < 0 ? 6 : c->precision;

    char memory[sizeof(struct decimal) + (size_t)__decimal_room(parts.mantissa, parts.exponent)]
        __attribute__((aligned(4)));
    struct decimal *decimal  = (struct decimal *)memory;
    const unsigned direction = rounding_direction();
    __to_decimal(decimal, parts.mantissa, parts.exponent);

    bool scientific = style == 'e';
    if (style == 'g')
    {
        precision = precision == 0 ? 1 : precision;
        __round_decimal(decimal, (int)precision, direction, parts.negative);
        const long exponent = decimal->count == 0 ? 0 : decimal->point - 1;
        scientific          = exponent < -4 || exponent >= precision;
        precision           = scientific ? precision - 1 : precision - 1 - exponent;
        if (!alternate)
        {
            // No zeros at the end of the fraction.
            int count = decimal->count;
            while (count > 0 && decimal->digits[count - 1] == '0')
            {
                count--;
            }
            const long needed = count == 0 ? 0 : scientific ? count - 1 : count - decimal->point;
            precision         = needed < 0 ? 0 : needed < precision ? needed : precision;
        }
    }
    else if (precision < most_digits * 2)
    {
        const int wanted = (int)precision + (scientific ? 1 : decimal->point);
        __round_decimal(decimal, wanted, direction, parts.negative);
    }

    // Field: sign, digits before the point, point, precision digits, exponent.
    const int exponent   = decimal->count == 0 ? 0 : decimal->point - 1;
    const int before     = scientific ? 1 : decimal->count == 0 || decimal->point <= 0 ? 1 : decimal->point;
    const bool has_point = precision > 0 || alternate;
    char tail[8];
    char *at = tail + sizeof tail;
    if (scientific)
    {
        int magnitude = exponent < 0 ? -exponent : exponent;
        for (int i = 0; i < 2 || magnitude > 0; i++, magnitude /= 10)
        {
            *--at = (char)('0' + magnitude % 10);
        }
        *--at = exponent < 0 ? '-' : '+';
        *--at = is_upper(c->letter) ? 'E' : 'e';
    }
    const size_t tail_size = (size_t)(tail + sizeof tail - at);
    const char *sign       = sign_of(c, parts.negative);
    long padding           = c->width - (long)strlen(sign) - before - has_point - precision - (long)tail_size;
    padding                = padding > 0 ? padding : 0;
    const bool left = c->flags & flag_left, with_zeros = c->flags & flag_zero && !left;
    repeat(state, ' ', left || with_zeros ? 0 : padding);
    put(state, sign, strlen(sign));
    repeat(state, '0', with_zeros ? padding : 0);
    const long first = scientific ? 0 : decimal->count == 0 ? 0 : decimal->point - before;
    put_digits(state, decimal, first, first + before);
    if (has_point)
    {
        put(state, ".", 1);
    }
    put_digits(state, decimal, first + before, first + before + precision);
    put(state, at, tail_size);
    repeat(state, ' ', left ? padding : 0);
}

static void put_real(struct state *state, const struct conversion *c, long double value, bool is_double)
{
    const struct parts parts = take_apart(value);
    if (!parts.finite)
    {
        const char *text = is_upper(c->letter) ? (parts.not_a_number ? "NAN" : "INF")
                                               : (parts.not_a_number ? "nan" : "inf");
        put_number(state, c, sign_of(c, parts.negative), 0, text, 3, false);
    }
    else if ((c->letter | 32) == 'a')
    {
        put_hexadecimal(state, c, parts, is_double);
    }
    else
    {
        put_decimal(state, c, parts);
    }
}

// Text.

static void put_field(struct state *state, const struct conversion *c, const char *text, size_t size)
{
    const long padding = c->width - (long)(state->wide ? characters(text, size) : size);
    repeat(state, ' ', c->flags & flag_left ? 0 : padding);
    put(state, text, size);
    repeat(state, ' ', c->flags & flag_left ? padding : 0);
}

static void put_string(struct state *state, const struct conversion *c, const char *text)
{
    if (text == NULL)
    {
        text = c->precision >= 0 && c->precision < 6 ? "" : "(null)";
    }
    size_t size;
    if (!state->wide)
    {
        size = c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision);
    }
    else
    {
        // Precision counts characters, each of which must be valid.
        mbstate_t shift = { 0 };
        size            = 0;
        for (long count = 0; c->precision < 0 || count < c->precision; count++)
        {
            const size_t length = mbrtowc(NULL, text + size, MB_LEN_MAX, &shift);
            if (length == (size_t)-1 || length == (size_t)-2)
            {
                errno         = EILSEQ;
                state->failed = true;
                return;
            }
            if (length == 0)
            {
                break;
            }
            size += length;
        }
    }
    put_field(state, c, text, size);
}

static void put_wide_string(struct state *state, const struct conversion *c, const wchar_t *text)
{
    if (text == NULL)
    {
        put_string(state, c, NULL);
        return;
    }
    // Once to measure, once to write. Precision counts bytes, of whole characters; in a wide function, characters.
    char character[MB_LEN_MAX];
    size_t size = 0;
    long units  = 0, length = 0;
    for (; c->precision < 0 || units < c->precision; length++)
    {
        if (text[length] == 0)
        {
            break;
        }
        const size_t bytes = wcrtomb(character, text[length], NULL);
        if (bytes == (size_t)-1)
        {
            state->failed = true;
            return;
        }
        const long more = state->wide ? 1 : (long)bytes;
        if (c->precision >= 0 && units + more > c->precision)
        {
            break;
        }
        units += more;
        size += bytes;
    }
    const long padding = c->width - units;
    repeat(state, ' ', c->flags & flag_left ? 0 : padding);
    for (long i = 0; i < length; i++)
    {
        put(state, character, wcrtomb(character, text[i], NULL));
    }
    repeat(state, ' ', c->flags & flag_left ? padding : 0);
    (void)size;
}

static void put_character(struct state *state, const struct conversion *c, uintmax_t value)
{
    char text[MB_LEN_MAX];
    size_t size = 1;
    if (c->length == length_l)
    {
        size = wcrtomb(text, (wchar_t)value, NULL);
    }
    else
    {
        text[0] = (char)value;
        if (state->wide && (unsigned char)value >= 0x80)
        {
            errno = EILSEQ;
            size  = (size_t)-1;
        }
    }
    if (size == (size_t)-1)
    {
        state->failed = true;
        return;
    }
    put_field(state, c, text, size);
}

static void store_count(const struct conversion *c, size_t count, void *to)
{
    switch (c->length)
    {
    case length_hh: *(signed char *)to = (signed char)count; break;
    case length_h: *(short *)to = (short)count; break;
    case length_none: *(int *)to = (int)count; break;
    default: *(long *)to = (long)count; break;
    }
}

static void convert(struct state *state, struct conversion *c, struct arguments *arguments)
{
    if (c->width_argument >= 0)
    {
        const int width = (int)argument(arguments, c->width_argument, kind_int).integer;
        c->width        = width < 0 ? width == INT_MIN ? INT_MAX : -width : width;
        c->flags |= width < 0 ? flag_left : 0;
    }
    if (c->precision_argument >= 0)
    {
        const int precision = (int)argument(arguments, c->precision_argument, kind_int).integer;
        c->precision        = precision < 0 ? -1 : precision;
    }
    if (c->width == INT_MAX || c->precision == INT_MAX)
    {
        errno         = EOVERFLOW;
        state->failed = true;
        return;
    }
    const enum kind kind       = kind_of(c);
    const union argument value = argument(arguments, c->value_argument, kind);
    switch (c->letter)
    {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X': put_integer(state, c, value.integer); break;
    case 'c': put_character(state, c, value.integer); break;
    case 's':
        c->length == length_l ? put_wide_string(state, c, value.pointer) : put_string(state, c, value.pointer);
        break;
    case 'p':
        if (value.pointer == NULL)
        {
            put_field(state, c, "(nil)", 5);
        }
        else
        {
            c->flags |= flag_alternative;
            c->length = length_l;
            put_integer(state, c, value.integer);
        }
        break;
    case 'n': store_count(c, state->sink->count, value.pointer); break;
    case 'm': put_string(state, c, strerror(errno)); break;
    case '%': put(state, "%", 1); break;
    default: put_real(state, c, value.real, kind == kind_double); break;
    }
}

int __format(struct sink *sink, const char *format, va_list list, bool wide)
{
    struct state state = { .sink = sink, .wide = wide };
    struct arguments arguments;
    va_copy(arguments.list, list);
    const char *dollar  = strchr(format, '$');
    arguments.numbered = false;
    if (dollar != NULL)
    {
        for (const char *at = format; (at = strchr(at, '%')) != NULL;)
        {
            at++;
            if (parse_conversion(&at).value_argument > 0)
            {
                arguments.numbered = true;
                break;
            }
        }
    }
    if (arguments.numbered && !read_numbered(&arguments, format))
    {
        va_end(arguments.list);
        errno = EINVAL;
        return -1;
    }
    while (!state.failed)
    {
        const char *percent = strchrnul(format, '%');
        put(&state, format, (size_t)(percent - format));
        if (*percent == '\0')
        {
            break;
        }
        format              = percent + 1;
        struct conversion c = parse_conversion(&format);
        if (c.letter == '\0')
        {
            errno        = EINVAL;
            state.failed = true;
        }
        else if (kind_of(&c) == kind_none && c.letter != '%' && c.letter != 'm')
        {
            put(&state, percent, (size_t)(format - percent)); // unknown: as it stands
        }
        else
        {
            convert(&state, &c, &arguments);
        }
    }
    va_end(arguments.list);
    return state.failed ? -1 : (int)sink->count;
}
