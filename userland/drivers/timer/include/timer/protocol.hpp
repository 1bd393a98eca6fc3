// Requests to the timer driver. Payload word 0 is the request, the reply's payload word 0 a `reply_code`. `client.hpp`
// has the requests as functions.
//
// Monotonic time is nanoseconds since the processor started, computed by everyone alone from the time-stamp counter (RDTSC), with factors
// that the driver measured. They hold as long as the machine runs: ask once and keep them, also if the driver is started again.
#pragma once

#include <a9n/abi.hpp>

namespace timer
{
    using a9n::abi::word;

    enum class request : word
    {
        clock = 1, ///< → multiplier, shift (see `clock_factors`), ticks of the time-stamp counter per second
        /// Transfers a notification capability (WRITE, identified with a flag of the client's choice) for the client's alarm.
        attach = 2,
        /// Monotonic nanoseconds: the client is notified once when they have passed, at once if they have already. A client has one
        /// alarm: this replaces it. Needs `attach` before.
        set_alarm    = 3,
        cancel_alarm = 4, ///< no notification follows, but one may have been sent already
    };

    enum class reply_code : word
    {
        ok               = 0,
        unknown_request  = 1,
        invalid_argument = 2, ///< no notification capability
        not_attached     = 3,
        too_many_clients = 4,
    };

    inline constexpr word maximum_clients = 16;

    /// nanoseconds = ticks · multiplier / 2^shift, in 128 bits.
    struct clock_factors
    {
        word multiplier = 0;
        word shift      = 0;

        constexpr word nanoseconds(word ticks) const
        {
            return static_cast<word>(static_cast<unsigned __int128>(ticks) * multiplier >> shift);
        }
    };

    inline word read_time_stamp()
    {
        word low, high;
        asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
        return high << 32 | low;
    }
}
