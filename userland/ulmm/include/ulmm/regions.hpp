// What the server speaks until it speaks protocol.hpp. Nothing new should use this.
#pragma once

#include <a9n/address-space.hpp>
#include <a9n/ipc-port.hpp>
#include <ulmm/protocol.hpp>

namespace ulmm
{
    enum class region_request : word
    {
        // From any client.
        allocate   = 1, ///< size in bytes → region handle, size really reserved
        map        = 2, ///< handle, address (0: ULMM chooses), `a9n::access` → address
        unmap      = 3, ///< handle
        release    = 4, ///< handle; unmaps first if necessary
        statistics = 5, ///< → regions, bytes reserved, bytes mapped: the client's own

        // From KOITO, whose port slot has the identifier `koito_identifier`.
        add_memory    = 32, ///< physical address, size bits (≥ `smallest_memory_bits`); transfers the Generic
        attach_client = 33, ///< identifier; transfers the client's address space
        detach_client = 34, ///< identifier; everything the client held is free again
    };

    enum class region_reply : word
    {
        ok                = 0,
        unknown_request   = 1,
        permission_denied = 2,
        unknown_client    = 3, ///< not attached, or attached twice
        invalid_handle    = 4,
        invalid_argument  = 5, ///< size 0, address unaligned or beyond user space, unknown access
        address_in_use    = 6,
        wrong_state       = 7, ///< already mapped, or not mapped
        out_of_memory     = 8, ///< no free block is large enough
        out_of_slots      = 9, ///< a table of the server is full: regions, blocks, frames or clients
        kernel_error      = 10,
    };

    constexpr const char *to_string(region_reply code)
    {
        switch (code)
        {
            case region_reply::ok : return "ok";
            case region_reply::unknown_request : return "unknown request";
            case region_reply::permission_denied : return "permission denied";
            case region_reply::unknown_client : return "unknown client";
            case region_reply::invalid_handle : return "invalid handle";
            case region_reply::invalid_argument : return "invalid argument";
            case region_reply::address_in_use : return "address in use";
            case region_reply::wrong_state : return "wrong state";
            case region_reply::out_of_memory : return "out of memory";
            case region_reply::out_of_slots : return "out of slots";
            case region_reply::kernel_error : return "kernel error";
        }
        return "unknown reply";
    }

    /// A reply's code, and its value if the code is `ok`.
    template<typename T>
    struct [[nodiscard]] region_answer
    {
        region_reply code = region_reply::kernel_error;
        T          value {};

        constexpr explicit operator bool() const
        {
            return code == region_reply::ok;
        }
    };

    struct reserved_region
    {
        word handle;
        word size; ///< bytes, at least what was asked for
    };

    struct region_usage
    {
        word regions;
        word bytes_reserved;
        word bytes_mapped;
    };

    struct region_service
    {
        a9n::ipc_port port;

        region_answer<reserved_region> allocate(word size) const
        {
            const auto reply = ask(a9n::make_message(region_request::allocate, size));
            return { reply.code, { reply.value.payload[1], reply.value.payload[2] } };
        }

        /// `address` 0 leaves the choice to ULMM; the answer is the address.
        region_answer<word> map(word handle, word address, a9n::access permitted) const
        {
            const auto reply = ask(a9n::make_message(region_request::map, handle, address, permitted));
            return { reply.code, reply.value.payload[1] };
        }

        region_reply unmap(word handle) const
        {
            return ask(a9n::make_message(region_request::unmap, handle)).code;
        }

        region_reply release(word handle) const
        {
            return ask(a9n::make_message(region_request::release, handle)).code;
        }

        region_answer<region_usage> statistics() const
        {
            const auto reply = ask(a9n::make_message(region_request::statistics));
            return { reply.code, { reply.value.payload[1], reply.value.payload[2], reply.value.payload[3] } };
        }

    private:
        region_answer<a9n::message> ask(const a9n::message &outgoing) const
        {
            const auto reply = port.call(outgoing);
            if (!reply || reply->source != a9n::message_source::normal)
            {
                return {};
            }
            return { static_cast<region_reply>(reply->payload[0]), *reply };
        }
    };
}
