// What a process asks of its operating system through the port in slot 7. Numbers are those of the POSIX requests of
// the KOITO conventions. Payload word 0 is the request; the reply's payload word 0 is an `os_reply`.
#pragma once

#include <a9n/abi.hpp>

namespace koito
{
    using a9n::abi::word;

    enum class os_request : word
    {
        write              = 1,  ///< file descriptor (1 or 2: the console), byte count; text as message-text.hpp says
        process_identifier = 39, ///< → identifier
        exit               = 60, ///< code; no reply
    };

    enum class os_reply : word
    {
        ok               = 0,
        unknown_request  = 1,
        invalid_argument = 2,
    };
}
