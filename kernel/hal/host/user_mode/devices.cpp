#include "devices.hpp"

#include "../devices.hpp"
#include "../processor.hpp"
#include "serial_port.hpp"
#include "user_mode.hpp"

#include <hal/interface/devices.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/time.h>
#include <unistd.h>

namespace a9n::host
{
    bool ticks_at_each_look = false;

    namespace
    {
        constexpr word com1 = 0x3f8, com1_irq = 4;
        constexpr word exit_port = 0xf4;

        constexpr suseconds_t tick_microseconds = 4000;

        bool is_unmasked[hal::interrupt_line_count];

        // COM1's line triggers on its edge; an edge while it is masked is lost.
        bool com1_line = false, com1_pending = false;

        bool is_com1(word port)
        {
            return port - com1 < serial_port_size;
        }

        uint8_t read_byte(word port)
        {
            constexpr uint8_t empty_bus = 0xff;
            return is_com1(port) ? read_serial_port(port - com1) : empty_bus;
        }

        void write_byte(word port, uint8_t value)
        {
            if (port == exit_port)
            {
                _exit(value);
            }
            if (is_com1(port))
            {
                write_serial_port(port - com1, value);
            }
        }
    }

    bool is_interrupt_masked(word irq)
    {
        return !is_unmasked[irq];
    }

    void update_devices()
    {
        update_serial_port();
        const bool line = is_serial_interrupt_raised();
        com1_pending |= line && !com1_line && is_unmasked[com1_irq];
        com1_line = line;
    }

    bool find_pending_interrupt(word& irq)
    {
        const bool is_found = com1_pending && is_unmasked[com1_irq];
        com1_pending        = false;
        irq                 = com1_irq;
        return is_found;
    }

    bool take_timer_tick()
    {
        sigset_t timer;
        sigemptyset(&timer);
        sigaddset(&timer, SIGALRM);
        constexpr timespec no_wait {};
        return sigtimedwait(&timer, nullptr, &no_wait) == SIGALRM;
    }

    void wait_for_devices()
    {
        if (!wait_for_serial_input())
        {
            give_up("every process waits, and no device will ever interrupt");
        }
    }
}

namespace a9n::hal
{
    using namespace a9n::host;

    void write_console(char character)
    {
        send_serial_byte(static_cast<uint8_t>(character));
    }

    const char* initialise_devices(const word*)
    {
        const itimerval interval { { 0, tick_microseconds }, { 0, tick_microseconds } };
        return setitimer(ITIMER_REAL, &interval, nullptr) == 0 ? nullptr : strerror(errno);
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
        if (ticks_at_each_look)
        {
            raise(SIGALRM);
        }
        sigset_t pending;
        sigpending(&pending);
        return sigismember(&pending, SIGALRM) != 0 || (com1_pending && is_unmasked[com1_irq]);
    }

    word read_io_port(word port, word width)
    {
        word value = 0;
        for (word i = 0; i < width; i++)
        {
            value |= word { read_byte(port + i) } << (8 * i);
        }
        update_devices();
        return value;
    }

    void write_io_port(word port, word width, word data)
    {
        for (word i = 0; i < width; i++)
        {
            write_byte(port + i, static_cast<uint8_t>(data >> (8 * i)));
        }
        update_devices();
    }

    void halt()
    {
        stop_processor();
    }
}
