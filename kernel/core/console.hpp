// Text on the kernel console.
#pragma once

#include <hal/interface/devices.hpp>

namespace a9n::console
{
    struct hex
    {
        word value;
    };

    inline void print_one(const char* text)
    {
        for (; *text != '\0'; text++)
        {
            hal::write_console(*text);
        }
    }

    void print_one(word value);
    void print_one(hex value);

    /// Prints strings, decimal words and `hex` values one after the other.
    template<typename... Parts>
    void print(const Parts&... parts)
    {
        (print_one(parts), ...);
    }
}
