// The format of page tables (Intel SDM volume 3, section 4.5), for user address spaces and the kernel's own.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::hal
{
    using page_table_entry = word;

    inline constexpr word page_table_entries = 512;

    struct alignas(4096) page_table
    {
        page_table_entry entries[page_table_entries];
    };

    enum page_table_flag : word
    {
        present       = 1 << 0,
        writable      = 1 << 1,
        user          = 1 << 2,
        write_through = 1 << 3,
        no_cache      = 1 << 4,
        large_page    = 1 << 7,
        no_execute    = word { 1 } << 63,
    };

    constexpr physical_address entry_address(page_table_entry entry)
    {
        return entry & 0x000f'ffff'ffff'f000;
    }

    /// Base-2 logarithm of what one entry of a table of `depth` covers; depth 1 is the last level.
    constexpr word entry_size_bits(word depth)
    {
        return 12 + 9 * (depth - 1);
    }

    constexpr word entry_index(virtual_address address, word depth)
    {
        return address >> entry_size_bits(depth) & (page_table_entries - 1);
    }

    inline constexpr virtual_address direct_map_base = 0xffff'8000'0000'0000;
    /// Entries of a PML4 below this are the user's.
    inline constexpr word user_root_entries = 256;
}
