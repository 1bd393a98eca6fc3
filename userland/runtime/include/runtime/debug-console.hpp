// The kernel's console: for servers, which must be able to speak before and without any other server.
#pragma once

#include <runtime/text.hpp>

namespace runtime
{
    void debug_write(text characters);

    /// Writes the parts and a line end.
    template<typename... Parts>
    void debug_line(Parts... parts)
    {
        debug_write(format(parts..., '\n'));
    }
}
