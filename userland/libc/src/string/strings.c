// Strings of bytes.
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// Whether a word has a zero byte.
#define HAS_ZERO(word) (((word)-0x0101010101010101UL) & ~(word)&0x8080808080808080UL)
typedef uint64_t __attribute__((may_alias)) word;

size_t strlen(const char *text)
{
    const char *end = text;
    while ((uintptr_t)end % 8 != 0)
    {
        if (*end == '\0')
        {
            return (size_t)(end - text);
        }
        end++;
    }
    while (!HAS_ZERO(*(const word *)end))
    {
        end += 8;
    }
    while (*end != '\0')
    {
        end++;
    }
    return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t limit)
{
    const char *end = memchr(text, '\0', limit);
    return end != NULL ? (size_t)(end - text) : limit;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *stpcpy(char *restrict to, const char *restrict from)
{
    const size_t length = strlen(from);
    memcpy(to, from, length + 1);
    return to + length;
}

char *stpncpy(char *restrict to, const char *restrict from, size_t size)
{
    const size_t length = strnlen(from, size);
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
    return to + length;
}

char *strncpy(char *restrict to, const char *restrict from, size_t size)
{
    stpncpy(to, from, size);
    return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t limit)
{
    char *end              = to + strlen(to);
    *(char *)mempcpy(end, from, strnlen(from, limit)) = '\0';
    return to;
}

size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
    const size_t length = strlen(from);
    if (size > 0)
    {
        const size_t copied = length < size ? length : size - 1;
        memcpy(to, from, copied);
        to[copied] = '\0';
    }
    return length;
}

size_t strlcat(char *restrict to, const char *restrict from, size_t size)
{
    const size_t length = strnlen(to, size);
    return length + strlcpy(to + length, from, size - length);
}

int strcmp(const char *left, const char *right)
{
    while (*left == *right && *left != '\0')
    {
        left++;
        right++;
    }
    return (unsigned char)*left - (unsigned char)*right;
}

int strncmp(const char *left, const char *right, size_t limit)
{
    for (; limit > 0; limit--, left++, right++)
    {
        if (*left != *right || *left == '\0')
        {
            return (unsigned char)*left - (unsigned char)*right;
        }
    }
    return 0;
}

int strncasecmp(const char *left, const char *right, size_t limit)
{
    for (; limit > 0; limit--, left++, right++)
    {
        const int l = tolower((unsigned char)*left), r = tolower((unsigned char)*right);
        if (l != r || l == '\0')
        {
            return l - r;
        }
    }
    return 0;
}

int strcasecmp(const char *left, const char *right)
{
    return strncasecmp(left, right, SIZE_MAX);
}

int strcasecmp_l(const char *left, const char *right, locale_t locale)
{
    (void)locale;
    return strcasecmp(left, right);
}

int strncasecmp_l(const char *left, const char *right, size_t limit, locale_t locale)
{
    (void)locale;
    return strncasecmp(left, right, limit);
}

int strcoll(const char *left, const char *right)
{
    return strcmp(left, right);
}

int strcoll_l(const char *left, const char *right, locale_t locale)
{
    (void)locale;
    return strcmp(left, right);
}

size_t strxfrm(char *restrict to, const char *restrict from, size_t size)
{
    return strlcpy(to, from, size);
}

size_t strxfrm_l(char *restrict to, const char *restrict from, size_t size, locale_t locale)
{
    (void)locale;
    return strlcpy(to, from, size);
}

/// Compares runs of digits as numbers; a run with leading zeros is a fraction, and less than one without.
int strverscmp(const char *left, const char *right)
{
    const unsigned char *l = (const void *)left, *r = (const void *)right;
    size_t start = 0; // of the run of digits that holds the first difference
    size_t at    = 0;
    bool zeros   = true; // the run has only zeros so far
    for (; l[at] == r[at]; at++)
    {
        const int c = l[at];
        if (c == '\0')
        {
            return 0;
        }
        if (!isdigit(c))
        {
            start = at + 1;
            zeros = true;
        }
        else if (c != '0')
        {
            zeros = false;
        }
    }
    const bool fraction = l[start] == '0' && r[start] == '0' ? zeros || l[start] == '0' : false;
    if (start < at && fraction)
    {
        // Both have a leading zero: as fractions, but where one goes on with zeros only it is the shorter one.
        if (zeros && isdigit(l[at]) != isdigit(r[at]))
        {
            return isdigit(l[at]) ? -1 : 1;
        }
        return l[at] - r[at];
    }
    if (start == at && (l[at] == '0' || r[at] == '0') && isdigit(l[at]) && isdigit(r[at]))
    {
        return l[at] - r[at];
    }
    size_t left_digits = at, right_digits = at;
    while (isdigit(l[left_digits]))
    {
        left_digits++;
    }
    while (isdigit(r[right_digits]))
    {
        right_digits++;
    }
    const bool in_number = start < at || (left_digits > at && right_digits > at);
    if (in_number && left_digits != right_digits)
    {
        return left_digits < right_digits ? -1 : 1;
    }
    return l[at] - r[at];
}

char *strchrnul(const char *text, int byte)
{
    while (*text != '\0' && *text != (char)byte)
    {
        text++;
    }
    return (char *)text;
}

char *strchr(const char *text, int byte)
{
    char *found = strchrnul(text, byte);
    return *found == (char)byte ? found : NULL;
}

char *strrchr(const char *text, int byte)
{
    return memrchr(text, byte, strlen(text) + 1);
}

char *index(const char *text, int byte)
{
    return strchr(text, byte);
}

char *rindex(const char *text, int byte)
{
    return strrchr(text, byte);
}

static void make_set(bool set[256], const char *bytes)
{
    memset(set, 0, 256);
    for (; *bytes != '\0'; bytes++)
    {
        set[(unsigned char)*bytes] = true;
    }
}

size_t strcspn(const char *text, const char *bytes)
{
    bool set[256];
    make_set(set, bytes);
    set[0]        = true;
    size_t length = 0;
    while (!set[(unsigned char)text[length]])
    {
        length++;
    }
    return length;
}

size_t strspn(const char *text, const char *bytes)
{
    bool set[256];
    make_set(set, bytes);
    size_t length = 0;
    while (set[(unsigned char)text[length]])
    {
        length++;
    }
    return length;
}

char *strpbrk(const char *text, const char *bytes)
{
    text += strcspn(text, bytes);
    return *text != '\0' ? (char *)text : NULL;
}

char *strstr(const char *text, const char *part)
{
    return memmem(text, strlen(text), part, strlen(part));
}

char *strcasestr(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (;; text++)
    {
        if (strncasecmp(text, part, length) == 0)
        {
            return (char *)text;
        }
        if (*text == '\0')
        {
            return NULL;
        }
    }
}

char *strtok_r(char *restrict text, const char *restrict separators, char **restrict rest)
{
    if (text == NULL)
    {
        text = *rest;
    }
    if (text == NULL)
    {
        return NULL;
    }
    text += strspn(text, separators);
    if (*text == '\0')
    {
        *rest = text;
        return NULL;
    }
    char *end = text + strcspn(text, separators);
    if (*end != '\0')
    {
        *end++ = '\0';
    }
    *rest = end;
    return text;
}

char *strtok(char *restrict text, const char *restrict separators)
{
    static char *rest;
    return strtok_r(text, separators, &rest);
}

char *strsep(char **rest, const char *separators)
{
    char *text = *rest;
    if (text == NULL)
    {
        return NULL;
    }
    char *end = text + strcspn(text, separators);
    *rest     = *end != '\0' ? end + 1 : NULL;
    *end      = '\0';
    return text;
}

char *strndup(const char *text, size_t limit)
{
    const size_t length = strnlen(text, limit);
    char *copy          = malloc(length + 1);
    if (copy != NULL)
    {
        *(char *)mempcpy(copy, text, length) = '\0';
    }
    return copy;
}

char *strdup(const char *text)
{
    return strndup(text, SIZE_MAX);
}

int ffs(int value)
{
    return __builtin_ffs(value);
}

int ffsl(long value)
{
    return __builtin_ffsl(value);
}

int ffsll(long long value)
{
    return __builtin_ffsll(value);
}
