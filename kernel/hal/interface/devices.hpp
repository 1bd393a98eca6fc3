// What the core asks of the machine besides memory: console, interrupt lines, I/O ports, stopping.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::hal
{
    /// Kernel console; waits until the character is taken. Works from before start_kernel on, and in every state of the
    /// kernel: it is how the kernel says why it halts. Without a console it does nothing.
    void write_console(char character);

    /// Brings up interrupt controllers and the preemption timer (4 ms), all lines masked. Once, during start_kernel, when
    /// all free memory is reachable. `arch_info` as in abi::boot_info: what the loader says of the machine, not checked
    /// by the core. Returns nullptr, or what is wrong with the machine, as text that follows "A9N: ".
    const char* initialise_devices(const word* arch_info);

    /// User-visible interrupt lines are 0 ≤ irq < interrupt_line_count. Lines without hardware stay silent.
    inline constexpr word interrupt_line_count = 256;

    /// Masked lines do not enter the kernel; what arrives meanwhile is remembered if the hardware can. Masking a masked
    /// line and unmasking an unmasked one change nothing.
    void mask_interrupt(word irq);
    void unmask_interrupt(word irq);

    /// Whether an interrupt is to be taken as soon as the kernel is left: a reason to leave it before long work is done.
    bool is_interrupt_pending();

    /// I/O ports with exactly the given width of 1, 2 or 4 bytes, all of which lie below io_port_end. Reads are
    /// zero-extended; of `data` only the low bytes count. A machine without I/O ports has io_port_end = 0.
    word read_io_port(word port, word width);
    void write_io_port(word port, word width, word data);
    inline constexpr word io_port_end = 0x1'0000;

    /// Stops the machine for good, from within any kernel entry. What is to be said was printed.
    [[noreturn]] void halt();
}
