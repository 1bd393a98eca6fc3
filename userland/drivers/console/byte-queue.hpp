// Bytes on their way, first in, first out.
#pragma once

#include <a9n/abi.hpp>
#include <stdint.h>

namespace console
{
    using a9n::abi::word;

    template<word Capacity>
    class byte_queue
    {
    public:
        word size() const
        {
            return count;
        }

        bool is_full() const
        {
            return count == Capacity;
        }

        /// Whether there was room.
        bool put(uint8_t byte)
        {
            if (is_full())
            {
                return false;
            }
            bytes[(first + count++) % Capacity] = byte;
            return true;
        }

        /// Whether there was one; it is then in `byte`.
        bool take(uint8_t &byte)
        {
            if (count == 0)
            {
                return false;
            }
            byte  = bytes[first];
            first = (first + 1) % Capacity;
            --count;
            return true;
        }

    private:
        uint8_t bytes[Capacity] {};
        word    first = 0;
        word    count = 0;
    };
}
