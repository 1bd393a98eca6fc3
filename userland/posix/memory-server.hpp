// Requests to ULMM. A notification that arrives meanwhile is remembered, and the request repeated.
#pragma once

#include <a9n/ipc-port.hpp>
#include <ulmm/protocol.hpp>

#include "errors.hpp"

namespace posix
{
    /// Flags of notifications that came while the server was busy with a call of its own.
    extern word pending_notifications;

    /// A call to any server. Not ok: the kernel refused it, or the server ended.
    a9n::result<a9n::message> call_server(a9n::ipc_port server, const a9n::message &request);

    struct memory_answer
    {
        ulmm::reply_code code = ulmm::reply_code::kernel_error;
        word             values[5] {};

        constexpr explicit operator bool() const
        {
            return code == ulmm::reply_code::ok;
        }
    };

    memory_answer ask_memory_server(const a9n::message &request);

    template<typename... Words>
    memory_answer ask(ulmm::request what, Words... words)
    {
        return ask_memory_server(a9n::make_message(what, words...));
    }

    /// As an errno value.
    error to_error(ulmm::reply_code code);
}
