// Kernel console on COM1, polled: 115200 baud, 8N1 (16550 data sheet).
#include "serial_console.hpp"

#include "cpu.hpp"

#include <hal/interface/devices.hpp>

namespace a9n::hal
{
    namespace
    {
        constexpr uint16_t com1 = 0x3f8;

        enum serial_register : uint16_t
        {
            data             = com1 + 0,
            interrupt_enable = com1 + 1,
            fifo_control     = com1 + 2,
            line_control     = com1 + 3,
            modem_control    = com1 + 4,
            line_status      = com1 + 5,
        };

        constexpr uint8_t transmitter_empty = 0x20;
        constexpr uint8_t absent_device     = 0xff; // an empty bus
    }

    void initialise_console()
    {
        cpu::out8(interrupt_enable, 0);
        cpu::out8(line_control, 0x80); // divisor latch
        cpu::out8(data, 1);
        cpu::out8(interrupt_enable, 0);
        cpu::out8(line_control, 0x03);
        cpu::out8(fifo_control, 0x07);
        cpu::out8(modem_control, 0x0b);
    }

    void write_console(char character)
    {
        uint8_t status = cpu::in8(line_status);
        while ((status & transmitter_empty) == 0)
        {
            status = cpu::in8(line_status);
        }
        if (status != absent_device)
        {
            cpu::out8(data, static_cast<uint8_t>(character));
        }
    }
}
