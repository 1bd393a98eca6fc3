// Requests to the console driver. Payload word 0 is the request; the reply's payload word 0 is 0 for success.
#pragma once

#include <a9n/abi.hpp>

namespace console
{
    using a9n::abi::word;

    enum class request : word
    {
        write = 1, ///< unused word, byte count; text as message-text.hpp says
    };

    enum class reply_code : word
    {
        ok               = 0,
        unknown_request  = 1,
        invalid_argument = 2,
    };
}
