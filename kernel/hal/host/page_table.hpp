// The format of the host's page tables.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    inline constexpr word page_table_entries = 512;
    /// Entries of a root table below this are the user's; the others are never used.
    inline constexpr word user_root_entries = 256;

    /// All zero: empty.
    struct page_table_entry
    {
        word page_number : 52; ///< of the table or page
        word is_table : 1;
        word is_page : 1;
        word is_writable : 1;
        word is_executable : 1;

        bool is_empty() const
        {
            return is_table == 0 && is_page == 0;
        }

        physical_address address() const
        {
            return page_number << abi::page_size_bits;
        }
    };

    static_assert(sizeof(page_table_entry) == sizeof(word));

    struct alignas(abi::page_size) page_table
    {
        page_table_entry entries[page_table_entries];
    };

    /// Base-2 logarithm of what one entry of a table of `depth` covers; depth 1 is the last level.
    constexpr word entry_size_bits(word depth)
    {
        return abi::page_size_bits + 9 * (depth - 1);
    }

    constexpr word entry_index(virtual_address address, word depth)
    {
        return address >> entry_size_bits(depth) & (page_table_entries - 1);
    }
}
