// The engine of the printf family.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/// Where formatted text goes. `put` returns false if it cannot take more.
struct sink
{
    bool (*put)(struct sink *sink, const char *text, size_t size);
    size_t count; ///< bytes so far; of a wide function, characters
};

/// Formats as printf does; the count, or -1 with errno set. `wide`: a function of <wchar.h>, whose format was converted
/// to UTF-8: widths, precisions and the count are characters, not bytes.
int __format(struct sink *sink, const char *format, va_list arguments, bool wide);

/// Rounding direction of the processor: 0 nearest, 1 down, 2 up, 3 to zero.
static inline unsigned rounding_direction(void)
{
    unsigned state;
    __asm__("stmxcsr %0" : "=m"(state));
    return state >> 13 & 3;
}
