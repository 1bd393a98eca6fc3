// Cutting an address range into the fewest blocks of a power of two bytes, each aligned to its own size.
#pragma once

#include <a9n/abi.hpp>

namespace runtime
{
    struct aligned_block
    {
        a9n::abi::word address;
        a9n::abi::word size_bits;

        constexpr a9n::abi::word end() const
        {
            return address + (a9n::abi::word { 1 } << size_bits);
        }
    };

    /// The largest aligned block that starts at `start` and does not reach beyond `end`. Requires start < end.
    constexpr aligned_block first_aligned_block(a9n::abi::word start, a9n::abi::word end)
    {
        a9n::abi::word size_bits = 0;
        while (size_bits < 63)
        {
            const a9n::abi::word doubled = a9n::abi::word { 2 } << size_bits;
            if (start % doubled != 0 || doubled > end - start)
            {
                break;
            }
            ++size_bits;
        }
        return { start, size_bits };
    }

    static_assert(first_aligned_block(0x3000, 0x13000).size_bits == 12);
    static_assert(first_aligned_block(0x4000, 0x13000).size_bits == 14);
    static_assert(first_aligned_block(0x10000, 0x13000).size_bits == 13);
}
