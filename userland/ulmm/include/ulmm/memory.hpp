// ULMMI for clients: each request as a function.
#pragma once

#include <a9n/address-space.hpp>
#include <a9n/ipc-port.hpp>
#include <ulmm/protocol.hpp>

namespace ulmm
{
    /// A reply's code, and its value if the code is `ok`.
    template<typename T>
    struct [[nodiscard]] answer
    {
        reply_code code = reply_code::kernel_error;
        T          value {};

        constexpr explicit operator bool() const
        {
            return code == reply_code::ok;
        }
    };

    struct reserved_region
    {
        word handle;
        word size; ///< bytes, at least what was asked for
    };

    struct usage
    {
        word regions;
        word bytes_reserved;
        word bytes_mapped;
    };

    struct memory_service
    {
        a9n::ipc_port port;

        answer<reserved_region> allocate(word size) const
        {
            const auto reply = ask(a9n::make_message(request::allocate, size));
            return { reply.code, { reply.value.payload[1], reply.value.payload[2] } };
        }

        /// `address` 0 leaves the choice to ULMM; the answer is the address.
        answer<word> map(word handle, word address, a9n::access permitted) const
        {
            const auto reply = ask(a9n::make_message(request::map, handle, address, permitted));
            return { reply.code, reply.value.payload[1] };
        }

        reply_code unmap(word handle) const
        {
            return ask(a9n::make_message(request::unmap, handle)).code;
        }

        reply_code release(word handle) const
        {
            return ask(a9n::make_message(request::release, handle)).code;
        }

        answer<usage> statistics() const
        {
            const auto reply = ask(a9n::make_message(request::statistics));
            return { reply.code, { reply.value.payload[1], reply.value.payload[2], reply.value.payload[3] } };
        }

    private:
        answer<a9n::message> ask(const a9n::message &outgoing) const
        {
            const auto reply = port.call(outgoing);
            if (!reply || reply->source != a9n::message_source::normal)
            {
                return {};
            }
            return { static_cast<reply_code>(reply->payload[0]), *reply };
        }
    };
}
