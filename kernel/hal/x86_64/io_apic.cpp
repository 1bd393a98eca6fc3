// I/O APIC (82093AA data sheet) and the masked 8259 pair. A user-visible interrupt line below 16 is the ISA line,
// rerouted by the MADT; any other is the I/O APIC input of that number.
#include "cpu.hpp"
#include "interrupt_controllers.hpp"
#include "kernel_space.hpp"

#include <hal/interface/devices.hpp>

namespace a9n::hal
{
    namespace
    {
        constexpr word select_register = 0x00;
        constexpr word window_register = 0x10;

        constexpr uint32_t version_index     = 0x01;
        constexpr uint32_t redirection_index = 0x10;

        constexpr uint32_t active_low      = 1 << 13;
        constexpr uint32_t level_triggered = 1 << 15;
        constexpr uint32_t masked          = 1 << 16;

        volatile uint8_t*   registers = nullptr;
        word                input_count = 0;
        machine_description routing {};

        uint32_t read(uint32_t index)
        {
            *reinterpret_cast<volatile uint32_t*>(registers + select_register) = index;
            return *reinterpret_cast<volatile uint32_t*>(registers + window_register);
        }

        void write(uint32_t index, uint32_t value)
        {
            *reinterpret_cast<volatile uint32_t*>(registers + select_register) = index;
            *reinterpret_cast<volatile uint32_t*>(registers + window_register) = value;
        }

        struct route
        {
            word     input; ///< ≥ input_count: no hardware
            uint32_t mode;
        };

        route route_of(word irq)
        {
            if (irq < isa_interrupts)
            {
                const isa_override& isa = routing.isa[irq];
                return { word { isa.global_interrupt } - routing.io_apic_first_interrupt,
                    (isa.active_low ? active_low : 0) | (isa.level_triggered ? level_triggered : 0) };
            }
            // Inputs above the ISA lines are PCI's: level-triggered, active low.
            return { irq - routing.io_apic_first_interrupt, active_low | level_triggered };
        }

        void set_mask(word irq, uint32_t mask)
        {
            const route target = route_of(irq);
            if (target.input < input_count)
            {
                const auto index = static_cast<uint32_t>(redirection_index + 2 * target.input);
                write(index, static_cast<uint32_t>(first_interrupt_vector + target.input) | target.mode | mask);
            }
        }
    }

    void mask_legacy_interrupts()
    {
        constexpr uint16_t command_1 = 0x20, data_1 = 0x21, command_2 = 0xa0, data_2 = 0xa1;
        // Vectors 0x20…0x2f, so that a spurious one is recognised.
        cpu::out8(command_1, 0x11);
        cpu::out8(command_2, 0x11);
        cpu::out8(data_1, 0x20);
        cpu::out8(data_2, 0x28);
        cpu::out8(data_1, 4);
        cpu::out8(data_2, 2);
        cpu::out8(data_1, 1);
        cpu::out8(data_2, 1);
        cpu::out8(data_1, 0xff);
        cpu::out8(data_2, 0xff);
    }

    const char* initialise_io_apic(const machine_description& machine)
    {
        routing   = machine;
        registers = static_cast<volatile uint8_t*>(map_device(machine.io_apic));
        if (registers == nullptr)
        {
            return "I/O APIC: no room to map it";
        }
        input_count = (read(version_index) >> 16 & 0xff) + 1;
        for (uint32_t input = 0; input < input_count; input++)
        {
            write(redirection_index + 2 * input, masked);
            write(redirection_index + 2 * input + 1, 0); // to local APIC 0
        }
        return nullptr;
    }

    word interrupt_line_of_vector(word vector)
    {
        const word input = vector - first_interrupt_vector;
        if (vector < first_interrupt_vector || input >= input_count)
        {
            return interrupt_line_count;
        }
        for (word irq = 0; irq < isa_interrupts; irq++)
        {
            if (route_of(irq).input == input)
            {
                return irq;
            }
        }
        return input + routing.io_apic_first_interrupt;
    }

    void mask_interrupt(word irq)
    {
        set_mask(irq, masked);
    }

    void unmask_interrupt(word irq)
    {
        set_mask(irq, 0);
    }
}
