// What ULMM knows of a client: its address space, the regions it reserved, the page tables built for it.
#pragma once

#include "buddy-allocator.hpp"

#include <a9n/address-space.hpp>
#include <stdint.h>

namespace ulmm
{
    inline constexpr word client_radix           = 5;
    inline constexpr word client_count           = word { 1 } << client_radix;
    inline constexpr word regions_per_client     = 32;
    inline constexpr word page_tables_per_client = 32;

    enum class region_state : uint8_t
    {
        unused,
        reserved, ///< has memory
        mapped,   ///< and an address
    };

    /// Memory reserved for a client: some or all of one block, as frames of one size.
    struct region
    {
        region_state state       : 2 = region_state::unused;
        uint16_t     frame_order : 6 = 0; ///< a frame is 2^frame_order bytes
        uint16_t     first_frame     = 0; ///< slot in the frame node
        uint16_t     frame_count     = 0;
        block       *memory          = nullptr;
        word         address         = 0; ///< in the client's address space, if mapped

        word frame_size() const
        {
            return word { 1 } << frame_order;
        }

        word size() const
        {
            return frame_count * frame_size();
        }

        bool overlaps(word start, word end) const
        {
            return state == region_state::mapped && start < address + size() && address < end;
        }
    };

    struct client
    {
        bool               attached   = false;
        word               identifier = 0;
        a9n::address_space space {};
        region             regions[regions_per_client] {};
        block             *page_tables[page_tables_per_client] {};
        word               page_table_count = 0;

        /// A region handle is its index plus one, so that 0 is never valid.
        region *find_region(word handle)
        {
            if (handle == 0 || handle > regions_per_client || regions[handle - 1].state == region_state::unused)
            {
                return nullptr;
            }
            return &regions[handle - 1];
        }

        word handle_of(const region &member) const
        {
            return static_cast<word>(&member - regions) + 1;
        }

        region *find_unused_region()
        {
            for (region &candidate : regions)
            {
                if (candidate.state == region_state::unused)
                {
                    return &candidate;
                }
            }
            return nullptr;
        }

        const region *find_overlap(word start, word end) const
        {
            for (const region &candidate : regions)
            {
                if (candidate.overlaps(start, end))
                {
                    return &candidate;
                }
            }
            return nullptr;
        }
    };
}
