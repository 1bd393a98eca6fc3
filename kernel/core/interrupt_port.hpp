// Interrupt ports: hardware interrupts that arrive as notifications.
#pragma once

#include "capability.hpp"

#include <hal/interface/devices.hpp>

namespace a9n
{
    struct interrupt_port
    {
        bool            is_reserved; ///< an interrupt port capability exists
        capability_slot binding;     ///< copy of the notification port capability, empty if unbound
    };

    extern interrupt_port interrupt_ports[hal::interrupt_line_count];

    word interrupt_line_of(const interrupt_port& port);

    /// Whether an interrupt could still make a process ready.
    bool is_any_interrupt_bound();

    /// The line fired and is masked: tells whoever is bound.
    void deliver_interrupt(word irq);

    void unbind_interrupt(interrupt_port& port);

    /// The port whose `binding` this is.
    interrupt_port& owner_of_binding(capability_slot& binding);
    void mask_interrupt(const interrupt_port& port);
}
