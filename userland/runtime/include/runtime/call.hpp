// Calls by a process that has a notification port bound to it. The kernel ends such a call, before it is sent, with the flags that are
// pending: who drops them never sees them again.
#pragma once

#include <a9n/ipc-port.hpp>

namespace runtime
{
    /// Repeats the call until it has been sent; flags that arrive meanwhile are added to `pending_flags`.
    inline a9n::result<a9n::message> call(a9n::ipc_port port, const a9n::message &request, a9n::word &pending_flags)
    {
        for (;;)
        {
            const a9n::result<a9n::message> reply = port.call(request);
            if (!reply || reply->source != a9n::message_source::notification)
            {
                return reply;
            }
            pending_flags |= reply->identifier;
        }
    }
}
