#include "lost_memory.hpp"

#include "bounded_work.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    namespace
    {
        struct memory_range
        {
            physical_address start;
            word             size;

            physical_address end() const
            {
                return start + size;
            }
        };

        /// Gathered, so that one walk over the tables serves many frames.
        constexpr word maximum_ranges = 4;

        memory_range ranges[maximum_ranges];
        word         range_count = 0;

        bool is_walking()
        {
            return list_walker == &ranges;
        }

        bool is_table(const capability_slot& slot)
        {
            return slot.type == capability_type::address_space || slot.type == capability_type::page_table;
        }

        word forget_in_table(const capability_slot& slot)
        {
            const bool is_root = slot.type == capability_type::address_space;
            for (word i = 0; i < range_count; i++)
            {
                hal::forget_physical_range(is_root ? slot.data.address_space.base : slot.data.page_table.base,
                    is_root ? hal::root_table_depth : slot.data.page_table.depth, ranges[i].start, ranges[i].size);
            }
            return range_count * work::searched_table;
        }
    }

    bool lost_memory::has_room()
    {
        return range_count < maximum_ranges;
    }

    bool lost_memory::is_empty()
    {
        return range_count == 0;
    }

    void lost_memory::add(physical_address start, word size)
    {
        // Tables that were visited know nothing of it yet.
        list_walker = is_walking() ? nullptr : list_walker;
        for (word i = 0; i < range_count; i++)
        {
            memory_range& range = ranges[i];
            if (range.start <= start && start + size <= range.end())
            {
                return;
            }
            // Frames made together are neighbours.
            if (start + size == range.start || range.end() == start)
            {
                range.start = start < range.start ? start : range.start;
                range.size += size;
                return;
            }
        }
        ranges[range_count++] = { start, size };
    }

    word lost_memory::forget_piece()
    {
        if (!is_walking())
        {
            list_walker = &ranges;
            list_cursor = capability_dependency_list;
        }
        for (word passed = 0; list_cursor != nullptr && !is_table(*list_cursor); passed++)
        {
            if (passed == work::slots_passed)
            {
                return work::slots_passed * work::passed_slot;
            }
            list_cursor = list_cursor->next;
        }
        if (list_cursor == nullptr)
        {
            hal::flush_translations();
            list_walker = nullptr;
            range_count = 0;
            return work::slots_passed * work::passed_slot;
        }
        // Tables that no address space refers to at the moment count too: they may be entered again.
        const word cost = forget_in_table(*list_cursor);
        list_cursor     = list_cursor->next;
        return cost;
    }
}
