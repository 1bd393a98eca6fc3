// Devices of the host: 256 interrupt lines without hardware, and I/O ports that remember.
#include "devices.hpp"

#include "processor.hpp"

namespace a9n::host
{
    void (*on_effect)(const effect& happened) = nullptr;
    bool interrupt_waits                      = false;

    namespace
    {
        bool is_unmasked[hal::interrupt_line_count];

        /// Byte of each port, as its difference from initial_byte.
        uint8_t port_changes[hal::io_port_end];

        /// What is read from a port that was never written: the two bytes of its number, combined by exclusive or.
        constexpr uint8_t initial_byte(word port)
        {
            return static_cast<uint8_t>(port ^ port >> 8);
        }

        void tell(const effect& happened)
        {
            if (on_effect != nullptr)
            {
                on_effect(happened);
            }
        }
    }

    bool is_interrupt_masked(word irq)
    {
        return !is_unmasked[irq];
    }
}

namespace a9n::hal
{
    using namespace a9n::host;

    void write_console(char character)
    {
        tell({ effect_kind::console, 0, 0, static_cast<uint8_t>(character) });
    }

    const char* initialise_devices(const word*)
    {
        return nullptr;
    }

    void mask_interrupt(word irq)
    {
        is_unmasked[irq] = false;
    }

    void unmask_interrupt(word irq)
    {
        is_unmasked[irq] = true;
    }

    bool is_interrupt_pending()
    {
        return interrupt_waits;
    }

    word read_io_port(word port, word width)
    {
        word value = 0;
        for (word i = 0; i < width; i++)
        {
            value |= static_cast<word>(port_changes[port + i] ^ initial_byte(port + i)) << (8 * i);
        }
        tell({ effect_kind::io_read, port, width, value });
        return value;
    }

    void write_io_port(word port, word width, word data)
    {
        word written = 0;
        for (word i = 0; i < width; i++)
        {
            const auto byte        = static_cast<uint8_t>(data >> (8 * i));
            port_changes[port + i] = byte ^ initial_byte(port + i);
            written |= static_cast<word>(byte) << (8 * i);
        }
        tell({ effect_kind::io_write, port, width, written });
    }

    void halt()
    {
        stop_processor();
    }
}
