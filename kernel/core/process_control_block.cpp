// PROCESS_CONTROL_BLOCK: what a process works with, its registers, starting and stopping it.
#include "capability_call.hpp"
#include "lost_memory.hpp"
#include "notification_port.hpp"
#include "revocation.hpp"
#include "scheduler.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    namespace
    {
        outcome configure(const invocation& call);
        outcome read_register(const invocation& call);
        outcome write_register(const invocation& call);
        outcome resume(const invocation& call);
        outcome suspend(const invocation& call);

        constexpr word number(abi::process_control_block_operation operation)
        {
            return static_cast<word>(operation);
        }

        constexpr auto denied = capability_error::permission_denied;

        constexpr operation operations[] = {
            /// Sets fields of a process; all or none. Bit n of the mask stands for the value in MR(3 + n): address
            /// space, root node, frame of the IPC buffer, notification port, resolver port (descriptors, of which the
            /// process gets copies), instruction pointer, stack pointer, thread-local base (GS_BASE), priority,
            /// affinity. Other bits are ignored.
            /// in: MR2 mask, MR3…MR12 values
            /// permission_denied: the frame lacks READ or WRITE, or the notification port READ
            /// invalid_descriptor: lookup fails or ends at another type; a frame of device memory
            /// illegal_operation: instruction pointer, stack pointer or thread-local base is no user address
            /// invalid_argument: no such priority; no such processor, or the process is ready and would change it
            /// fatal: the notification port is bound to another process; a value above MR9 and the caller has no IPC
            ///   buffer
            { number(abi::process_control_block_operation::configure), "configure", capability_rights::write, denied,
                configure },
            /// Reads the first words of the register context, in the order of abi::context_register. Those of the
            /// caller are as before the call.
            /// in: MR2 count
            /// out: MR3… words
            /// invalid_argument: count above 23
            /// fatal: words above MR9 and the caller has no IPC buffer
            { number(abi::process_control_block_operation::read_register), "read_register", capability_rights::read,
                denied, read_register },
            /// Writes the first words of the register context. CS, SS, ENTER_FROM and flags that are the kernel's are
            /// left out.
            /// in: MR2 count, MR3… words
            /// invalid_argument: count above 23; RIP, RSP or a base is no user address
            /// fatal: words above MR9 and the caller has no IPC buffer
            { number(abi::process_control_block_operation::write_register), "write_register", capability_rights::write,
                denied, write_register },
            /// Makes a new or suspended process ready with a full quantum. No effect on one that is ready.
            /// illegal_operation: it is blocked otherwise, or has no address space
            { number(abi::process_control_block_operation::resume), "resume", capability_rights::write, denied, resume },
            /// Takes a process out of every queue and cuts its reply links. A call that it waits in ends with
            /// illegal_operation when it is resumed; a fault happens again, an unknown kernel call unless its resolver has
            /// received it. Of the caller itself: returns once somebody resumes it.
            { number(abi::process_control_block_operation::suspend), "suspend", capability_rights::write, denied,
                suspend },
        };

        constexpr abi::configure_field address_fields[] = { abi::configure_field::instruction_pointer,
            abi::configure_field::stack_pointer, abi::configure_field::thread_local_base };
        /// Those whose value may lie in the IPC buffer, highest first.
        constexpr abi::configure_field buffered_fields[]
            = { abi::configure_field::affinity, abi::configure_field::priority, abi::configure_field::thread_local_base };

        // ---- Decode ------------------------------------------------------------------------------------------------

        /// Fields of CONFIGURE: what is asked for, nullptr or nothing where it is not.
        struct configuration
        {
            capability_slot* address_space;
            capability_slot* root_node;
            capability_slot* ipc_buffer;
            capability_slot* notification_port;
            capability_slot* resolver_port;
        };

        struct capability_field
        {
            abi::configure_field             field;
            capability_type                  type;
            capability_rights                needed;
            capability_slot* configuration::*member;
        };

        constexpr capability_field capability_fields[] = {
            { abi::configure_field::address_space, capability_type::address_space, capability_rights::none,
                &configuration::address_space },
            { abi::configure_field::root_node, capability_type::node, capability_rights::none,
                &configuration::root_node },
            { abi::configure_field::frame_ipc_buffer, capability_type::frame, read_write, &configuration::ipc_buffer },
            { abi::configure_field::notification_port, capability_type::notification_port, capability_rights::read,
                &configuration::notification_port },
            { abi::configure_field::ipc_port_resolver, capability_type::ipc_port, capability_rights::none,
                &configuration::resolver_port },
        };

        bool is_asked(word mask, abi::configure_field field)
        {
            return (mask & static_cast<word>(field)) != 0;
        }

        /// The message register with the value of a field.
        word register_of(abi::configure_field field)
        {
            return 3 + static_cast<word>(__builtin_ctzll(static_cast<word>(field)));
        }

        word value_of(const invocation& call, abi::configure_field field)
        {
            return get_message_register(call.caller, register_of(field));
        }

        /// The highest message register that CONFIGURE reads, plus one.
        word registers_needed(word mask)
        {
            for (const abi::configure_field field : buffered_fields)
            {
                if (is_asked(mask, field))
                {
                    return register_of(field) + 1;
                }
            }
            return 0;
        }

        result<capability_slot*> decode_capability(const invocation& call, const capability_field& field)
        {
            const auto found = call.find(value_of(call, field.field), field.type);
            if (!found.ok())
            {
                return found;
            }
            if (!found.value()->has(field.needed))
            {
                return denied;
            }
            if (field.type == capability_type::frame && found.value()->data.frame.is_device)
            {
                return capability_error::invalid_descriptor;
            }
            return found;
        }

        result<configuration> decode_configure(const invocation& call)
        {
            const process_control_block& process = call.slot.object<process_control_block>();
            const word                   mask    = call.argument(2);
            if (!has_message_registers(call.caller, registers_needed(mask)))
            {
                return capability_error::fatal;
            }

            configuration decoded {};
            for (const capability_field& field : capability_fields)
            {
                if (is_asked(mask, field.field))
                {
                    const auto found = decode_capability(call, field);
                    if (!found.ok())
                    {
                        return found.error();
                    }
                    decoded.*field.member = found.value();
                }
            }
            for (const abi::configure_field field : address_fields)
            {
                if (is_asked(mask, field) && !hal::is_user_address(value_of(call, field)))
                {
                    return capability_error::illegal_operation;
                }
            }
            if (is_asked(mask, abi::configure_field::priority)
                && value_of(call, abi::configure_field::priority) >= abi::priority_count)
            {
                return capability_error::invalid_argument;
            }
            if (is_asked(mask, abi::configure_field::affinity))
            {
                const word affinity = value_of(call, abi::configure_field::affinity);
                if (affinity >= processor_count
                    || (affinity != process.affinity && process.state == process_state::ready))
                {
                    return capability_error::invalid_argument;
                }
            }
            if (decoded.notification_port != nullptr)
            {
                const process_control_block* bound = decoded.notification_port->object<notification_port>().bound_process;
                if (bound != nullptr && bound != &process)
                {
                    return capability_error::fatal;
                }
            }
            return decoded;
        }

        /// MR2 count of a register operation.
        status check_register_count(const invocation& call)
        {
            const word count = call.argument(2);
            if (count > abi::context_register_count)
            {
                return capability_error::invalid_argument;
            }
            if (!has_message_registers(call.caller, 3 + count))
            {
                return capability_error::fatal;
            }
            return success;
        }

        // ---- Invoke ------------------------------------------------------------------------------------------------

        /// Makes one of the process's own slots a copy of `source`. The old content goes last: it may be what keeps
        /// `source` alive.
        void replace_with_copy(capability_slot& own, capability_slot& source)
        {
            capability_slot old {}, made {};
            fill_copy(made, source, source.rights);
            if (!own.is_empty())
            {
                move_capability(old, own);
            }
            move_capability(own, made);
            if (!old.is_empty())
            {
                empty_slot(old);
            }
        }

        void bind_notification_port(process_control_block& process, capability_slot& source)
        {
            unbind_notification_port(process);
            capability_slot& own = process.bound_notification_port;
            fill_copy(own, source, source.rights);
            notification_port& port = own.object<notification_port>();
            port.bound_process      = &process;
            notify(port, 0); // hands over what is pending if the process waits already
        }

        /// The process may not be about to make the same call again.
        void forget_call_unless_same(process_control_block& process, word program_counter, word kernel_call)
        {
            if (hal::get_program_counter(process.context) != program_counter
                || hal::get_kernel_call(process.context) != kernel_call)
            {
                process.unfinished_call = {};
            }
        }

        outcome configure(const invocation& call)
        {
            if (!lost_memory::has_room())
            {
                return repeat_after_revocation(call);
            }
            const auto decoded = decode_configure(call);
            if (!decoded.ok())
            {
                return decoded.error();
            }
            process_control_block& process = call.slot.object<process_control_block>();
            const configuration    wanted  = decoded.value();
            const word             mask    = call.argument(2);

            // Values first: the caller may configure itself, and its buffer may be replaced below.
            const word program_counter = hal::get_program_counter(process.context);
            if (is_asked(mask, abi::configure_field::instruction_pointer))
            {
                hal::set_program_counter(process.context, value_of(call, abi::configure_field::instruction_pointer));
            }
            forget_call_unless_same(process, program_counter, hal::get_kernel_call(process.context));
            if (is_asked(mask, abi::configure_field::stack_pointer))
            {
                hal::set_stack_pointer(process.context, value_of(call, abi::configure_field::stack_pointer));
            }
            if (is_asked(mask, abi::configure_field::thread_local_base))
            {
                hal::set_thread_local_base(process.context, value_of(call, abi::configure_field::thread_local_base));
            }
            if (is_asked(mask, abi::configure_field::affinity))
            {
                process.affinity = value_of(call, abi::configure_field::affinity);
            }
            if (is_asked(mask, abi::configure_field::priority))
            {
                scheduler::set_priority(process, value_of(call, abi::configure_field::priority));
            }

            if (wanted.notification_port != nullptr)
            {
                bind_notification_port(process, *wanted.notification_port);
            }
            struct
            {
                capability_slot& own;
                capability_slot* source;
            } const replacements[] = {
                { process.address_space, wanted.address_space },
                { process.root_node, wanted.root_node },
                { process.ipc_buffer, wanted.ipc_buffer },
                { process.resolver_port, wanted.resolver_port },
            };
            for (const auto& replacement : replacements)
            {
                if (replacement.source != nullptr)
                {
                    replace_with_copy(replacement.own, *replacement.source);
                }
            }
            return success;
        }

        outcome read_register(const invocation& call)
        {
            const status checked = check_register_count(call);
            if (!checked.ok())
            {
                return checked;
            }
            const process_control_block& process = call.slot.object<process_control_block>();
            const word                   count   = call.argument(2);
            // All are read before any is written: the process may be the caller.
            word values[abi::context_register_count];
            for (word i = 0; i < count; i++)
            {
                values[i] = hal::read_register(process.context, i);
            }
            for (word i = 0; i < count; i++)
            {
                set_message_register(call.caller, 3 + i, values[i]);
            }
            return success;
        }

        outcome write_register(const invocation& call)
        {
            const status checked = check_register_count(call);
            if (!checked.ok())
            {
                return checked;
            }
            const word count = call.argument(2);
            word       values[abi::context_register_count];
            for (word i = 0; i < count; i++)
            {
                values[i] = get_message_register(call.caller, 3 + i);
            }
            if (!hal::are_registers_valid(values, count))
            {
                return capability_error::invalid_argument;
            }
            process_control_block& process         = call.slot.object<process_control_block>();
            const word             program_counter = hal::get_program_counter(process.context);
            const word             kernel_call     = hal::get_kernel_call(process.context);
            hal::write_registers(process.context, values, count);
            forget_call_unless_same(process, program_counter, kernel_call);
            return success;
        }

        outcome resume(const invocation& call)
        {
            process_control_block& process = call.slot.object<process_control_block>();
            if (process.state == process_state::ready)
            {
                return success;
            }
            if ((process.state != process_state::unused && process.state != process_state::blocked_suspend)
                || process.address_space.is_empty())
            {
                return capability_error::illegal_operation;
            }
            process.quantum = full_quantum;
            scheduler::make_ready(process);
            return success;
        }

        outcome suspend(const invocation& call)
        {
            suspend_process(call.slot.object<process_control_block>());
            return success;
        }
    }

    const operation_table process_control_block_operations = make_table(operations);

    void unbind_notification_port(process_control_block& process)
    {
        if (!process.bound_notification_port.is_empty())
        {
            empty_slot(process.bound_notification_port);
        }
    }
}
