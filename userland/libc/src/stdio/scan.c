// Formatted input: one conversion after the other, each from the longest input that may be a beginning of one.
#include "../internal/scan.h"

#include "../internal/number.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum
{
    most_arguments = 32, ///< that %n$ can name
};

enum length
{
    length_int,
    length_char,
    length_short,
    length_long, ///< also long long, intmax_t, size_t and ptrdiff_t
    length_long_double,
};

/// %n$ takes its argument from anywhere: all are pointers.
struct arguments
{
    va_list rest;
    void *first[most_arguments];
    int known;
};

struct conversion
{
    bool is_stored;
    bool allocates; ///< m
    int position;   ///< of %n$, or 0
    size_t width;
    enum length length;
    char kind;
    unsigned char set[32]; ///< of %[
};

struct scan
{
    struct scan_source *source;
    bool wide;
    size_t consumed;
    size_t left; ///< of the width
};

// ---- Input ---------------------------------------------------------------------------------------------------------

static int next(struct scan *scan)
{
    const int byte = scan->source->next(scan->source);
    scan->consumed += byte >= 0;
    return byte;
}

static void back(struct scan *scan, int byte)
{
    if (byte >= 0)
    {
        scan->source->back(scan->source, byte);
        scan->consumed--;
    }
}

static bool continues_character(int byte)
{
    return (byte & 0xc0) == 0x80;
}

/// The next byte within the width, or -1.
static int next_in_field(struct scan *scan)
{
    const int byte = next(scan);
    if (byte < 0 || (scan->wide && continues_character(byte)))
    {
        return byte;
    }
    if (scan->left == 0)
    {
        back(scan, byte);
        return -1;
    }
    scan->left--;
    return byte;
}

static void back_in_field(struct scan *scan, int byte)
{
    if (byte >= 0)
    {
        back(scan, byte);
        scan->left++;
    }
}

static void skip_space(struct scan *scan)
{
    int byte;
    do
    {
        byte = next(scan);
    } while (byte >= 0 && isspace(byte));
    back(scan, byte);
}

// ---- Text that grows -----------------------------------------------------------------------------------------------

struct text
{
    char *bytes;
    size_t size;
    size_t room;
    bool failed;
    char small[64];
};

static void add(struct text *text, int byte)
{
    if (text->bytes == NULL)
    {
        text->bytes = text->small;
        text->room  = sizeof text->small;
    }
    if (text->size + 1 >= text->room)
    {
        char *larger = malloc(text->room * 2);
        if (larger == NULL)
        {
            text->failed = true;
            return;
        }
        memcpy(larger, text->bytes, text->size);
        if (text->bytes != text->small)
        {
            free(text->bytes);
        }
        text->bytes = larger;
        text->room *= 2;
    }
    text->bytes[text->size++] = (char)byte;
    text->bytes[text->size]   = '\0';
}

static void end(struct text *text)
{
    if (text->bytes != text->small)
    {
        free(text->bytes);
    }
}

// ---- Numbers -------------------------------------------------------------------------------------------------------

static bool take(struct scan *scan, struct text *text, const char *accepted)
{
    const int byte = next_in_field(scan);
    if (byte > 0 && strchr(accepted, byte) != NULL)
    {
        add(text, byte);
        return true;
    }
    back_in_field(scan, byte);
    return false;
}

static size_t take_all(struct scan *scan, struct text *text, const char *accepted)
{
    size_t count = 0;
    while (take(scan, text, accepted))
    {
        count++;
    }
    return count;
}

static const char decimal_digits[]     = "0123456789";
static const char hexadecimal_digits[] = "0123456789abcdefABCDEF";

/// False if the input is no number of the base.
static bool read_integer(struct scan *scan, struct text *text, int *base)
{
    take(scan, text, "+-");
    size_t digits = 0;
    if ((*base == 0 || *base == 16) && take(scan, text, "0"))
    {
        digits = 1;
        if (take(scan, text, "xX"))
        {
            *base = 16;
            // 0x alone is no number, but it has been read.
            return take_all(scan, text, hexadecimal_digits) != 0;
        }
        *base = *base == 0 ? 8 : *base;
    }
    *base = *base == 0 ? 10 : *base;
    digits += take_all(scan, text, *base == 8 ? "01234567" : *base == 10 ? decimal_digits : hexadecimal_digits);
    return digits != 0;
}

/// The rest of a word whose first letter has been read.
static bool take_word(struct scan *scan, struct text *text, const char *word)
{
    for (; *word != '\0'; word++)
    {
        const char both[] = { *word, (char)toupper(*word), '\0' };
        if (!take(scan, text, both))
        {
            return false;
        }
    }
    return true;
}

static bool read_real(struct scan *scan, struct text *text)
{
    take(scan, text, "+-");
    if (take(scan, text, "iI"))
    {
        if (!take_word(scan, text, "nf"))
        {
            return false;
        }
        return !take(scan, text, "iI") || take_word(scan, text, "nity");
    }
    if (take(scan, text, "nN"))
    {
        if (!take_word(scan, text, "an"))
        {
            return false;
        }
        if (take(scan, text, "("))
        {
            take_all(scan, text, "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
            return take(scan, text, ")");
        }
        return true;
    }
    size_t digits      = take(scan, text, "0");
    const bool is_hex  = digits != 0 && take(scan, text, "xX");
    const char *digit  = is_hex ? hexadecimal_digits : decimal_digits;
    digits             = (is_hex ? 0 : digits) + take_all(scan, text, digit);
    digits += take(scan, text, ".") ? take_all(scan, text, digit) : 0;
    if (digits == 0)
    {
        return false;
    }
    if (take(scan, text, is_hex ? "pP" : "eE"))
    {
        take(scan, text, "+-");
        return take_all(scan, text, decimal_digits) != 0;
    }
    return true;
}

static void store_integer(void *target, enum length length, uintmax_t value)
{
    switch (length)
    {
        case length_char: *(unsigned char *)target = (unsigned char)value; break;
        case length_short: *(unsigned short *)target = (unsigned short)value; break;
        case length_int: *(unsigned *)target = (unsigned)value; break;
        default: *(unsigned long *)target = value;
    }
}

// ---- Characters ----------------------------------------------------------------------------------------------------

static bool is_wanted(const struct conversion *conversion, int byte)
{
    switch (conversion->kind)
    {
        case 'c': return true;
        case 's': return !isspace(byte);
        default: return (conversion->set[byte / 8] >> byte % 8 & 1) != 0;
    }
}

/// What %c, %s and %[ store into: the caller's memory, or (%m) memory of our own. `wide`: as wide characters.
struct storage
{
    void *memory;
    size_t count;
    size_t room; ///< if it is our own
    bool wide;
    bool failed;
    mbstate_t state;
};

static void store_unit(struct storage *storage, bool is_own, wchar_t unit)
{
    const size_t size = storage->wide ? sizeof(wchar_t) : 1;
    if (is_own && storage->count == storage->room)
    {
        const size_t room = storage->room == 0 ? 16 : storage->room * 2;
        void *larger      = realloc(storage->memory, room * size);
        if (larger == NULL)
        {
            storage->failed = true;
            return;
        }
        storage->memory = larger;
        storage->room   = room;
    }
    if (storage->memory == NULL)
    {
        storage->count++; // %*
        return;
    }
    if (storage->wide)
    {
        ((wchar_t *)storage->memory)[storage->count++] = unit;
    }
    else
    {
        ((char *)storage->memory)[storage->count++] = (char)unit;
    }
}

static void store_byte(struct storage *storage, bool is_own, int byte)
{
    if (!storage->wide)
    {
        store_unit(storage, is_own, (wchar_t)byte);
        return;
    }
    wchar_t character;
    const char one     = (char)byte;
    const size_t taken = mbrtowc(&character, &one, 1, &storage->state);
    if (taken == (size_t)-1)
    {
        storage->failed = true;
    }
    else if (taken != (size_t)-2)
    {
        store_unit(storage, is_own, character);
    }
}

enum outcome
{
    outcome_stored,
    outcome_mismatch,
    outcome_end, ///< of the input, before anything was read
    outcome_error,
};

static enum outcome read_characters(struct scan *scan, const struct conversion *conversion, void *target)
{
    const bool is_own      = conversion->allocates && conversion->is_stored;
    struct storage storage = { .memory = is_own ? NULL : target, .wide = conversion->length == length_long };
    scan->left             = conversion->width != 0 ? conversion->width : conversion->kind == 'c' ? 1 : SIZE_MAX;
    const size_t wanted    = scan->left;
    size_t read            = 0;
    bool at_end            = false;
    for (;;)
    {
        const int byte = next_in_field(scan);
        if (byte < 0)
        {
            at_end = scan->left != 0;
            break;
        }
        if (!is_wanted(conversion, byte) && !(scan->wide && continues_character(byte)))
        {
            back_in_field(scan, byte);
            break;
        }
        store_byte(&storage, is_own, byte);
        read += !(scan->wide && continues_character(byte));
    }
    const bool is_short = conversion->kind == 'c' ? read < wanted : read == 0;
    if (is_short || storage.failed)
    {
        if (is_own)
        {
            free(storage.memory);
        }
        return storage.failed ? outcome_error : at_end && read == 0 ? outcome_end : outcome_mismatch;
    }
    if (conversion->kind != 'c' && conversion->is_stored)
    {
        store_unit(&storage, is_own, 0);
    }
    if (is_own)
    {
        if (storage.failed)
        {
            free(storage.memory);
            return outcome_error;
        }
        *(void **)target = storage.memory;
    }
    return outcome_stored;
}

// ---- Conversions ---------------------------------------------------------------------------------------------------

static enum outcome read_number(struct scan *scan, const struct conversion *conversion, void *target)
{
    struct text text = { .bytes = NULL };
    const int first  = next(scan);
    if (first < 0)
    {
        return outcome_end;
    }
    back(scan, first);
    scan->left           = conversion->width != 0 ? conversion->width : SIZE_MAX;
    enum outcome outcome = outcome_stored;
    int base             = 10;
    bool is_real         = false;
    switch (conversion->kind)
    {
        case 'i': base = 0; break;
        case 'o': base = 8; break;
        case 'x':
        case 'X':
        case 'p': base = 16; break;
        case 'd':
        case 'u': break;
        default: is_real = true;
    }
    const bool is_number = is_real ? read_real(scan, &text) : read_integer(scan, &text, &base);
    if (!is_number)
    {
        outcome = outcome_mismatch;
    }
    else if (text.failed)
    {
        outcome = outcome_error;
    }
    else if (conversion->is_stored && is_real)
    {
        switch (conversion->length)
        {
            case length_long: *(double *)target = (double)__parse_number(text.bytes, NULL, number_double); break;
            case length_long_double: *(long double *)target = __parse_number(text.bytes, NULL, number_long_double); break;
            default: *(float *)target = (float)__parse_number(text.bytes, NULL, number_float);
        }
    }
    else if (conversion->is_stored)
    {
        const bool is_signed = conversion->kind == 'd' || conversion->kind == 'i';
        store_integer(target, conversion->kind == 'p' ? length_long : conversion->length,
            is_signed ? (uintmax_t)strtoimax(text.bytes, NULL, base) : strtoumax(text.bytes, NULL, base));
    }
    end(&text);
    return outcome;
}

static void *argument(struct arguments *arguments, int position)
{
    if (position == 0)
    {
        return va_arg(arguments->rest, void *);
    }
    while (arguments->known < position && arguments->known < most_arguments)
    {
        arguments->first[arguments->known++] = va_arg(arguments->rest, void *);
    }
    return position <= most_arguments ? arguments->first[position - 1] : NULL;
}

/// The set after `%[`; returns what follows its `]`, or NULL if there is none.
static const char *read_set(const char *format, struct conversion *conversion)
{
    const bool inverted = *format == '^';
    format += inverted;
    memset(conversion->set, 0, sizeof conversion->set);
    for (bool first = true; first || *format != ']'; first = false)
    {
        if (*format == '\0')
        {
            return NULL;
        }
        const unsigned char low = (unsigned char)*format++;
        unsigned char high      = low;
        if (*format == '-' && format[1] != ']' && format[1] != '\0')
        {
            high = (unsigned char)format[1];
            format += 2;
        }
        for (int byte = low; byte <= high; byte++)
        {
            conversion->set[byte / 8] |= (unsigned char)(1 << byte % 8);
        }
    }
    for (size_t i = 0; i < sizeof conversion->set && inverted; i++)
    {
        conversion->set[i] = (unsigned char)~conversion->set[i];
    }
    return format + 1;
}

/// What follows a `%`; returns what follows the conversion, or NULL if it is none.
static const char *read_conversion(const char *format, struct conversion *conversion)
{
    *conversion = (struct conversion) { .is_stored = true };
    char *after;
    const unsigned long number = isdigit((unsigned char)*format) ? strtoul(format, &after, 10) : 0;
    if (number != 0 && *after == '$')
    {
        conversion->position = number <= most_arguments ? (int)number : most_arguments;
        format               = after + 1;
    }
    if (*format == '*')
    {
        conversion->is_stored = false;
        format++;
    }
    if (isdigit((unsigned char)*format))
    {
        conversion->width = strtoul(format, &after, 10);
        format            = after;
    }
    if (*format == 'm')
    {
        conversion->allocates = true;
        format++;
    }
    switch (*format)
    {
        case 'h':
            conversion->length = format[1] == 'h' ? length_char : length_short;
            format += format[1] == 'h' ? 2 : 1;
            break;
        case 'l':
            conversion->length = length_long;
            format += format[1] == 'l' ? 2 : 1;
            break;
        case 'j':
        case 'z':
        case 't':
            conversion->length = length_long;
            format++;
            break;
        case 'L':
            conversion->length = length_long_double;
            format++;
            break;
        default: break;
    }
    conversion->kind = *format;
    if (*format == '\0' || strchr("%diouxXpaAeEfFgGcsCS[n", *format) == NULL)
    {
        return NULL;
    }
    format++;
    if (conversion->kind == 'C' || conversion->kind == 'S')
    {
        conversion->kind   = conversion->kind == 'C' ? 'c' : 's';
        conversion->length = length_long;
    }
    return conversion->kind == '[' ? read_set(format, conversion) : format;
}

static enum outcome convert(struct scan *scan, const struct conversion *conversion, struct arguments *arguments)
{
    if (conversion->kind != 'c' && conversion->kind != '[' && conversion->kind != 'n')
    {
        skip_space(scan);
    }
    if (conversion->kind == '%')
    {
        const int byte = next(scan);
        if (byte == '%')
        {
            return outcome_stored;
        }
        back(scan, byte);
        return byte < 0 ? outcome_end : outcome_mismatch;
    }
    void *target = conversion->is_stored ? argument(arguments, conversion->position) : NULL;
    switch (conversion->kind)
    {
        case 'n':
            if (conversion->is_stored)
            {
                store_integer(target, conversion->length, scan->consumed);
            }
            return outcome_stored;
        case 'c':
        case 's':
        case '[': return read_characters(scan, conversion, target);
        default: return read_number(scan, conversion, target);
    }
}

int __scan(struct scan_source *source, const char *format, va_list arguments, bool wide)
{
    struct scan scan       = { .source = source, .wide = wide };
    struct arguments given = { .known = 0 };
    va_copy(given.rest, arguments);
    int stored = 0;
    int result = 0;
    for (bool goes_on = true; goes_on && *format != '\0';)
    {
        if (isspace((unsigned char)*format))
        {
            skip_space(&scan);
            format++;
            continue;
        }
        if (*format != '%')
        {
            const int byte = next(&scan);
            if (byte != (unsigned char)*format)
            {
                back(&scan, byte);
                result  = byte < 0 && stored == 0 ? EOF : 0;
                goes_on = false;
            }
            format++;
            continue;
        }
        struct conversion conversion;
        format = read_conversion(format + 1, &conversion);
        if (format == NULL)
        {
            break;
        }
        switch (convert(&scan, &conversion, &given))
        {
            case outcome_stored: stored += conversion.is_stored && conversion.kind != 'n' && conversion.kind != '%'; break;
            case outcome_mismatch: goes_on = false; break;
            case outcome_end:
            case outcome_error:
                result  = EOF;
                goes_on = false;
                break;
        }
    }
    va_end(given.rest);
    return stored == 0 ? result : stored;
}
