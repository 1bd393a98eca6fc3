// What the kernel needs from ACPI (ACPI specification 6.5, chapter 5).
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::hal
{
    inline constexpr word isa_interrupts = 16;

    struct isa_override
    {
        uint32_t global_interrupt;
        bool     active_low;
        bool     level_triggered;
    };

    struct machine_description
    {
        physical_address local_apic;
        physical_address io_apic;
        uint32_t         io_apic_first_interrupt;
        uint16_t         pm_timer_port;
        isa_override     isa[isa_interrupts];
    };

    /// Reads MADT and FADT. Returns nullptr, or which table is missing or broken.
    const char* read_acpi_tables(physical_address rsdp, machine_description& machine);
}
