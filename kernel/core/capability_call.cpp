#include "capability_call.hpp"

#include "ipc_fast_path.hpp"
#include "node.hpp"
#include "revocation.hpp"
#include "scheduler.hpp"

namespace a9n
{
    namespace
    {
        constexpr operation_table nothing       = make_table(capability_error::invalid_descriptor);
        constexpr operation_table no_operations = make_table(capability_error::illegal_operation);

        constexpr const operation_table* tables[] = {
            &nothing,
            &no_operations, // debug
            &node_operations,
            &generic_operations,
            &address_space_operations,
            &no_operations, // page_table
            &frame_operations,
            &process_control_block_operations,
            &ipc_port_operations,
            &notification_port_operations,
            &interrupt_region_operations,
            &interrupt_port_operations,
            &io_port_operations,
        };

        // Virtual capabilities cannot be created, so no slot has such a type.
        static_assert(sizeof(tables) / sizeof(tables[0]) == static_cast<word>(capability_type::virtual_cpu));

        /// A call that changes nothing but its caller's MR0 and MR1, so that nobody else may run now who could not before.
        process_control_block* refuse(process_control_block& caller, capability_error error)
        {
            set_failure(caller, error);
            return &caller;
        }

        /// A process that has reset itself is not current any more and has no call to end.
        bool exists_still(const process_control_block& caller)
        {
            return this_processor().current_process == &caller;
        }

        void make_again(process_control_block& caller)
        {
            if (exists_still(caller))
            {
                hal::repeat_kernel_call(caller.context);
                caller.unfinished_call.exists = true;
            }
        }

        /// The call is over but for the work it has started, and succeeds with its end.
        void await_revocation(process_control_block& caller, word number)
        {
            const bool is_over = number != revocation_number() || go_on_with_revocation();
            if (!exists_still(caller))
            {
                return;
            }
            caller.unfinished_call = {};
            if (is_over)
            {
                set_success(caller);
                return;
            }
            caller.unfinished_call.awaited_revocation = number;
            make_again(caller);
        }

        /// The call has been decoded as far as all operations have it in common.
        [[gnu::noinline]] process_control_block* perform(
            process_control_block& caller, capability_slot& slot, const operation_table::row& wanted)
        {
            const outcome end = wanted.perform({ caller, slot });
            if (!end.is_finished || !exists_still(caller))
            {
                return nullptr;
            }
            if (!end.ended.ok())
            {
                set_failure(caller, end.ended.error());
                return nullptr;
            }
            if (was_revocation_started())
            {
                await_revocation(caller, revocation_number());
                return nullptr;
            }
            set_success(caller);
            return nullptr;
        }

        /// See perform_capability_call.
        [[gnu::always_inline]] inline process_control_block* make_call(
            process_control_block& caller, bool takes_fast_path)
        {
            const word descriptor = hal::get_message_register(caller.context, 0);
            const auto found      = walk_descriptor(caller.root_node, descriptor);
            if (!found.ok())
            {
                return refuse(caller, found.error());
            }
            capability_slot& slot   = *found.value();
            const word       number = hal::get_message_register(caller.context, 1);
            const auto&      rows   = tables[static_cast<word>(slot.type)]->rows;
            if (number > no_operation)
            {
                return refuse(caller, rows[no_operation].missing);
            }
            const operation_table::row& wanted = rows[number];
            if (!slot.has(wanted.needed))
            {
                return refuse(caller, wanted.missing);
            }
            if (takes_fast_path && slot.type == capability_type::ipc_port)
            {
                if (process_control_block* next = try_fast_path(caller, slot, number))
                {
                    return next;
                }
            }
            return perform(caller, slot, wanted);
        }

        [[gnu::noinline]] process_control_block* go_on_with_call(process_control_block& caller)
        {
            caller.unfinished_call.exists = false;
            if (caller.unfinished_call.awaited_revocation != 0)
            {
                await_revocation(caller, caller.unfinished_call.awaited_revocation);
                return nullptr;
            }
            process_control_block* next = make_call(caller, false); // long calls are no IPC
            if (!caller.unfinished_call.exists)
            {
                caller.unfinished_call = {};
            }
            return next;
        }
    }

    result<capability_slot*> invocation::find(word descriptor, capability_type type) const
    {
        return find_capability(caller.root_node, descriptor, type);
    }

    result<capability_slot*> invocation::find(word descriptor) const
    {
        return find_capability(caller.root_node, descriptor);
    }

    outcome repeat(const invocation& call)
    {
        make_again(call.caller);
        return outcome::unfinished();
    }

    outcome repeat_after_revocation(const invocation& call)
    {
        go_on_with_revocation();
        return repeat(call);
    }

    process_control_block* perform_capability_call(process_control_block& caller)
    {
        if (caller.unfinished_call.exists) [[unlikely]]
        {
            return go_on_with_call(caller);
        }
        return make_call(caller, is_fast_path_enabled);
    }
}
