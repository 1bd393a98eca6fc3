// Clocks, sleeping, alarms, and the time structures others share.
#pragma once

#include "call.hpp"

namespace posix
{
    struct time_specification
    {
        int64_t seconds;
        int64_t nanoseconds;
    };

    struct time_value
    {
        int64_t seconds;
        int64_t microseconds;
    };

    inline constexpr uint64_t nanoseconds_per_second = 1'000'000'000;

    /// A struct timespec of the program as an instant of the monotonic clock. EINVAL, EFAULT.
    result<instant> read_deadline(call &made, word address, bool is_absolute, bool is_real_time);

    time_specification to_specification(uint64_t nanoseconds);
    time_value         to_value(uint64_t nanoseconds);

    /// What is left of a sleep that a signal ends, to where the program wants it.
    void write_remaining_time(thread &sleeper);

    outcome clock_gettime(call &made);
    outcome clock_getres(call &made);
    outcome clock_settime(call &made);
    outcome clock_nanosleep(call &made);
    outcome nanosleep(call &made);
    outcome gettimeofday(call &made);
    outcome time(call &made);
    outcome times(call &made);
    outcome getrusage(call &made);
    outcome alarm(call &made);
    outcome setitimer(call &made);
    outcome getitimer(call &made);
}
