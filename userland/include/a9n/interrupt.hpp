// INTERRUPT_REGION and INTERRUPT_PORT: device interrupts as notifications.
#pragma once

#include <a9n/node.hpp>
#include <a9n/notification-port.hpp>

namespace a9n
{
    struct interrupt_region : descriptor
    {
        /// Reserves an IRQ (ISA line below 16, else I/O APIC input) and puts its port into slot `index`.
        status make_port(word irq, node destination, word index) const
        {
            return capability_command(value, abi::interrupt_region_operation::make_port, irq, destination.value, index);
        }
    };

    struct interrupt_port : descriptor
    {
        /// From now on the interrupt sets the flags of `target`'s identifier, and is then masked until `acknowledge`.
        status bind(notification_port target) const
        {
            return capability_command(value, abi::interrupt_port_operation::bind, target.value);
        }

        status unbind() const
        {
            return capability_command(value, abi::interrupt_port_operation::unbind);
        }

        status acknowledge() const
        {
            return capability_command(value, abi::interrupt_port_operation::ack);
        }

        result<word> irq() const
        {
            return capability_query(value, abi::interrupt_port_operation::get_irq_number);
        }
    };
}
