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
            return capability_call(value, abi::interrupt_region_operation::make_port, irq, destination.value, index)
                .outcome();
        }
    };

    struct interrupt_port : descriptor
    {
        /// From now on the interrupt sets the flags of `target`'s identifier, and is then masked until `acknowledge`.
        status bind(notification_port target) const
        {
            return capability_call(value, abi::interrupt_port_operation::bind, target.value).outcome();
        }

        status unbind() const
        {
            return capability_call(value, abi::interrupt_port_operation::unbind).outcome();
        }

        status acknowledge() const
        {
            return capability_call(value, abi::interrupt_port_operation::ack).outcome();
        }

        result<word> irq() const
        {
            const auto reply = capability_call(value, abi::interrupt_port_operation::get_irq_number);
            if (!reply.ok())
            {
                return reply.error();
            }
            return reply.mr[2];
        }
    };
}
