// Which physical memory there is, and the map of it that the kernel gets.
#pragma once

#include <a9n/abi.hpp>

namespace loader
{
    using a9n::abi::word;

    /// [start, end), page-aligned.
    struct memory_range
    {
        word start;
        word end;

        bool overlaps(const memory_range& other) const
        {
            return start < other.end && other.start < end;
        }
    };

    constexpr word page_floor(word address)
    {
        return address & ~(a9n::abi::page_size - 1);
    }

    constexpr word page_ceiling(word address)
    {
        return page_floor(address + a9n::abi::page_size - 1);
    }

    struct range_list
    {
        static constexpr word capacity = 32;

        memory_range ranges[capacity];
        word         count = 0;

        /// False if the list is full.
        bool add(const memory_range& range);
        bool overlaps(const memory_range& range) const;
    };

    /// Lowest place for `size` bytes inside `ram` that overlaps nothing in `taken`; 0 if there is none.
    word find_place(const range_list& ram, const range_list& taken, word size);

    /// Fills `map` in ascending order: RAM is free but for `reserved`; the window of expansion cards below the I/O APIC is
    /// device memory. Returns the number of entries, at most `capacity`; 0 if they do not fit.
    word build_memory_map(
        const range_list& ram, const range_list& reserved, a9n::abi::memory_map_entry* map, word capacity);
}
