// The timer driver's requests as functions.
#pragma once

#include <a9n/notification-port.hpp>
#include <runtime/call.hpp>
#include <timer/protocol.hpp>

namespace timer
{
    struct client
    {
        a9n::ipc_port port;
        word         &pending_flags; ///< of the caller's bound notification port, see runtime/call.hpp

        /// Multiplier 0 if the driver does not answer.
        clock_factors clock() const
        {
            const auto reply = runtime::call(port, a9n::make_message(request::clock), pending_flags);
            return is_ok(reply) ? clock_factors { reply->payload[1], reply->payload[2] } : clock_factors {};
        }

        /// Moves `notification` to the driver.
        bool attach(a9n::notification_port notification) const
        {
            a9n::message outgoing   = a9n::make_message(request::attach);
            outgoing.transfer_count = 1;
            a9n::set_transfer_source(0, notification);
            return is_ok(runtime::call(port, outgoing, pending_flags));
        }

        /// Monotonic nanoseconds.
        bool set_alarm(word when) const
        {
            return is_ok(runtime::call(port, a9n::make_message(request::set_alarm, when), pending_flags));
        }

        bool cancel_alarm() const
        {
            return is_ok(runtime::call(port, a9n::make_message(request::cancel_alarm), pending_flags));
        }

    private:
        static bool is_ok(const a9n::result<a9n::message> &reply)
        {
            return reply && static_cast<reply_code>(reply->payload[0]) == reply_code::ok;
        }
    };
}
