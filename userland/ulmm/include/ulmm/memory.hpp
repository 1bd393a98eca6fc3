// ULMMI for clients: each request of protocol.hpp as a function. Every function returns the reply's code; those with
// results return an `answer`, whose value counts only if the code is `ok`.
#pragma once

#include <a9n/ipc-port.hpp>
#include <ulmm/protocol.hpp>

namespace ulmm
{
    /// A reply's code, and its value if the code is `ok`. `kernel_error` also stands for a server that did not answer.
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

    /// Of one space, in bytes unless it says otherwise.
    struct space_usage
    {
        word mapped;  ///< in all ranges
        word present; ///< pages that are there
        word shared;  ///< pages among these that other spaces or an object have, too
        word page_tables; ///< number
        word ranges;      ///< number
    };

    /// Of the client that asks.
    struct client_usage
    {
        word bytes; ///< what counts against the limit: pages, page tables, kernel objects, the server's tables
        word limit;
        word spaces;
        word kernel_objects;
        word memory_objects;
    };

    /// Of the machine.
    struct memory_usage
    {
        word          total;
        word          free;
        word          largest_free_block;
        policy_number policy;
        word          clients;
    };

    /// Of some client, for observers.
    struct client_report
    {
        word identifier;
        word bytes;
        word limit;
        word shared_pages;
        word page_tables;
        word kernel_objects;
    };

    struct memory_service
    {
        a9n::ipc_port port;

        // ---- Kernel objects ------------------------------------------------------------------------------------------
        // The capabilities arrive where the IPC buffer says: call `a9n::set_transfer_destination` before.

        answer<word> make_objects(
            a9n::abi::capability_type type, word specific_bits, word count, object_flags flags = object_flags::none) const
        {
            return ask_word(request::make_objects, static_cast<word>(type) | static_cast<word>(flags), specific_bits, count);
        }

        reply_code release_objects(word handle) const
        {
            return ask(request::release_objects, handle).code;
        }

        /// `ipc_buffer_address` 0: without IPC buffer.
        answer<word> make_process(word space, word ipc_buffer_address) const
        {
            return ask_word(request::make_process, space, ipc_buffer_address);
        }

        // ---- Spaces --------------------------------------------------------------------------------------------------

        answer<word> create_space() const
        {
            return ask_word(request::create_space);
        }

        reply_code destroy_space(word space) const
        {
            return ask(request::destroy_space, space).code;
        }

        answer<word> clone_space(word space) const
        {
            return ask_word(request::clone_space, space);
        }

        // ---- Ranges --------------------------------------------------------------------------------------------------

        /// `address` 0 leaves the choice to ULMM; the answer is the address.
        answer<word> map(word space, word address, word size, access permitted, map_flags flags = map_flags::none) const
        {
            return ask_word(request::map, space, address, size, static_cast<word>(permitted) | static_cast<word>(flags));
        }

        answer<word> map_object(word space, word address, word size, access permitted, word object, word offset,
            map_flags flags = map_flags::none) const
        {
            return ask_word(request::map_object, space, address, size,
                object << 32 | static_cast<word>(permitted) | static_cast<word>(flags), offset);
        }

        reply_code unmap(word space, word address, word size) const
        {
            return ask(request::unmap, space, address, size).code;
        }

        reply_code protect(word space, word address, word size, access permitted) const
        {
            return ask(request::protect, space, address, size, permitted).code;
        }

        reply_code commit(word space, word address, word size) const
        {
            return ask(request::commit, space, address, size).code;
        }

        // ---- Memory objects ------------------------------------------------------------------------------------------

        answer<word> create_object(word size) const
        {
            return ask_word(request::create_object, size);
        }

        /// The answer is the recipient's handle, which you have to tell the recipient. Who maps an object that
        /// another made accepts that its pages may count against its own limit once the others have released it.
        answer<word> share_object(word object, word recipient, access permitted) const
        {
            return ask_word(request::share_object, object, recipient, permitted);
        }

        reply_code release_object(word object) const
        {
            return ask(request::release_object, object).code;
        }

        // ---- Faults and windows --------------------------------------------------------------------------------------

        /// The answer is 1 if another page than before lies at the address now: windows to it show the old one.
        answer<word> resolve_fault(word space, word address, fault_access attempted) const
        {
            return ask_word(request::resolve_fault, space, address, attempted);
        }

        answer<word> resolve_client_fault(word identifier, word address, fault_access attempted) const
        {
            return ask_word(request::resolve_client_fault, identifier, address, attempted);
        }

        /// Pages of `space`, mapped in the caller's own space as well; the answer is their address there. The range must
        /// permit the access. A window keeps its pages: they are not given to anybody else before it is closed, whatever
        /// becomes of the space. But it does not follow the space: after unmap, map over it, protect or clone of
        /// what it shows, destroy_space, or a resolve_fault that answered 1, it shows the old page, and writing through it
        /// may reach a page that has become shared with a clone. So close it, then, and open it again. An own address
        /// must lie in `own_area` and be free, or show a window, which is replaced. Windows that are neighbours count as
        /// one range: keep yours together.
        answer<word> open_window(word space, word address, word size, access permitted, word own_address = 0) const
        {
            return ask_word(request::open_window, space, address, size, permitted, own_address);
        }

        /// Any part of one or more windows.
        reply_code close_window(word own_address, word size) const
        {
            return ask(request::close_window, own_address, size).code;
        }

        // ---- Statistics and policy -------------------------------------------------------------------------------------

        answer<space_usage> statistics(word space) const
        {
            const auto reply = ask(request::statistics, space);
            const word *is   = reply.value.payload;
            return { reply.code, { is[1], is[2], is[3], is[4], is[5] } };
        }

        answer<client_usage> own_statistics() const
        {
            const auto reply = ask(request::own_statistics);
            const word *is   = reply.value.payload;
            return { reply.code, { is[1], is[2], is[3], is[4], is[5] } };
        }

        /// Index 0 of system_statistics.
        answer<memory_usage> system_memory() const
        {
            const auto reply = ask(request::system_statistics, 0);
            const word *is   = reply.value.payload;
            return { reply.code, { is[1], is[2], is[3], static_cast<policy_number>(is[4]), is[5] } };
        }

        /// Index `number` ≥ 1 of system_statistics: the clients, in no order; `unknown_client` after the last.
        answer<client_report> client_memory(word number) const
        {
            const auto reply = ask(request::system_statistics, number);
            const word *is   = reply.value.payload;
            return { reply.code, { is[1], is[2], is[3], is[4] >> 32, is[4] & 0xffff'ffff, is[5] } };
        }

        reply_code set_policy(policy_number policy) const
        {
            return ask(request::set_policy, policy).code;
        }

    private:
        template<typename... Words>
        answer<a9n::message> ask(request what, Words... words) const
        {
            const auto reply = port.call(a9n::make_message(what, words...));
            if (!reply || reply->source != a9n::message_source::normal)
            {
                return {};
            }
            return { static_cast<reply_code>(reply->payload[0]), *reply };
        }

        template<typename... Words>
        answer<word> ask_word(request what, Words... words) const
        {
            const auto reply = ask(what, words...);
            return { reply.code, reply.value.payload[1] };
        }
    };
}
