// PROCESS_CONTROL_BLOCK: a thread of execution with its address space, root node and ports.
#pragma once

#include <a9n/address-space.hpp>
#include <a9n/ipc-port.hpp>
#include <a9n/notification-port.hpp>

namespace a9n
{
    /// Which fields CONFIGURE sets: those given a value since construction.
    struct process_configuration
    {
        void set_address_space(address_space space)
        {
            set(abi::configure_field::address_space, 0, space.value);
        }

        void set_root_node(node root)
        {
            set(abi::configure_field::root_node, 1, root.value);
        }

        void set_ipc_buffer(frame page)
        {
            set(abi::configure_field::frame_ipc_buffer, 2, page.value);
        }

        void set_notification_port(notification_port port)
        {
            set(abi::configure_field::notification_port, 3, port.value);
        }

        /// Port to which the process's faults go. Needs READ and WRITE.
        void set_resolver(ipc_port port)
        {
            set(abi::configure_field::ipc_port_resolver, 4, port.value);
        }

        void set_instruction_pointer(word address)
        {
            set(abi::configure_field::instruction_pointer, 5, address);
        }

        void set_stack_pointer(word address)
        {
            set(abi::configure_field::stack_pointer, 6, address);
        }

        /// Goes to GS_BASE.
        void set_thread_local_base(word address)
        {
            set(abi::configure_field::thread_local_base, 7, address);
        }

        /// 0…31, larger runs first.
        void set_priority(word priority)
        {
            set(abi::configure_field::priority, 8, priority);
        }

        word fields = 0;
        word values[10] {};

    private:
        void set(abi::configure_field field, word index, word value)
        {
            fields        |= static_cast<word>(field);
            values[index]  = value;
        }
    };

    struct process_control_block : descriptor
    {
        /// Copies the named capabilities into the process and sets its registers and priority; all or nothing.
        status configure(const process_configuration &configuration) const
        {
            // Fields 7, 8 and 9 are MR10…MR12 and therefore travel in the IPC buffer.
            for (word field = 7; field < 10; ++field)
            {
                current_ipc_buffer->messages[3 + field] = configuration.values[field];
            }
            const word *values = configuration.values;
            return capability_command(value, abi::process_control_block_operation::configure, configuration.fields,
                values[0], values[1], values[2], values[3], values[4], values[5], values[6]);
        }

        /// Reads register context words [0, count), in `abi::context_register` order.
        status read_registers(word *registers, word count) const
        {
            const auto reply = capability_call(value, abi::process_control_block_operation::read_register, count);
            if (!reply.ok())
            {
                return reply.error();
            }
            for (word i = 0; i < count; ++i)
            {
                registers[i] = 3 + i < abi::hardware_message_registers ? reply.mr[3 + i]
                                                                       : current_ipc_buffer->messages[3 + i];
            }
            return {};
        }

        status write_registers(const word *registers, word count) const
        {
            message_registers call { { value, static_cast<word>(abi::process_control_block_operation::write_register),
                count } };
            for (word i = 0; i < count; ++i)
            {
                if (3 + i < abi::hardware_message_registers)
                {
                    call.mr[3 + i] = registers[i];
                }
                else
                {
                    current_ipc_buffer->messages[3 + i] = registers[i];
                }
            }
            kernel_call(abi::kernel_call::capability_call, call);
            return outcome(call);
        }

        status resume() const
        {
            return capability_command(value, abi::process_control_block_operation::resume);
        }

        /// Takes the process off every queue. Of oneself: returns after someone's `resume`.
        status suspend() const
        {
            return capability_command(value, abi::process_control_block_operation::suspend);
        }
    };
}
