// Characters of a text for patterns: UTF-8; a byte that is part of none is a character of its own, above all others.
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// The character at `text` (before `end`) and its length in bytes.
static inline uint32_t decode(const char *text, const char *end, unsigned *length)
{
    const unsigned char *t = (const unsigned char *)text;
    *length                = 1;
    if (t[0] < 0x80)
    {
        return t[0];
    }
    const unsigned size = t[0] >= 0xc2 && t[0] < 0xe0 ? 2 : t[0] >= 0xe0 && t[0] < 0xf0 ? 3 : t[0] >= 0xf0 && t[0] < 0xf5 ? 4 : 0;
    if (size != 0 && end - text >= size)
    {
        uint32_t character = t[0] & (0xff >> (size + 1));
        for (unsigned i = 1; i < size; i++)
        {
            if ((t[i] & 0xc0) != 0x80)
            {
                return 0x110000 + t[0];
            }
            character = character << 6 | (t[i] & 0x3f);
        }
        if (!(size == 3 && (character < 0x800 || character >> 11 == 0x1b)) && !(size == 4 && (character < 0x10000 || character > 0x10ffff)))
        {
            *length = size;
            return character;
        }
    }
    return 0x110000 + t[0];
}

static inline uint32_t other_case(uint32_t character)
{
    return character >= 128                ? character
           : isupper((int)character) != 0 ? (uint32_t)tolower((int)character)
                                           : (uint32_t)toupper((int)character);
}

enum class
{
    class_alnum,
    class_alpha,
    class_blank,
    class_cntrl,
    class_digit,
    class_graph,
    class_lower,
    class_print,
    class_punct,
    class_space,
    class_upper,
    class_xdigit,
    class_none,
};

static inline enum class find_class(const char *name, size_t length)
{
    static const char names[][7] = { "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
        "space", "upper", "xdigit" };
    for (unsigned i = 0; i < class_none; i++)
    {
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
        {
            return (enum class)i;
        }
    }
    return class_none;
}

/// Only ASCII characters belong to classes.
static inline bool in_class(uint32_t character, enum class class)
{
    static int (*const tests[])(int) = { isalnum, isalpha, isblank, iscntrl, isdigit, isgraph, islower, isprint,
        ispunct, isspace, isupper, isxdigit };
    return character < 128 && class < class_none && tests[class]((int)character) != 0;
}
