#include "real_time_clock.hpp"

#include <ctime>

namespace a9n::host
{
    namespace
    {
        enum clock_register : word
        {
            rate  = 0x0a,
            modes = 0x0b,
            flags = 0x0c,
        };

        // rate
        constexpr uint8_t rate_mask = 15, divider_mask = 7 << 4, divider_runs = 2 << 4, at_1024_hertz = 6;
        // modes and flags
        constexpr uint8_t periodic = 1 << 6;
        // modes
        constexpr uint8_t with_24_hours = 1 << 1;
        // flags
        constexpr uint8_t interrupt_requested = 1 << 7;

        constexpr word register_count   = 128;
        constexpr word ticks_per_second = 32'768, nanoseconds_per_second = 1'000'000'000;

        struct
        {
            uint8_t registers[register_count];
            word    selected;
            word    passed; ///< periods that have had their effect
        } clock { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, divider_runs | at_1024_hertz, with_24_hours }, 0, 0 };

        /// In ticks; 0 if there is none.
        word period()
        {
            const word selected = clock.registers[rate] & rate_mask;
            const bool is_still = selected == 0 || (clock.registers[rate] & divider_mask) != divider_runs;
            return is_still ? 0 : word { 1 } << (selected < 3 ? selected + 6 : selected - 1);
        }

        word periods_passed()
        {
            timespec now {};
            clock_gettime(CLOCK_MONOTONIC, &now);
            const auto ticks = static_cast<word>(now.tv_sec) * ticks_per_second
                + static_cast<word>(now.tv_nsec) * ticks_per_second / nanoseconds_per_second;
            return period() == 0 ? 0 : ticks / period();
        }
    }

    uint8_t read_clock(word index)
    {
        constexpr uint8_t not_readable = 0xff;
        if (index == 0)
        {
            return not_readable;
        }
        update_clock();
        const uint8_t value = clock.registers[clock.selected];
        if (clock.selected != flags)
        {
            return value;
        }
        const bool is_raised   = is_clock_interrupt_raised();
        clock.registers[flags] = 0;
        return value | (is_raised ? interrupt_requested : 0);
    }

    void write_clock(word index, uint8_t value)
    {
        if (index == 0)
        {
            clock.selected = value % register_count;
            return;
        }
        update_clock();
        if (clock.selected != flags)
        {
            clock.registers[clock.selected] = value;
        }
        clock.passed = periods_passed();
    }

    bool is_clock_interrupt_raised()
    {
        return (clock.registers[flags] & clock.registers[modes] & periodic) != 0;
    }

    void update_clock()
    {
        const word passed = periods_passed();
        if (passed != clock.passed)
        {
            clock.registers[flags] |= periodic;
            clock.passed = passed;
        }
    }

    bool is_clock_running()
    {
        return period() != 0 && (clock.registers[modes] & periodic) != 0;
    }
}
