#include "serial-port.hpp"

namespace console
{
    namespace
    {
        // Registers and bits of the 16550 (National Semiconductor PC16550D data sheet).
        constexpr word data             = 0;
        constexpr word interrupt_enable = 1;
        constexpr word modem_control    = 4;
        constexpr word line_status      = 5;

        constexpr word received_data_interrupt = 1 << 0;
        constexpr word data_terminal_ready     = 1 << 0;
        constexpr word request_to_send         = 1 << 1;
        constexpr word interrupt_line_connected = 1 << 3; ///< OUT2 gates the interrupt on a PC
        constexpr word data_ready              = 1 << 0;
        constexpr word transmitter_empty       = 1 << 5;
    }

    void serial_port::enable_receive_interrupt() const
    {
        set(modem_control, data_terminal_ready | request_to_send | interrupt_line_connected);
        set(interrupt_enable, received_data_interrupt);
    }

    bool serial_port::read(unsigned char &byte) const
    {
        if ((get(line_status) & data_ready) == 0)
        {
            return false;
        }
        byte = static_cast<unsigned char>(get(data));
        return true;
    }

    void serial_port::write(unsigned char byte) const
    {
        while ((get(line_status) & transmitter_empty) == 0)
        {
        }
        set(data, byte);
    }

    void serial_port::write(runtime::text characters) const
    {
        for (size_t i = 0; i < characters.length; ++i)
        {
            write(static_cast<unsigned char>(characters.characters[i]));
        }
    }

    word serial_port::get(word index) const
    {
        const a9n::result<word> value = ports.read(first + index, 1);
        return value ? *value : 0xff; // what an absent device reads as
    }

    void serial_port::set(word index, word value) const
    {
        (void)ports.write(first + index, 1, value);
    }
}
