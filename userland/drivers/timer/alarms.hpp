// Which client wants to be woken when, in monotonic nanoseconds.
#pragma once

#include <a9n/abi.hpp>

namespace timer
{
    using a9n::abi::word;

    inline constexpr word never = ~word { 0 };

    template<word Capacity>
    class alarms
    {
    public:
        void set(word client, word when)
        {
            times[client] = when < never ? when + 1 : never;
        }

        void cancel(word client)
        {
            times[client] = 0;
        }

        /// The earliest, or never.
        word next() const
        {
            word earliest = never;
            for (const word each : times)
            {
                earliest = each != 0 && each - 1 < earliest ? each - 1 : earliest;
            }
            return earliest;
        }

        /// A client whose time has come, its alarm then cancelled; `Capacity` if there is none.
        word take_due(word now)
        {
            for (word i = 0; i < Capacity; ++i)
            {
                if (times[i] != 0 && times[i] - 1 <= now)
                {
                    times[i] = 0;
                    return i;
                }
            }
            return Capacity;
        }

    private:
        word times[Capacity] {}; ///< 0: none; else one more than the time, so that all zeros is empty
    };
}
