// The four functions that compilers call even in freestanding code.
#pragma once

#include <stddef.h>

extern "C"
{
    void *memcpy(void *destination, const void *source, size_t size);
    void *memmove(void *destination, const void *source, size_t size);
    void *memset(void *destination, int value, size_t size);
    int   memcmp(const void *left, const void *right, size_t size);
}
