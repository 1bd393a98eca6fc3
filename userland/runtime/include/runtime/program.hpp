// What an ordinary program can ask of its operating system.
#pragma once

#include <runtime/text.hpp>

namespace runtime
{
    /// Writes to the console, all of it before returning.
    void write(text characters);

    template<typename... Parts>
    void write_line(Parts... parts)
    {
        write(format(parts..., '\n'));
    }

    [[noreturn]] void exit(int code);
}
