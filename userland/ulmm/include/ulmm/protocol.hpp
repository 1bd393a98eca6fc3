// ULMMI, the memory interface of the ULMM server: requests as messages. A request is payload word 0; the reply's
// payload word 0 is a `reply_code`. The server knows its client by the identifier of the client's port slot, so no
// request names a client, and no reply carries a physical address.
#pragma once

#include <a9n/abi.hpp>

namespace ulmm
{
    using a9n::abi::word;

    enum class request : word
    {
        // From any client.
        allocate   = 1, ///< size in bytes → region handle, size really reserved
        map        = 2, ///< handle, address (0: ULMM chooses), `a9n::access` → address
        unmap      = 3, ///< handle
        release    = 4, ///< handle; unmaps first if necessary
        statistics = 5, ///< → regions, bytes reserved, bytes mapped: the client's own

        // From KOITO, whose port slot has the identifier `koito_identifier`.
        add_memory    = 16, ///< physical address, size bits (≥ `smallest_memory_bits`); transfers the Generic
        attach_client = 17, ///< identifier; transfers the client's address space
        detach_client = 18, ///< identifier; everything the client held is free again
    };

    enum class reply_code : word
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

    inline constexpr word koito_identifier = 0;

    /// Pieces of memory below 64 KiB are not worth the slots that managing them costs.
    inline constexpr word smallest_memory_bits = 16;

    constexpr const char *to_string(reply_code code)
    {
        switch (code)
        {
            case reply_code::ok : return "ok";
            case reply_code::unknown_request : return "unknown request";
            case reply_code::permission_denied : return "permission denied";
            case reply_code::unknown_client : return "unknown client";
            case reply_code::invalid_handle : return "invalid handle";
            case reply_code::invalid_argument : return "invalid argument";
            case reply_code::address_in_use : return "address in use";
            case reply_code::wrong_state : return "wrong state";
            case reply_code::out_of_memory : return "out of memory";
            case reply_code::out_of_slots : return "out of slots";
            case reply_code::kernel_error : return "kernel error";
        }
        return "unknown reply";
    }
}
