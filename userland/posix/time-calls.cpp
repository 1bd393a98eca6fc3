#include "time-calls.hpp"

#include "run.hpp"

namespace posix
{
    namespace
    {
        enum clock_identifier : uint32_t
        {
            clock_real_time = 0, clock_monotonic = 1, clock_process = 2, clock_thread = 3, clock_monotonic_raw = 4,
            clock_real_time_coarse = 5, clock_monotonic_coarse = 6, clock_boot_time = 7,
        };

        constexpr word flag_absolute = 1; // TIMER_ABSTIME

        constexpr int64_t maximum_seconds = int64_t { 1 } << 33;

        bool is_valid(const time_specification &given)
        {
            return given.seconds >= 0 && given.nanoseconds >= 0
                && given.nanoseconds < static_cast<int64_t>(nanoseconds_per_second);
        }

        uint64_t to_nanoseconds(const time_specification &given)
        {
            const int64_t seconds = given.seconds < maximum_seconds ? given.seconds : maximum_seconds;
            return static_cast<uint64_t>(seconds) * nanoseconds_per_second + static_cast<uint64_t>(given.nanoseconds);
        }

        result<uint64_t> read_clock(const call &made, uint32_t which)
        {
            switch (which)
            {
                case clock_real_time :
                case clock_real_time_coarse : return made.now.real_time;
                case clock_monotonic :
                case clock_monotonic_raw :
                case clock_monotonic_coarse :
                case clock_boot_time : return made.now.monotonic;
                case clock_process :
                case clock_thread :
                {
                    const usage_times &times = made.caller.owner->times;
                    return times.user + times.system;
                }
                default : return error::einval;
            }
        }

        outcome sleep_until_deadline(call &made)
        {
            return made.deadline_passed() ? outcome { word { 0 } } : outcome { outcome::kind::wait_once };
        }

        constexpr uint64_t clock_tick = nanoseconds_per_second / 100;

        struct timer_value
        {
            time_value interval, value;
        };

        constexpr uint32_t timer_real = 0; // ITIMER_REAL

        timer_value describe(const interval_timer &timer, instant now)
        {
            return { to_value(timer.interval),
                to_value(timer.deadline == never ? 0 : timer.deadline > now ? timer.deadline - now : 1000) };
        }

        result<uint64_t> to_nanoseconds(const time_value &given)
        {
            if (given.seconds < 0 || given.microseconds < 0 || given.microseconds >= 1'000'000)
            {
                return error::einval;
            }
            return to_nanoseconds(time_specification { given.seconds, given.microseconds * 1000 });
        }
    }

    time_specification to_specification(uint64_t nanoseconds)
    {
        return { static_cast<int64_t>(nanoseconds / nanoseconds_per_second),
            static_cast<int64_t>(nanoseconds % nanoseconds_per_second) };
    }

    time_value to_value(uint64_t nanoseconds)
    {
        return { static_cast<int64_t>(nanoseconds / nanoseconds_per_second),
            static_cast<int64_t>(nanoseconds % nanoseconds_per_second / 1000) };
    }

    result<instant> read_deadline(call &made, word address, bool is_absolute, bool is_real_time)
    {
        const result<time_specification> given = made.memory.read<time_specification>(address);
        if (!given)
        {
            return given.reason;
        }
        if (!is_valid(*given))
        {
            return error::einval;
        }
        const uint64_t wanted = to_nanoseconds(*given);
        if (!is_absolute)
        {
            return made.now.monotonic + wanted;
        }
        if (!is_real_time)
        {
            return wanted;
        }
        return wanted <= made.now.real_time ? made.now.monotonic : made.now.monotonic + (wanted - made.now.real_time);
    }

    void write_remaining_time(thread &sleeper)
    {
        constexpr word number_nanosleep = 35, number_clock_nanosleep = 230;
        word           address = 0;
        if (sleeper.number == number_nanosleep)
        {
            address = sleeper.arguments[1];
        }
        else if (sleeper.number == number_clock_nanosleep && (sleeper.arguments[1] & flag_absolute) == 0)
        {
            address = sleeper.arguments[3];
        }
        if (address != 0)
        {
            const instant deadline = sleeper.wait.deadline;
            const instant present  = now().monotonic;
            (void)sleeper.owner->memory->write(
                address, to_specification(deadline == never || deadline < present ? 0 : deadline - present));
        }
    }

    outcome clock_gettime(call &made)
    {
        const result<uint64_t> value = read_clock(made, static_cast<uint32_t>(made.arguments[0]));
        return value ? outcome { made.memory.write(made.arguments[1], to_specification(*value)) }
                     : outcome { value.reason };
    }

    outcome clock_getres(call &made)
    {
        const result<uint64_t> value = read_clock(made, static_cast<uint32_t>(made.arguments[0]));
        if (!value)
        {
            return value.reason;
        }
        return made.arguments[1] == 0 ? outcome { word { 0 } }
                                      : outcome { made.memory.write(made.arguments[1], time_specification { 0, 1 }) };
    }

    outcome clock_settime(call &)
    {
        return error::eperm;
    }

    outcome clock_nanosleep(call &made)
    {
        if (made.wait.deadline == never)
        {
            const auto clock = static_cast<uint32_t>(made.arguments[0]);
            if (clock == clock_thread || !read_clock(made, clock))
            {
                return error::einval;
            }
            const result<instant> deadline = read_deadline(made, made.arguments[2],
                (made.arguments[1] & flag_absolute) != 0, clock == clock_real_time);
            if (!deadline)
            {
                return deadline.reason;
            }
            made.wait.set_deadline(*deadline);
        }
        return sleep_until_deadline(made);
    }

    outcome nanosleep(call &made)
    {
        if (made.wait.deadline == never)
        {
            const result<instant> deadline = read_deadline(made, made.arguments[0], false, false);
            if (!deadline)
            {
                return deadline.reason;
            }
            made.wait.set_deadline(*deadline);
        }
        return sleep_until_deadline(made);
    }

    outcome gettimeofday(call &made)
    {
        if (made.arguments[0] != 0)
        {
            if (const status written = made.memory.write(made.arguments[0], to_value(made.now.real_time)); !written)
            {
                return written;
            }
        }
        if (made.arguments[1] != 0)
        {
            return made.memory.write(made.arguments[1], uint64_t { 0 }); // struct timezone: Greenwich
        }
        return word { 0 };
    }

    outcome time(call &made)
    {
        const word seconds = made.now.real_time / nanoseconds_per_second;
        if (made.arguments[0] != 0)
        {
            if (const status written = made.memory.write(made.arguments[0], seconds); !written)
            {
                return written;
            }
        }
        return seconds;
    }

    outcome times(call &made)
    {
        const process &owner = *made.caller.owner;
        if (made.arguments[0] != 0)
        {
            const int64_t ticks[] = { static_cast<int64_t>(owner.times.user / clock_tick),
                static_cast<int64_t>(owner.times.system / clock_tick),
                static_cast<int64_t>(owner.children_times.user / clock_tick),
                static_cast<int64_t>(owner.children_times.system / clock_tick) };
            if (const status written = made.memory.copy_out(made.arguments[0], ticks, sizeof(ticks)); !written)
            {
                return written;
            }
        }
        return made.now.monotonic / clock_tick;
    }

    outcome getrusage(call &made)
    {
        struct resource_usage
        {
            time_value user, system;
            int64_t    maximum_resident;
            int64_t    others[13];
        };
        constexpr int32_t of_self = 0, of_children = -1, of_thread = 1;
        const process    &owner   = *made.caller.owner;
        const auto        whose   = static_cast<int32_t>(made.arguments[0]);
        if (whose != of_self && whose != of_children && whose != of_thread)
        {
            return error::einval;
        }
        const usage_times &times = whose == of_children ? owner.children_times : owner.times;
        resource_usage     usage {};
        usage.user   = to_value(times.user);
        usage.system = to_value(times.system);
        if (whose != of_children)
        {
            usage.maximum_resident = static_cast<int64_t>(machine::usage(owner.memory->space).present / 1024);
        }
        return made.memory.write(made.arguments[1], usage);
    }

    outcome alarm(call &made)
    {
        interval_timer &timer    = made.caller.owner->real_timer;
        const instant   left     = timer.deadline == never ? 0 : timer.deadline - made.now.monotonic;
        const word      previous = left == 0 ? 0 : (left + nanoseconds_per_second - 1) / nanoseconds_per_second;
        const auto      seconds  = static_cast<uint32_t>(made.arguments[0]);
        timer = { seconds == 0 ? never : made.now.monotonic + seconds * nanoseconds_per_second, 0 };
        deadline_has_changed();
        return previous;
    }

    outcome setitimer(call &made)
    {
        if (static_cast<uint32_t>(made.arguments[0]) != timer_real)
        {
            return error::einval;
        }
        interval_timer     &timer    = made.caller.owner->real_timer;
        const timer_value   previous = describe(timer, made.now.monotonic);
        result<timer_value> wanted   = timer_value {};
        if (made.arguments[1] != 0)
        {
            wanted = made.memory.read<timer_value>(made.arguments[1]);
            if (!wanted)
            {
                return wanted.reason;
            }
        }
        const result<uint64_t> value    = to_nanoseconds(wanted->value);
        const result<uint64_t> interval = to_nanoseconds(wanted->interval);
        if (!value || !interval)
        {
            return error::einval;
        }
        if (made.arguments[2] != 0)
        {
            if (const status written = made.memory.write(made.arguments[2], previous); !written)
            {
                return written;
            }
        }
        timer = { *value == 0 ? never : made.now.monotonic + *value, *value == 0 ? 0 : *interval };
        deadline_has_changed();
        return word { 0 };
    }

    outcome getitimer(call &made)
    {
        if (static_cast<uint32_t>(made.arguments[0]) != timer_real)
        {
            return error::einval;
        }
        return made.memory.write(made.arguments[1], describe(made.caller.owner->real_timer, made.now.monotonic));
    }
}
