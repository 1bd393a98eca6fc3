// Units of time: ticks of the time-stamp counter, counts of the 8254, nanoseconds.
#pragma once

#include <timer/protocol.hpp>

namespace timer
{
    inline constexpr word pit_frequency          = 1'193'182;
    inline constexpr word longest_pit_count      = 0xffff;
    inline constexpr word nanoseconds_per_second = 1'000'000'000;

    /// For a counter of that frequency, from 1 Hz on.
    constexpr clock_factors factors_of(word ticks_per_second)
    {
        constexpr word shift = 32;
        return { ((nanoseconds_per_second << shift) + ticks_per_second / 2) / ticks_per_second, shift };
    }

    /// Counts that last at least so long; the longest there is if that is not enough, the shortest for nothing.
    constexpr word pit_counts(word nanoseconds)
    {
        constexpr word longest = longest_pit_count * nanoseconds_per_second / pit_frequency;
        if (nanoseconds >= longest)
        {
            return longest_pit_count;
        }
        const word counts = (nanoseconds * pit_frequency + nanoseconds_per_second - 1) / nanoseconds_per_second;
        return counts == 0 ? 1 : counts;
    }

    /// Frequency of a counter that made `ticks` while the 8254 counted down by `counts`; 0 if it did not.
    constexpr word measured_frequency(word ticks, word counts)
    {
        return counts == 0 ? 0 : ticks * pit_frequency / counts;
    }
}
