// The real-time clock's request as a function.
#pragma once

#include <rtc/protocol.hpp>
#include <runtime/call.hpp>

namespace rtc
{
    struct reading
    {
        word seconds    = 0; ///< since 1970-01-01 00:00 UTC
        word time_stamp = 0; ///< of the time-stamp counter at that moment
    };

    /// Error or clock missing: seconds 0. `pending_flags` as in runtime/call.hpp.
    inline reading read(a9n::ipc_port port, word &pending_flags)
    {
        const auto reply = runtime::call(port, a9n::make_message(request::read), pending_flags);
        if (!reply || static_cast<reply_code>(reply->payload[0]) != reply_code::ok)
        {
            return {};
        }
        return { reply->payload[1], reply->payload[2] };
    }
}
