// The console driver's requests as functions.
#pragma once

#include <a9n/notification-port.hpp>
#include <console/protocol.hpp>
#include <runtime/call.hpp>
#include <runtime/message-text.hpp>

namespace console
{
    struct client
    {
        a9n::ipc_port port;
        word         &pending_flags; ///< of the caller's bound notification port, see runtime/call.hpp

        /// Queues bytes for output; how many the driver took.
        word write(runtime::text bytes) const
        {
            a9n::message outgoing = a9n::make_message(request::write, 0);
            runtime::put_text(outgoing, bytes);
            const auto reply = runtime::call(port, outgoing, pending_flags);
            return is_ok(reply) ? reply->payload[1] : 0;
        }

        /// What has arrived, in the IPC buffer, where the next message overwrites it.
        runtime::text read() const
        {
            const auto reply = runtime::call(port, a9n::make_message(request::read), pending_flags);
            return is_ok(reply) ? runtime::get_text(*reply) : runtime::text {};
        }

        /// Moves `notification` to the driver.
        bool attach(a9n::notification_port notification) const
        {
            a9n::message outgoing   = a9n::make_message(request::attach);
            outgoing.transfer_count = 1;
            a9n::set_transfer_source(0, notification);
            return is_ok(runtime::call(port, outgoing, pending_flags));
        }

    private:
        static bool is_ok(const a9n::result<a9n::message> &reply)
        {
            return reply && static_cast<reply_code>(reply->payload[0]) == reply_code::ok;
        }
    };
}
