// Capability calls: how an operation is described, found and performed.
#pragma once

#include "process.hpp"

namespace a9n
{
    /// A capability call under way. The operation number and the rights have been checked.
    struct invocation
    {
        process_control_block& caller;
        capability_slot&       slot; ///< the capability that is called

        /// MR0…MR9.
        word argument(word index) const
        {
            return hal::get_message_register(caller.context, index);
        }

        void set_result(word index, word value) const
        {
            hal::set_message_register(caller.context, index, value);
        }

        /// The capability that an argument's descriptor leads to.
        result<capability_slot*> find(word descriptor, capability_type type) const;
        result<capability_slot*> find(word descriptor) const;
    };

    /// How an operation ended.
    class [[nodiscard]] outcome
    {
    public:
        constexpr outcome(status finished) : ended(finished)
        {
        }

        constexpr outcome(capability_error error) : ended(error)
        {
        }

        /// MR0 and MR1 are written already, or will be when the caller's wait ends.
        static constexpr outcome unfinished()
        {
            outcome made { status {} };
            made.is_finished = false;
            return made;
        }

        bool   is_finished = true;
        status ended;
    };

    inline constexpr status success {};

    /// The kernel is left with the call unfinished, and its caller makes it again when it runs next.
    outcome repeat(const invocation& call);

    /// Revocation of something else has to be over first: does some of it, then as repeat.
    outcome repeat_after_revocation(const invocation& call);

    struct operation
    {
        word              number;
        const char*       name;
        capability_rights needed;
        capability_error  missing; ///< the error if the capability called lacks a right
        outcome (*perform)(const invocation& call);
    };

    inline constexpr word no_operation = 7; ///< a number that no type has; larger ones are none either

    /// The operations of a type by number. Where there is none, a row asks for rights that no capability has.
    struct operation_table
    {
        struct row
        {
            outcome (*perform)(const invocation& call) = nullptr;
            capability_error  missing                  = capability_error::illegal_operation;
            capability_rights needed = static_cast<capability_rights>(~static_cast<uint8_t>(capability_rights::all));
        };

        row rows[no_operation + 1];
    };

    /// A type without operations. `error`: of every call.
    consteval operation_table make_table(capability_error error)
    {
        operation_table made {};
        for (operation_table::row& row : made.rows)
        {
            row.missing = error;
        }
        return made;
    }

    void operation_number_too_large(); ///< not constexpr: a table that comes to it does not compile

    template<word count>
    consteval operation_table make_table(const operation (&operations)[count])
    {
        operation_table made {};
        for (const operation& each : operations)
        {
            if (each.number >= no_operation)
            {
                operation_number_too_large();
            }
            made.rows[each.number] = { each.perform, each.missing, each.needed };
        }
        return made;
    }

    // One table for each type, in the file named after the type. Page tables have no operations.
    extern const operation_table node_operations;
    extern const operation_table generic_operations;
    extern const operation_table address_space_operations;
    extern const operation_table frame_operations;
    extern const operation_table process_control_block_operations;
    extern const operation_table ipc_port_operations;
    extern const operation_table notification_port_operations;
    extern const operation_table interrupt_region_operations;
    extern const operation_table interrupt_port_operations;
    extern const operation_table io_port_operations;

    /// Performs the capability call the current process made. Returns who runs next if that is clear, or nullptr: the
    /// scheduler has to choose.
    process_control_block* perform_capability_call(process_control_block& caller);
}
