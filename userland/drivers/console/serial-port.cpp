#include "serial-port.hpp"

namespace console
{
    namespace
    {
        // Registers and bits of the 16550 (National Semiconductor PC16550D data sheet).
        constexpr word data             = 0;
        constexpr word interrupt_enable = 1;
        constexpr word interrupt_reason = 2; ///< read; written, it controls the queues
        constexpr word modem_control    = 4;
        constexpr word line_status      = 5;

        constexpr word received_data_interrupt     = 1 << 0;
        constexpr word transmitter_empty_interrupt = 1 << 1;
        constexpr word no_reason                   = 1 << 0;
        constexpr word enable_queues               = 1 << 0;
        constexpr word data_terminal_ready         = 1 << 0;
        constexpr word request_to_send             = 1 << 1;
        constexpr word interrupt_line_connected    = 1 << 3; ///< OUT2 gates the interrupt on a PC
        constexpr word data_ready                  = 1 << 0;
        constexpr word transmitter_empty           = 1 << 5;

        constexpr word transmit_queue = 16; ///< bytes it takes once it is empty
    }

    void serial_port::begin() const
    {
        set(interrupt_reason, enable_queues);
        set(modem_control, data_terminal_ready | request_to_send | interrupt_line_connected);
        set(interrupt_enable, received_data_interrupt);
    }

    void serial_port::announce_empty_transmitter(bool announced) const
    {
        set(interrupt_enable, received_data_interrupt | (announced ? transmitter_empty_interrupt : 0));
    }

    bool serial_port::has_reason_for_interrupt() const
    {
        return (get(interrupt_reason) & no_reason) == 0;
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

    word serial_port::room() const
    {
        return (get(line_status) & transmitter_empty) != 0 ? transmit_queue : 0;
    }

    void serial_port::write(unsigned char byte) const
    {
        set(data, byte);
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
