// Local APIC with its timer, I/O APIC and the retired 8259 pair.
#pragma once

#include "acpi.hpp"

namespace a9n::hal
{
    inline constexpr word first_interrupt_vector = 0x30; ///< I/O APIC input i has vector first_interrupt_vector + i
    inline constexpr word timer_vector           = 0xf0;
    inline constexpr word spurious_vector        = 0xff;

    void mask_legacy_interrupts();
    const char* initialise_local_apic(const machine_description& machine);
    const char* initialise_io_apic(const machine_description& machine);

    void end_interrupt();

    /// User-visible interrupt line of a vector; interrupt_line_count if it has none.
    word interrupt_line_of_vector(word vector);
}
