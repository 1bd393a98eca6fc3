#include "devices.hpp"

#include "../devices.hpp"
#include "../processor.hpp"
#include "real_time_clock.hpp"
#include "serial_port.hpp"
#include "user_mode.hpp"

#include <hal/interface/devices.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <sys/time.h>
#include <unistd.h>

namespace a9n::host
{
    bool ticks_at_each_look = false;

    namespace
    {
        constexpr word com1      = 0x3f8;
        constexpr word clock     = 0x70;
        constexpr word exit_port = 0xf4;

        constexpr suseconds_t tick_microseconds = 4000;

        bool is_unmasked[hal::interrupt_line_count];

        /// Triggers on the edge; an edge while it is masked is lost.
        struct interrupt_line
        {
            word irq;
            bool (*is_raised)();
            bool was_raised = false, is_pending = false;
        };

        interrupt_line lines[] { { 4, is_serial_interrupt_raised }, { 8, is_clock_interrupt_raised } };

        bool asks_for_processor(const interrupt_line& line)
        {
            return line.is_pending && is_unmasked[line.irq];
        }

        bool is_com1(word port)
        {
            return port - com1 < serial_port_size;
        }

        bool is_clock(word port)
        {
            return port - clock < clock_port_count;
        }

        uint8_t read_byte(word port)
        {
            constexpr uint8_t empty_bus = 0xff;
            return is_com1(port) ? read_serial_port(port - com1) : is_clock(port) ? read_clock(port - clock) : empty_bus;
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
            if (is_clock(port))
            {
                write_clock(port - clock, value);
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
        update_clock();
        for (interrupt_line& line : lines)
        {
            const bool is_raised = line.is_raised();
            line.is_pending |= is_raised && !line.was_raised && is_unmasked[line.irq];
            line.was_raised = is_raised;
        }
    }

    bool find_pending_interrupt(word& irq)
    {
        for (interrupt_line& line : lines)
        {
            const bool is_found = asks_for_processor(line);
            line.is_pending     = false;
            if (is_found)
            {
                irq = line.irq;
                return true;
            }
        }
        return false;
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
        constexpr timespec shortest_period { 0, 100'000 };
        if (is_clock_running())
        {
            nanosleep(&shortest_period, nullptr);
        }
        else if (!wait_for_serial_input())
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
        update_devices();
        return sigismember(&pending, SIGALRM) != 0 || std::ranges::any_of(lines, asks_for_processor);
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
