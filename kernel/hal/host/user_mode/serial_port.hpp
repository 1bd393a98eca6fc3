// COM1 of user mode: a 16550 without FIFO (National Semiconductor PC16550D data sheet) on standard input and output.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    inline constexpr word serial_port_size = 8;

    /// 0 ≤ index < serial_port_size.
    uint8_t read_serial_port(word index);
    void    write_serial_port(word index, uint8_t value);

    /// Writes to standard output, as a byte that is sent.
    void send_serial_byte(uint8_t value);

    bool is_serial_interrupt_raised();

    /// Takes a byte from standard input if one is there and there is room for it.
    void update_serial_port();

    /// Waits for standard input. False if no byte will ever come or raise the interrupt.
    bool wait_for_serial_input();
}
