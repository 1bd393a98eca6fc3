#include "capability_call.hpp"

#include "node.hpp"
#include "revocation.hpp"
#include "scheduler.hpp"

namespace a9n
{
    namespace
    {
        operation_table operations_of(capability_type type)
        {
            switch (type)
            {
                case capability_type::node:
                    return node_operations;
                case capability_type::generic:
                    return generic_operations;
                case capability_type::address_space:
                    return address_space_operations;
                case capability_type::frame:
                    return frame_operations;
                case capability_type::process_control_block:
                    return process_control_block_operations;
                case capability_type::ipc_port:
                    return ipc_port_operations;
                case capability_type::notification_port:
                    return notification_port_operations;
                case capability_type::interrupt_region:
                    return interrupt_region_operations;
                case capability_type::interrupt_port:
                    return interrupt_port_operations;
                case capability_type::io_port:
                    return io_port_operations;
                default:
                    return { nullptr, 0 };
            }
        }

        const operation* find_operation(const operation_table& table, word number)
        {
            for (word i = 0; i < table.count; i++)
            {
                if (table.first[i].number == number)
                {
                    return &table.first[i];
                }
            }
            return nullptr;
        }

        outcome perform(process_control_block& caller)
        {
            const word descriptor = hal::get_message_register(caller.context, 0);
            const word number     = hal::get_message_register(caller.context, 1);

            const result<capability_slot*> target = find_capability(caller.root_node, descriptor);
            if (!target.ok())
            {
                return target.error();
            }
            capability_slot& slot  = *target.value();
            const operation* found = find_operation(operations_of(slot.type), number);
            if (found == nullptr)
            {
                return capability_error::illegal_operation;
            }
            if (!slot.has(found->needed))
            {
                return found->missing;
            }
            return found->perform({ caller, slot });
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

        void perform_call(process_control_block& caller)
        {
            const outcome end = perform(caller);
            if (!end.is_finished || !exists_still(caller))
            {
                return;
            }
            if (!end.ended.ok())
            {
                set_failure(caller, end.ended.error());
                return;
            }
            if (was_revocation_started())
            {
                await_revocation(caller, revocation_number());
                return;
            }
            set_success(caller);
        }

        void go_on_with_call(process_control_block& caller)
        {
            caller.unfinished_call.exists = false;
            if (caller.unfinished_call.awaited_revocation != 0)
            {
                await_revocation(caller, caller.unfinished_call.awaited_revocation);
                return;
            }
            perform_call(caller);
            if (!caller.unfinished_call.exists)
            {
                caller.unfinished_call = {};
            }
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

    void perform_capability_call(process_control_block& caller)
    {
        if (caller.unfinished_call.exists)
        {
            go_on_with_call(caller);
            return;
        }
        perform_call(caller);
    }
}
