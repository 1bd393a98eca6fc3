// Requests to the driver of the real-time clock. Payload word 0 is the request, the reply's payload word 0 a `reply_code`.
#pragma once

#include <a9n/abi.hpp>

namespace rtc
{
    using a9n::abi::word;

    enum class request : word
    {
        /// → seconds since 1970-01-01 00:00 UTC, time-stamp counter when the clock was read. The clock is taken to run in UTC
        /// and is exact to a second: read it once, and go on with monotonic time (timer/protocol.hpp).
        read = 1,
    };

    enum class reply_code : word
    {
        ok              = 0,
        unknown_request = 1,
        no_clock        = 2, ///< none there, or it holds no date
    };
}
