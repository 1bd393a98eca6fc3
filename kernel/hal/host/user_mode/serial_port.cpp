#include "serial_port.hpp"

#include <poll.h>
#include <unistd.h>

namespace a9n::host
{
    namespace
    {
        enum serial_register : word
        {
            data                     = 0,
            interrupt_enable         = 1,
            interrupt_identification = 2, ///< FIFO control when written
            line_control             = 3,
            modem_control            = 4,
            line_status              = 5,
            modem_status             = 6,
            scratch                  = 7,
        };

        // interrupt_enable
        constexpr uint8_t receive_interrupt = 1 << 0, transmit_interrupt = 1 << 1;
        // interrupt_identification
        constexpr uint8_t no_interrupt = 1, transmitter_emptied = 2, data_received = 4;
        // line_control
        constexpr uint8_t divisor_latch = 1 << 7;
        // modem_control
        constexpr uint8_t request_to_send = 1 << 1, interrupt_connected = 1 << 3;
        // line_status
        constexpr uint8_t data_ready = 1 << 0, transmitter_empty = 0x60;
        // modem_status: carrier, data set ready, clear to send
        constexpr uint8_t other_end_ready = 0xb0;

        struct
        {
            /// As last written. The interrupt is connected, as a kernel console leaves it.
            uint8_t registers[serial_port_size] = { 0, 0, 0, 0, request_to_send | interrupt_connected, 0, 0, 0 };
            uint8_t divisor[2]                  = {};
            uint8_t received                    = 0;
            bool    has_received                = false;
            bool    has_emptied                 = false; ///< since interrupt_identification was read
            bool    input_ended                 = false;
        } port;

        bool is_set(serial_register index, uint8_t bit)
        {
            return (port.registers[index] & bit) != 0;
        }

        uint8_t identify_interrupt()
        {
            if (is_set(interrupt_enable, receive_interrupt) && port.has_received)
            {
                return data_received;
            }
            const bool tells_emptied = is_set(interrupt_enable, transmit_interrupt) && port.has_emptied;
            return tells_emptied ? transmitter_emptied : no_interrupt;
        }

        bool wants_input()
        {
            return !port.input_ended && !port.has_received && is_set(modem_control, request_to_send);
        }

        bool is_input_there(int timeout_milliseconds)
        {
            pollfd input { STDIN_FILENO, POLLIN, 0 };
            return poll(&input, 1, timeout_milliseconds) > 0;
        }
    }

    uint8_t read_serial_port(word index)
    {
        if (index <= interrupt_enable && is_set(line_control, divisor_latch))
        {
            return port.divisor[index];
        }
        switch (index)
        {
            case data:
                port.has_received = false;
                return port.received;
            case interrupt_identification:
            {
                const uint8_t identification = identify_interrupt();
                port.has_emptied &= identification != transmitter_emptied;
                return identification;
            }
            case line_status:
                return transmitter_empty | (port.has_received ? data_ready : 0);
            case modem_status:
                return other_end_ready;
            default:
                return port.registers[index];
        }
    }

    void write_serial_port(word index, uint8_t value)
    {
        if (index <= interrupt_enable && is_set(line_control, divisor_latch))
        {
            port.divisor[index] = value;
            return;
        }
        // Asking for the interrupt while the transmitter is empty, as it always is, raises it.
        const bool asks = index == interrupt_enable && (value & transmit_interrupt) != 0
            && !is_set(interrupt_enable, transmit_interrupt);
        port.has_emptied |= index == data || asks;
        port.registers[index] = value;
        if (index == data)
        {
            send_serial_byte(value);
        }
    }

    void send_serial_byte(uint8_t value)
    {
        // Nobody is told if standard output is closed, as with a cable.
        (void)!write(STDOUT_FILENO, &value, 1);
    }

    bool is_serial_interrupt_raised()
    {
        return is_set(modem_control, interrupt_connected) && identify_interrupt() != no_interrupt;
    }

    void update_serial_port()
    {
        if (wants_input() && is_input_there(0))
        {
            port.has_received = read(STDIN_FILENO, &port.received, 1) == 1;
            port.input_ended  = !port.has_received;
        }
    }

    bool wait_for_serial_input()
    {
        constexpr int for_ever = -1;
        return wants_input() && is_set(interrupt_enable, receive_interrupt) && is_input_there(for_ever);
    }
}
