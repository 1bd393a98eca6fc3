// INTERRUPT_REGION and INTERRUPT_PORT: who hears which interrupt line.
#include "interrupt_port.hpp"

#include "capability_call.hpp"
#include "node.hpp"
#include "notification_port.hpp"
#include "revocation.hpp"

namespace a9n
{
    interrupt_port interrupt_ports[hal::interrupt_line_count];

    namespace
    {
        outcome make_port(const invocation& call);
        outcome bind(const invocation& call);
        outcome unbind(const invocation& call);
        outcome acknowledge(const invocation& call);
        outcome get_irq_number(const invocation& call);

        constexpr word number(abi::interrupt_port_operation operation)
        {
            return static_cast<word>(operation);
        }

        constexpr auto denied = capability_error::permission_denied;

        constexpr operation region_operations[] = {
            /// Makes the port of an interrupt line, as a child with all rights. Line n < 16 is the ISA interrupt, above
            /// that the I/O APIC input.
            /// in: MR2 line, MR3 descriptor of the destination node, MR4 index
            /// permission_denied: the destination node lacks WRITE
            /// invalid_descriptor: no node there
            /// invalid_argument: line above 255; a slot that is used or does not exist
            /// illegal_operation: the line has a port
            { static_cast<word>(abi::interrupt_region_operation::make_port), "make_port", capability_rights::write,
                denied, make_port },
        };

        constexpr operation port_operations[] = {
            /// Has interrupts notify: the port keeps a copy of the notification capability with its identifier, and
            /// without WRITE in it nothing is notified. Unmasks the line.
            /// in: MR2 descriptor of a notification port
            /// invalid_descriptor: no notification port there
            /// illegal_operation: the port is bound
            { number(abi::interrupt_port_operation::bind), "bind", capability_rights::write, denied, bind },
            /// Ends the binding, if there is one, and masks the line.
            { number(abi::interrupt_port_operation::unbind), "unbind", capability_rights::write, denied, unbind },
            /// Unmasks the line, which an interrupt has masked. No effect if the port is not bound.
            { number(abi::interrupt_port_operation::ack), "ack", capability_rights::write, denied, acknowledge },
            /// Which line it is.
            /// out: MR2 line
            { number(abi::interrupt_port_operation::get_irq_number), "get_irq_number", capability_rights::read, denied,
                get_irq_number },
        };

        outcome make_port(const invocation& call)
        {
            if (is_being_revoked(call.slot))
            {
                return repeat_after_revocation(call);
            }
            const word irq         = call.argument(2);
            const auto destination = call.find(call.argument(3), capability_type::node);
            if (!destination.ok())
            {
                return destination.error();
            }
            if (!destination.value()->has(capability_rights::write))
            {
                return denied;
            }
            capability_slot* slot = destination.value()->object<node>().slot_at(call.argument(4));
            if (irq >= hal::interrupt_line_count || slot == nullptr || !slot->is_empty())
            {
                return capability_error::invalid_argument;
            }
            interrupt_port& port = interrupt_ports[irq];
            if (port.is_reserved)
            {
                return capability_error::illegal_operation;
            }

            port.is_reserved    = true;
            port.binding.holder = slot_holder::interrupt_binding;
            fill_child(*slot, call.slot, { capability_type::interrupt_port, capability_rights::all, &port, {} });
            return success;
        }

        outcome bind(const invocation& call)
        {
            const auto notification = call.find(call.argument(2), capability_type::notification_port);
            if (!notification.ok())
            {
                return notification.error();
            }
            interrupt_port& port = call.slot.object<interrupt_port>();
            if (!port.binding.is_empty())
            {
                return capability_error::illegal_operation;
            }

            fill_copy(port.binding, *notification.value(), notification.value()->rights);
            hal::unmask_interrupt(interrupt_line_of(port));
            return success;
        }

        outcome unbind(const invocation& call)
        {
            unbind_interrupt(call.slot.object<interrupt_port>());
            return success;
        }

        outcome acknowledge(const invocation& call)
        {
            const interrupt_port& port = call.slot.object<interrupt_port>();
            if (!port.binding.is_empty())
            {
                hal::unmask_interrupt(interrupt_line_of(port));
            }
            return success;
        }

        outcome get_irq_number(const invocation& call)
        {
            call.set_result(2, interrupt_line_of(call.slot.object<interrupt_port>()));
            return success;
        }
    }

    const operation_table interrupt_region_operations = make_table(region_operations);
    const operation_table interrupt_port_operations   = make_table(port_operations);

    word interrupt_line_of(const interrupt_port& port)
    {
        return static_cast<word>(&port - interrupt_ports);
    }

    bool is_any_interrupt_bound()
    {
        for (const interrupt_port& port : interrupt_ports)
        {
            if (!port.binding.is_empty())
            {
                return true;
            }
        }
        return false;
    }

    void deliver_interrupt(word irq)
    {
        if (irq >= hal::interrupt_line_count)
        {
            return;
        }
        const capability_slot& binding = interrupt_ports[irq].binding;
        if (!binding.is_empty() && binding.has(capability_rights::write))
        {
            notify(binding.object<notification_port>(), binding.data.port.identifier);
        }
    }

    void unbind_interrupt(interrupt_port& port)
    {
        if (!port.binding.is_empty())
        {
            empty_slot(port.binding); // masks the line
        }
    }

    interrupt_port& owner_of_binding(capability_slot& binding)
    {
        return *reinterpret_cast<interrupt_port*>(
            reinterpret_cast<char*>(&binding) - offsetof(interrupt_port, binding));
    }

    void mask_interrupt(const interrupt_port& port)
    {
        hal::mask_interrupt(interrupt_line_of(port));
    }
}
