// From the server's first instruction to its first program.
#pragma once

namespace posix
{
    /// The event loop.
    [[noreturn]] void serve();
}
