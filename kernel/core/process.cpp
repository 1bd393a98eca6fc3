#include "process.hpp"

#include "ipc_port.hpp"
#include "notification_port.hpp"
#include "revocation.hpp"
#include "scheduler.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    // ---- Life -----------------------------------------------------------------------------------------------------

    void initialise_process(process_control_block& process)
    {
        hal::initialise_context(process.context);
        process.state                          = process_state::unused;
        process.quantum                        = full_quantum;
        process.address_space.holder           = slot_holder::process_address_space;
        process.root_node.holder               = slot_holder::process_root_node;
        process.ipc_buffer.holder              = slot_holder::process_ipc_buffer;
        process.bound_notification_port.holder = slot_holder::process_notification_port;
        process.resolver_port.holder           = slot_holder::process_resolver_port;
    }

    void suspend_process(process_control_block& process)
    {
        const bool was_blocked = process.state != process_state::ready && process.state != process_state::unused
            && process.state != process_state::blocked_suspend;
        if (process.state == process_state::ready)
        {
            scheduler::remove(process);
        }
        if (process.state == process_state::blocked_fault && process.fault.type == abi::fault_type::invalid_kernel_call)
        {
            hal::repeat_kernel_call(process.context); // nobody has seen the call yet
        }
        if (process.blocked_on_ipc_port != nullptr)
        {
            leave_ipc_port(process);
        }
        if (process.blocked_on_notification_port != nullptr)
        {
            leave_notification_port(process);
        }
        if (process.reply_source != nullptr)
        {
            unlink_for_reply(process, *process.reply_source);
        }
        drop_reply_target(process);
        if (was_blocked && !process.has_fault)
        {
            set_failure(process, capability_error::illegal_operation);
        }
        process.has_fault = false;
        process.state     = process_state::blocked_suspend;
    }

    word reset_process(process_control_block& process)
    {
        suspend_process(process);
        capability_slot* const own_slots[] = { &process.address_space, &process.root_node, &process.ipc_buffer,
            &process.bound_notification_port, &process.resolver_port };
        word cost = 0;
        for (capability_slot* slot : own_slots)
        {
            if (!slot->is_empty())
            {
                cost += empty_slot(*slot);
            }
        }
        hal::forget_context(process.context);
        hal::clear_memory(&process, sizeof(process));
        initialise_process(process);
        process.state = process_state::blocked_suspend;
        scheduler::forget(process);
        return cost;
    }

    process_control_block& owner_of_address_space(capability_slot& slot)
    {
        return *reinterpret_cast<process_control_block*>(
            reinterpret_cast<char*>(&slot) - offsetof(process_control_block, address_space));
    }

    void drop_reply_target(process_control_block& process)
    {
        process_control_block* caller = process.reply_target;
        if (caller != nullptr)
        {
            unlink_for_reply(*caller, process);
            end_blocked_call(*caller, capability_error::illegal_operation);
        }
    }

    // ---- Message registers ------------------------------------------------------------------------------------------

    abi::ipc_buffer* process_control_block::get_ipc_buffer() const
    {
        return ipc_buffer.is_empty() ? nullptr : hal::to_pointer<abi::ipc_buffer>(ipc_buffer.data.frame.base);
    }

    bool has_message_registers(const process_control_block& process, word count)
    {
        return count <= abi::hardware_message_registers
            || (count <= abi::message_registers && process.get_ipc_buffer() != nullptr);
    }

    word get_message_register(const process_control_block& process, word index)
    {
        return index < abi::hardware_message_registers ? hal::get_message_register(process.context, index)
                                                       : process.get_ipc_buffer()->messages[index];
    }

    void set_message_register(process_control_block& process, word index, word value)
    {
        if (index < abi::hardware_message_registers)
        {
            hal::set_message_register(process.context, index, value);
        }
        else
        {
            process.get_ipc_buffer()->messages[index] = value;
        }
    }

    void set_success(process_control_block& process)
    {
        hal::set_message_register(process.context, 0, 1);
    }

    void set_failure(process_control_block& process, capability_error error)
    {
        hal::set_message_register(process.context, 0, 0);
        hal::set_message_register(process.context, 1, static_cast<word>(error));
    }

    void end_blocked_call(process_control_block& process, capability_error error)
    {
        if (process.has_fault)
        {
            process.has_fault = false;
            process.state     = process_state::blocked_suspend;
            return;
        }
        set_failure(process, error);
        scheduler::make_ready(process);
    }
}
