// UTF-8, the one encoding. An mbstate_t holds the bytes of a character begun; it is all zero between characters.
#include "../internal/system.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <wchar.h>

#define INVALID ((size_t)-1)
#define INCOMPLETE ((size_t)-2)

/// Bytes of the character that begins with `lead`; 0 if none does.
static unsigned sequence_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

/// Whether `byte` may follow `lead` at once: no overlong forms, no surrogates, nothing above U+10FFFF.
static int may_follow(unsigned char lead, unsigned char byte)
{
    const unsigned char low  = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return byte >= low && byte <= high;
}

size_t mbrtowc(wchar_t *restrict to, const char *restrict text, size_t size, mbstate_t *restrict state)
{
    static _Thread_local mbstate_t own;
    const unsigned char *t = (const unsigned char *)text;
    if (state == NULL)
    {
        state = &own;
    }
    if (text == NULL)
    {
        t    = (const unsigned char *)"";
        size = 1;
        to   = NULL;
    }
    // The bytes so far, first byte lowest, in state->__bytes.
    unsigned count = state->__count, bytes = state->__bytes;
    size_t used = 0;
    while (used < size)
    {
        const unsigned char byte = t[used++];
        const unsigned char lead = count == 0 ? byte : (unsigned char)bytes;
        const unsigned length    = sequence_length(lead);
        if (length == 0 || (count == 1 && !may_follow(lead, byte)) || (count > 1 && (byte & 0xc0) != 0x80))
        {
            errno  = EILSEQ;
            *state = (mbstate_t) { 0 };
            return INVALID;
        }
        bytes |= (unsigned)byte << 8 * count++;
        if (count == length)
        {
            unsigned value = lead & (length == 1 ? 0x7f : 0x7f >> length);
            for (unsigned i = 1; i < length; i++)
            {
                value = value << 6 | (bytes >> 8 * i & 0x3f);
            }
            if (to != NULL)
            {
                *to = (wchar_t)value;
            }
            *state = (mbstate_t) { 0 };
            return value == 0 ? 0 : used;
        }
    }
    state->__count = count;
    state->__bytes = bytes;
    return INCOMPLETE;
}

size_t wcrtomb(char *restrict text, wchar_t character, mbstate_t *restrict state)
{
    const uint32_t c = (uint32_t)character;
    (void)state;
    if (text == NULL)
    {
        return 1;
    }
    if (c < 0x80)
    {
        text[0] = (char)c;
        return 1;
    }
    if (c > 0x10ffff || c - 0xd800 < 0x800)
    {
        errno = EILSEQ;
        return INVALID;
    }
    const unsigned length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (unsigned i = length - 1; i > 0; i--)
    {
        text[i] = (char)(0x80 | (c >> 6 * (length - 1 - i) & 0x3f));
    }
    text[0] = (char)((0xf00 >> length & 0xff) | c >> 6 * (length - 1));
    return length;
}

wint_t btowc(int byte)
{
    return byte >= 0 && byte < 0x80 ? (wint_t)byte : WEOF;
}

int wctob(wint_t c)
{
    return c < 0x80 ? (int)c : -1;
}

int mbsinit(const mbstate_t *state)
{
    return state == NULL || state->__count == 0;
}

size_t mbrlen(const char *restrict text, size_t size, mbstate_t *restrict state)
{
    static _Thread_local mbstate_t own;
    return mbrtowc(NULL, text, size, state != NULL ? state : &own);
}

size_t mbsnrtowcs(wchar_t *restrict to, const char **restrict text, size_t size, size_t limit, mbstate_t *restrict state)
{
    static _Thread_local mbstate_t own;
    if (state == NULL)
    {
        state = &own;
    }
    const char *at = *text;
    mbstate_t copy = *state;
    mbstate_t *s   = to == NULL ? &copy : state;
    for (size_t count = 0;; count++)
    {
        if (to != NULL && count == limit)
        {
            *text = at;
            return count;
        }
        wchar_t character;
        const size_t length = mbrtowc(&character, at, size, s);
        if (length == INCOMPLETE)
        {
            if (to != NULL)
            {
                *text = at + size;
            }
            return count;
        }
        if (length == INVALID)
        {
            if (to != NULL)
            {
                *text = at;
            }
            return INVALID;
        }
        if (to != NULL)
        {
            to[count] = character;
        }
        if (length == 0)
        {
            if (to != NULL)
            {
                *text = NULL;
            }
            return count;
        }
        at += length;
        size -= length;
    }
}

size_t mbsrtowcs(wchar_t *restrict to, const char **restrict text, size_t limit, mbstate_t *restrict state)
{
    return mbsnrtowcs(to, text, SIZE_MAX, limit, state);
}

size_t wcsnrtombs(
    char *restrict to, const wchar_t **restrict text, size_t size, size_t limit, mbstate_t *restrict state)
{
    (void)state;
    const wchar_t *at = *text;
    size_t count      = 0;
    for (; size > 0; size--, at++)
    {
        char character[MB_LEN_MAX];
        const size_t length = wcrtomb(character, *at, NULL);
        if (length == INVALID)
        {
            if (to != NULL)
            {
                *text = at;
            }
            return INVALID;
        }
        if (to != NULL && length > limit - count)
        {
            break;
        }
        if (to != NULL)
        {
            memcpy(to + count, character, length);
        }
        if (*at == 0)
        {
            if (to != NULL)
            {
                *text = NULL;
            }
            return count;
        }
        count += length;
    }
    if (to != NULL)
    {
        *text = at;
    }
    return count;
}

size_t wcsrtombs(char *restrict to, const wchar_t **restrict text, size_t limit, mbstate_t *restrict state)
{
    return wcsnrtombs(to, text, SIZE_MAX, limit, state);
}

// The functions without a state: the encoding has none that lasts beyond a character.

int mbtowc(wchar_t *restrict to, const char *restrict text, size_t size)
{
    mbstate_t state     = { 0 };
    if (text == NULL)
    {
        return 0;
    }
    const size_t length = mbrtowc(to, text, size, &state);
    if (length == INCOMPLETE)
    {
        errno = EILSEQ;
    }
    return length >= INCOMPLETE ? -1 : (int)length;
}

int mblen(const char *text, size_t size)
{
    return mbtowc(NULL, text, size);
}

int wctomb(char *text, wchar_t character)
{
    return text == NULL ? 0 : (int)wcrtomb(text, character, NULL);
}

size_t mbstowcs(wchar_t *restrict to, const char *text, size_t limit)
{
    mbstate_t state = { 0 };
    return mbsrtowcs(to, &text, limit, &state);
}

size_t wcstombs(char *restrict to, const wchar_t *text, size_t limit)
{
    return wcsrtombs(to, &text, limit, NULL);
}

// <uchar.h>: a state's count 4 says that the low half of a pair is still to be handed out, or that the high half came.

size_t mbrtoc16(char16_t *restrict to, const char *restrict text, size_t size, mbstate_t *restrict state)
{
    static _Thread_local mbstate_t own;
    if (state == NULL)
    {
        state = &own;
    }
    if (text == NULL)
    {
        return mbrtoc16(NULL, "", 1, state);
    }
    if (state->__count == 4)
    {
        if (to != NULL)
        {
            *to = (char16_t)state->__bytes;
        }
        *state = (mbstate_t) { 0 };
        return (size_t)-3;
    }
    wchar_t character   = 0;
    const size_t length = mbrtowc(&character, text, size, state);
    if (length >= INCOMPLETE)
    {
        return length;
    }
    if (character >= 0x10000)
    {
        state->__count = 4;
        state->__bytes = 0xdc00 | ((unsigned)character & 0x3ff);
        character      = 0xd7c0 + (character >> 10);
    }
    if (to != NULL)
    {
        *to = (char16_t)character;
    }
    return length;
}

size_t c16rtomb(char *restrict text, char16_t half, mbstate_t *restrict state)
{
    static _Thread_local mbstate_t own;
    if (state == NULL)
    {
        state = &own;
    }
    if (text == NULL)
    {
        *state = (mbstate_t) { 0 };
        return 1;
    }
    if (state->__count == 0 && half >= 0xd800 && half < 0xdc00)
    {
        state->__count = 4;
        state->__bytes = half;
        return 0;
    }
    wchar_t character = half;
    if (state->__count != 0)
    {
        const unsigned high = state->__bytes;
        *state              = (mbstate_t) { 0 };
        if (half < 0xdc00 || half >= 0xe000)
        {
            errno = EILSEQ;
            return INVALID;
        }
        character = (wchar_t)(((high & 0x3ff) << 10 | (half & 0x3ff)) + 0x10000);
    }
    return wcrtomb(text, character, NULL);
}

size_t mbrtoc32(char32_t *restrict to, const char *restrict text, size_t size, mbstate_t *restrict state)
{
    static _Thread_local mbstate_t own;
    return mbrtowc((wchar_t *)to, text, size, state != NULL ? state : &own);
}

size_t c32rtomb(char *restrict text, char32_t character, mbstate_t *restrict state)
{
    return wcrtomb(text, (wchar_t)character, state);
}
