#include <runtime/memory.hpp>

// The string instructions keep compilers from turning a loop here into a call of the function itself.

void *memcpy(void *destination, const void *source, size_t size)
{
    void *cursor = destination;
    asm volatile("rep movsb" : "+D"(cursor), "+S"(source), "+c"(size) : : "memory");
    return destination;
}

void *memmove(void *destination, const void *source, size_t size)
{
    auto *to   = static_cast<unsigned char *>(destination);
    auto *from = static_cast<const unsigned char *>(source);
    if (to <= from || to >= from + size)
    {
        return memcpy(destination, source, size);
    }
    to   += size - 1;
    from += size - 1;
    asm volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(size) : : "memory", "cc");
    return destination;
}

void *memset(void *destination, int value, size_t size)
{
    void *cursor = destination;
    asm volatile("rep stosb" : "+D"(cursor), "+c"(size) : "a"(value) : "memory");
    return destination;
}

int memcmp(const void *left, const void *right, size_t size)
{
    auto *a = static_cast<const unsigned char *>(left);
    auto *b = static_cast<const unsigned char *>(right);
    for (size_t i = 0; i < size; ++i)
    {
        if (a[i] != b[i])
        {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}
