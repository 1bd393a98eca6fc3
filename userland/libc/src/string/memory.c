// Blocks of memory. Large ones go through the processor's string instructions, which need no alignment.
#include <stdint.h>
#include <string.h>

/// Eight bytes of anything, anywhere.
typedef uint64_t __attribute__((may_alias, aligned(1))) unaligned_word;

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *t       = to;
    const unsigned char *f = from;
    if (size >= 256)
    {
        void *start = to;
        __asm__ volatile("rep movsb" : "+D"(t), "+S"(f), "+c"(size) : : "memory");
        return start;
    }
    for (; size >= 8; size -= 8, t += 8, f += 8)
    {
        *(unaligned_word *)t =
            *(const unaligned_word *)f;
    }
    for (; size > 0; size--)
    {
        *t++ = *f++;
    }
    return to;
}

void *mempcpy(void *restrict to, const void *restrict from, size_t size)
{
    return (char *)memcpy(to, from, size) + size;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t       = to;
    const unsigned char *f = from;
    if ((uintptr_t)t - (uintptr_t)f >= size)
    {
        return memcpy(to, from, size);
    }
    for (; size >= 8; size -= 8)
    {
        *(unaligned_word *)(t + size - 8) =
            *(const unaligned_word *)(f + size - 8);
    }
    while (size > 0)
    {
        size--;
        t[size] = f[size];
    }
    return to;
}

void *memset(void *memory, int byte, size_t size)
{
    unsigned char *t = memory;
    if (size >= 256)
    {
        __asm__ volatile("rep stosb" : "+D"(t), "+c"(size) : "a"(byte) : "memory");
        return memory;
    }
    const uint64_t pattern = (unsigned char)byte * 0x0101010101010101UL;
    for (; size >= 8; size -= 8, t += 8)
    {
        *(unaligned_word *)t = pattern;
    }
    for (; size > 0; size--)
    {
        *t++ = (unsigned char)byte;
    }
    return memory;
}

void explicit_bzero(void *memory, size_t size)
{
    memset(memory, 0, size);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

void bzero(void *memory, size_t size)
{
    memset(memory, 0, size);
}

void bcopy(const void *from, void *to, size_t size)
{
    memmove(to, from, size);
}

int memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *l = left, *r = right;
    for (; size >= 8; size -= 8, l += 8, r += 8)
    {
        if (*(const unaligned_word *)l
            != *(const unaligned_word *)r)
        {
            break;
        }
    }
    for (; size > 0; size--, l++, r++)
    {
        if (*l != *r)
        {
            return *l - *r;
        }
    }
    return 0;
}

int bcmp(const void *left, const void *right, size_t size)
{
    return memcmp(left, right, size);
}

void *memchr(const void *memory, int byte, size_t size)
{
    const unsigned char *m = memory;
    for (; size > 0; size--, m++)
    {
        if (*m == (unsigned char)byte)
        {
            return (void *)m;
        }
    }
    return NULL;
}

void *rawmemchr(const void *memory, int byte)
{
    return memchr(memory, byte, SIZE_MAX);
}

void *memrchr(const void *memory, int byte, size_t size)
{
    const unsigned char *m = memory;
    while (size > 0)
    {
        size--;
        if (m[size] == (unsigned char)byte)
        {
            return (void *)(m + size);
        }
    }
    return NULL;
}

void *memccpy(void *restrict to, const void *restrict from, int byte, size_t size)
{
    const char *found = memchr(from, byte, size);
    if (found == NULL)
    {
        memcpy(to, from, size);
        return NULL;
    }
    return mempcpy(to, from, (size_t)(found - (const char *)from) + 1);
}

/// Two-way string matching (Crochemore and Perrin): linear time and no memory.
void *memmem(const void *haystack, size_t haystack_size, const void *needle, size_t size)
{
    const unsigned char *h = haystack, *n = needle;
    if (size == 0)
    {
        return (void *)haystack;
    }
    if (haystack_size < size)
    {
        return NULL;
    }
    if (size == 1)
    {
        return memchr(haystack, n[0], haystack_size);
    }

    // The needle's critical factorization: the later of its maximal suffixes under both orders of the bytes.
    size_t cut = 0, period = 1;
    for (int order = 0; order < 2; order++)
    {
        size_t suffix = SIZE_MAX, at = 0, length = 1, repeat = 1;
        while (at + length < size)
        {
            const int a = n[at + length], b = n[suffix + length];
            if (a == b)
            {
                if (length == repeat)
                {
                    at += repeat;
                    length = 1;
                }
                else
                {
                    length++;
                }
            }
            else if (order == 0 ? a < b : a > b)
            {
                at += length;
                length = 1;
                repeat = at - suffix;
            }
            else
            {
                suffix = at++;
                length = repeat = 1;
            }
        }
        if (order == 0 || suffix + 1 > cut)
        {
            cut    = suffix + 1;
            period = repeat;
        }
    }
    const int periodic = memcmp(n, n + period, cut) == 0;
    if (!periodic)
    {
        period = (cut > size - cut ? cut : size - cut) + 1;
    }

    size_t known = 0; // bytes at the needle's start that are known to match
    for (size_t at = 0; at <= haystack_size - size;)
    {
        size_t i = cut > known ? cut : known;
        while (i < size && n[i] == h[at + i])
        {
            i++;
        }
        if (i < size)
        {
            at += i - cut + 1;
            known = 0;
            continue;
        }
        i = cut;
        while (i > known && n[i - 1] == h[at + i - 1])
        {
            i--;
        }
        if (i <= known)
        {
            return (void *)(h + at);
        }
        at += period;
        known = periodic ? size - period : 0;
    }
    return NULL;
}

void swab(const void *restrict from, void *restrict to, ssize_t size)
{
    const char *f = from;
    char *t       = to;
    for (; size > 1; size -= 2, f += 2, t += 2)
    {
        const char first = f[0];
        t[0]             = f[1];
        t[1]             = first;
    }
}
