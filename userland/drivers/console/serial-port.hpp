// The registers of a 16550 UART.
#pragma once

#include <a9n/io-port.hpp>

namespace console
{
    using a9n::word;

    class serial_port
    {
    public:
        constexpr serial_port(a9n::io_port ports, word first) : ports(ports), first(first)
        {
        }

        /// Queues on, modem lines up, interrupts for received bytes.
        void begin() const;

        /// Whether the interrupt comes when the transmitter has nothing left to send, too.
        void announce_empty_transmitter(bool announced) const;

        /// Whether the device has a reason for its interrupt. Asking takes back the announcement of the empty transmitter.
        bool has_reason_for_interrupt() const;

        /// Whether a byte was waiting; it is then in `byte`.
        bool read(unsigned char &byte) const;

        /// How many bytes can be written now.
        word room() const;
        void write(unsigned char byte) const;

    private:
        word get(word index) const;
        void set(word index, word value) const;

        a9n::io_port ports;
        word         first;
    };
}
