// A 16550 UART, driven by polling for output and by interrupts for input.
#pragma once

#include <a9n/io-port.hpp>
#include <runtime/text.hpp>

namespace console
{
    using a9n::word;

    class serial_port
    {
    public:
        serial_port(a9n::io_port ports, word first) : ports(ports), first(first)
        {
        }

        /// Asks the device to raise its interrupt for received bytes.
        void enable_receive_interrupt() const;

        /// Whether a byte was waiting; it is then in `byte`.
        bool read(unsigned char &byte) const;

        /// Writes one byte, waiting until the device takes it.
        void write(unsigned char byte) const;

        /// Line ends go out as they are, like those of the kernel's console: the terminal adds carriage returns.
        void write(runtime::text characters) const;

    private:
        word get(word index) const;
        void set(word index, word value) const;

        a9n::io_port ports;
        word         first;
    };
}
