// The memory functions that compilers call on their own.
#include <hal/interface/types.hpp>

extern "C" void* memset(void* destination, int value, size_t count)
{
    void*      at      = destination;
    const auto pattern = 0x0101'0101'0101'0101 * static_cast<uint8_t>(value);
    size_t     words   = count / 8;
    size_t     bytes   = count % 8;
    asm volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
    asm volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(pattern) : "memory");
    return destination;
}

extern "C" void* memcpy(void* destination, const void* source, size_t count)
{
    void*       to    = destination;
    const void* from  = source;
    size_t      words = count / 8;
    size_t      bytes = count % 8;
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return destination;
}

extern "C" void* memmove(void* destination, const void* source, size_t count)
{
    auto*       to   = static_cast<char*>(destination);
    const auto* from = static_cast<const char*>(source);
    if (to <= from || to >= from + count)
    {
        return memcpy(destination, source, count);
    }
    for (size_t i = count; i > 0; i--)
    {
        to[i - 1] = from[i - 1];
    }
    return destination;
}

extern "C" int memcmp(const void* left, const void* right, size_t count)
{
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (size_t i = 0; i < count; i++)
    {
        if (a[i] != b[i])
        {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}
