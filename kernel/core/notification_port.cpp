// NOTIFICATION_PORT: flags set without blocking.
#include "notification_port.hpp"

#include "capability_call.hpp"
#include "ipc_port.hpp"
#include "scheduler.hpp"

namespace a9n
{
    namespace
    {
        outcome notify(const invocation& call);
        outcome wait(const invocation& call);
        outcome poll(const invocation& call);
        outcome identify(const invocation& call);

        constexpr word number(abi::notification_port_operation operation)
        {
            return static_cast<word>(operation);
        }

        constexpr auto denied = capability_error::permission_denied;

        constexpr operation operations[] = {
            /// Adds the invoked capability's identifier to the port's flags and never blocks. All flags go to the bound
            /// process if it waits in receive, else to the oldest waiter. Identifier 0: no effect.
            { number(abi::notification_port_operation::notify), "notify", capability_rights::write, denied, notify },
            /// Takes the flags, or waits for some.
            /// out: MR2 flags
            /// illegal_operation: suspended and resumed meanwhile
            /// invalid_descriptor: the port was destroyed or revoked meanwhile
            { number(abi::notification_port_operation::wait), "wait", capability_rights::read, denied, wait },
            /// Takes the flags.
            /// out: MR2 flags, 0 if there are none
            { number(abi::notification_port_operation::poll), "poll", capability_rights::read, denied, poll },
            /// Sets the identifier of the invoked capability; copies made before keep theirs.
            /// in: MR2 identifier
            { number(abi::notification_port_operation::identify), "identify", capability_rights::modify, denied,
                identify },
        };

        word take_flags(notification_port& port)
        {
            const word flags   = port.pending_flags;
            port.pending_flags = 0;
            return flags;
        }

        outcome notify(const invocation& call)
        {
            a9n::notify(call.slot.object<notification_port>(), call.slot.data.port.identifier);
            return success;
        }

        outcome wait(const invocation& call)
        {
            notification_port& port = call.slot.object<notification_port>();
            if (port.pending_flags != 0)
            {
                call.set_result(2, take_flags(port));
                return success;
            }
            call.caller.state                        = process_state::blocked_wait;
            call.caller.blocked_on_notification_port = &port;
            port.waiters.push_back(call.caller);
            return outcome::unfinished();
        }

        outcome poll(const invocation& call)
        {
            call.set_result(2, take_flags(call.slot.object<notification_port>()));
            return success;
        }

        outcome identify(const invocation& call)
        {
            call.slot.data.port.identifier = call.argument(2);
            return success;
        }
    }

    const operation_table notification_port_operations = make_table(operations);

    void notify(notification_port& port, word flags)
    {
        port.pending_flags |= flags;
        if (port.pending_flags == 0)
        {
            return;
        }
        process_control_block* bound = port.bound_process;
        if (bound != nullptr && bound->state == process_state::blocked_receive)
        {
            leave_ipc_port(*bound);
            receive_notification(*bound, take_flags(port));
            scheduler::make_ready(*bound);
            return;
        }
        if (!port.waiters.is_empty())
        {
            process_control_block& waiter = *port.waiters.first;
            leave_notification_port(waiter);
            set_message_register(waiter, 2, take_flags(port));
            set_success(waiter);
            scheduler::make_ready(waiter);
        }
    }

    word take_bound_notification(process_control_block& process)
    {
        return process.bound_notification_port.is_empty()
            ? 0
            : take_flags(process.bound_notification_port.object<notification_port>());
    }

    void leave_notification_port(process_control_block& process)
    {
        process.blocked_on_notification_port->waiters.remove(process);
        process.blocked_on_notification_port = nullptr;
    }

    bool reset_notification_port(notification_port& port, word most)
    {
        port.pending_flags = 0;
        for (word ended = 0; ended < most && !port.waiters.is_empty(); ended++)
        {
            process_control_block& waiter = *port.waiters.first;
            leave_notification_port(waiter);
            end_blocked_call(waiter, capability_error::invalid_descriptor);
        }
        if (port.bound_process != nullptr)
        {
            unbind_notification_port(*port.bound_process);
        }
        return port.waiters.is_empty();
    }
}
