// ULMMI, the memory interface of the ULMM server: requests as messages.
//
// Payload word 0 is the `request`, the words after it are its arguments in the order given here; the reply's word 0 is a
// `reply_code`, the words after it are the results. Six words travel in registers and no request needs more, so only
// requests that transfer capabilities need an IPC buffer. The server knows its client by the identifier of the client's
// port slot: no request names the client that makes it, and no reply carries a physical address.
//
// Handles are small numbers of one client; another client's handles mean nothing to it. A client may make any request
// with any words: it gets an error, and nothing has changed. docs/ulmmi.md has the rules in prose.
#pragma once

#include <a9n/abi.hpp>

namespace ulmm
{
    using a9n::abi::word;

    enum class request : word
    {
        // ---- Kernel objects ----------------------------------------------------------------------------------------

        /// Capability type (NODE, IPC_PORT, NOTIFICATION_PORT), specific bits (a node's radix, else 0), count 1…15 →
        /// handle; the reply transfers the capabilities, with all rights. Type may be or-ed with `object_flags`.
        make_objects = 1,
        /// Handle of make_objects or make_process. Processes stop, waiters end, nodes are emptied, and the capabilities
        /// are gone from wherever they went: at once if the objects have their memory to themselves (`object_flags::
        /// exclusive`), else with the last object that shares it.
        release_objects = 2,
        /// Space, address of a mapped page or 0 → handle; transfers a PROCESS_CONTROL_BLOCK that runs in the space, with
        /// that page as its IPC buffer. The buffer stays as it is until the process is released, whatever is
        /// mapped at the address later.
        make_process = 3,

        // ---- Spaces. 0 is the client's own: what KOITO built of it is out of reach, what lies from `own_area` on ULMM's ------

        create_space  = 4, ///< → space
        destroy_space = 5, ///< space; its processes stop and lose it
        clone_space   = 6, ///< space → new space: shared ranges are shared, the others copied when one side writes

        // ---- Ranges: page-aligned addresses and sizes ----------------------------------------------------------------

        /// Space, address (0: ULMM chooses), size, `access` | `map_flags` → address. Memory that is zero at first.
        map = 7,
        /// Space, address (0: ULMM chooses), size, object << 32 | `access` | `map_flags`, offset in the object → address.
        map_object = 8,
        unmap      = 9,  ///< space, address, size; what is not mapped there is no error
        protect    = 10, ///< space, address, size, `access`; all of it must be mapped
        commit     = 11, ///< space, address, size; all of it must be mapped: makes every page present

        // ---- Memory objects ------------------------------------------------------------------------------------------

        create_object = 12, ///< size → object, of pages that are zero at first
        /// Object, identifier of another client, `access` it may map the object with → the other client's handle, which
        /// the other has to be told. To pass an object on, share and then release it.
        share_object   = 13,
        release_object = 14, ///< object; ranges that map it stay as they are

        // ---- Faults and windows --------------------------------------------------------------------------------------

        /// Space, address, `fault_access` → 1 if another page than before lies there now, else 0. Makes the page
        /// present as its range permits: not_mapped, access_denied, out_of_memory or limit_reached otherwise.
        resolve_fault = 15,
        /// The same for a page of a client's own space: identifier, address, `fault_access`. From KOITO.
        resolve_client_fault = 16,
        /// Space that the client made, address, size, `access` (read or read_write), own address (0: ULMM chooses) → own
        /// address: these pages, made present, mapped in the client's own space, too. See `memory_service::open_window`.
        open_window  = 17,
        close_window = 18, ///< own address, size

        // ---- Statistics and policy -------------------------------------------------------------------------------------

        statistics        = 19, ///< space → bytes in ranges, bytes present, bytes of these shared, page tables, ranges
        own_statistics    = 20, ///< → bytes that count against the limit, limit, spaces, kernel objects, memory objects
        system_statistics = 21, ///< index → see `memory_service::system_memory` and `client_memory`. Observers only
        set_policy        = 22, ///< `policy_number`. Administrators only

        // ---- From KOITO, whose port slot has the identifier `koito_identifier` ---------------------------------------------

        add_memory    = 32, ///< physical address, size bits (≥ `smallest_memory_bits`); transfers the Generic
        attach_client = 33, ///< identifier, limit in bytes, `client_flags`; transfers a copy of its address space
        detach_client = 34, ///< identifier; everything the client held is free again
        set_limit     = 35, ///< identifier, limit in bytes
    };

    /// What a range permits: a set of bits. Anything but `none` implies reading. A range without access is reserved.
    enum class access : word
    {
        none               = 0,
        read               = 1,
        write              = 2,
        execute            = 4,
        read_write         = read | write,
        read_execute       = read | execute,
        read_write_execute = read | write | execute,
    };

    /// How a range is mapped: a set of bits, beside those of `access`.
    enum class map_flags : word
    {
        none          = 0,
        fixed         = 0x10, ///< at the address given, in place of what is there; without it, that is address_in_use
        shared        = 0x20, ///< clones of the space see what is written (map_object: always, unless copy_on_write)
        commit        = 0x40, ///< every page is present at once
        copy_on_write = 0x80, ///< map_object: the object's pages until written, private copies then
    };

    constexpr map_flags operator|(map_flags a, map_flags b)
    {
        return static_cast<map_flags>(static_cast<word>(a) | static_cast<word>(b));
    }

    enum class fault_access : word
    {
        read    = 0,
        write   = 1,
        execute = 2,
    };

    /// Beside the type in make_objects.
    enum class object_flags : word
    {
        none      = 0,
        exclusive = 0x100, ///< in pages of their own, so that release_objects takes the capabilities away at once
    };

    /// What a client may beyond its own affairs: a set of bits.
    enum class client_flags : word
    {
        none          = 0,
        observer      = 1, ///< system_statistics
        administrator = 2, ///< set_policy
    };

    constexpr client_flags operator|(client_flags a, client_flags b)
    {
        return static_cast<client_flags>(static_cast<word>(a) | static_cast<word>(b));
    }

    /// Which block serves a request, how blocks are split, when they are merged.
    enum class policy_number : word
    {
        buddy     = 0, ///< smallest block that fits; halves are merged soon
        first_fit = 1, ///< lowest block that fits; halves are merged when nothing fits
    };
    inline constexpr word policy_count = 2;

    enum class reply_code : word
    {
        ok                = 0,
        unknown_request   = 1,
        permission_denied = 2, ///< another client's business, or KOITO's; a window to more than the range permits
        unknown_client    = 3, ///< not attached, or attached twice
        invalid_handle    = 4,
        invalid_argument  = 5, ///< size 0, address unaligned or out of reach, unknown access, flag or type
        address_in_use    = 6,
        not_mapped        = 7, ///< no range there, or not everywhere
        access_denied     = 8, ///< the range does not permit it
        out_of_memory     = 9, ///< the machine's
        limit_reached     = 10, ///< the client's limit, or the most ranges a space may have
        transfer_failed   = 11, ///< the client's IPC buffer names no room for the capabilities; nothing was made
        kernel_error      = 12,
    };

    inline constexpr word koito_identifier = 0;

    inline constexpr word own_space = 0; ///< handle of the client's own space
    inline constexpr word own_area  = 0x10'0000'0000; ///< ULMM maps nothing below in the client's own space

    inline constexpr word maximum_objects = 15; ///< of one make_objects
    inline constexpr word maximum_ranges  = 1024; ///< of one space

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
            case reply_code::not_mapped : return "not mapped";
            case reply_code::access_denied : return "access denied";
            case reply_code::out_of_memory : return "out of memory";
            case reply_code::limit_reached : return "limit reached";
            case reply_code::transfer_failed : return "transfer failed";
            case reply_code::kernel_error : return "kernel error";
        }
        return "unknown reply";
    }

    constexpr const char *to_string(policy_number policy)
    {
        switch (policy)
        {
            case policy_number::buddy : return "buddy";
            case policy_number::first_fit : return "first fit";
        }
        return "unknown policy";
    }
}
