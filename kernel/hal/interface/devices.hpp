// What the core asks of the machine besides memory: console, interrupt lines, I/O ports, stopping.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::hal
{
    /// Kernel console; waits until the character is taken.
    void write_console(char character);

    /// Brings up interrupt controllers and the preemption timer (4 ms). `arch_info` as in abi::boot_info, memory
    /// reachable. Returns nullptr, or what is wrong with the machine.
    const char* initialise_devices(const word* arch_info);

    /// User-visible interrupt lines are 0 ≤ irq < interrupt_line_count. Lines without hardware stay silent.
    inline constexpr word interrupt_line_count = 256;
    void mask_interrupt(word irq);
    void unmask_interrupt(word irq);

    /// Whether an interrupt is to be taken as soon as the kernel is left: a reason to leave it before long work is done.
    bool is_interrupt_pending();

    /// I/O ports with exactly the given width of 1, 2 or 4 bytes.
    word read_io_port(word port, word width);
    void write_io_port(word port, word width, word data);
    inline constexpr word io_port_end = 0x1'0000;

    /// Stops the machine for good.
    [[noreturn]] void halt();
}
