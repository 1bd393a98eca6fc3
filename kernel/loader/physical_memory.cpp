#include "physical_memory.hpp"

namespace loader
{
    using a9n::abi::memory_map_entry;
    using a9n::abi::memory_map_type;

    namespace
    {
        // Expansion cards; above them I/O APIC, local APIC and firmware, which are the kernel's own.
        constexpr memory_range device_window  = { 0xe000'0000, 0xfec0'0000 };
        constexpr memory_range kernel_devices = { 0xfec0'0000, 0x1'0000'0000 };

        struct map_builder
        {
            memory_map_entry* entries;
            word              capacity;
            word              count = 0;
            bool              overflow = false;

            void add(word start, word end, memory_map_type type)
            {
                if (end <= start)
                {
                    return;
                }
                memory_map_entry* last = count > 0 ? &entries[count - 1] : nullptr;
                if (last != nullptr && last->type == type
                    && last->start + (last->page_count << a9n::abi::page_size_bits) == start)
                {
                    last->page_count += (end - start) >> a9n::abi::page_size_bits;
                    return;
                }
                if (count == capacity)
                {
                    overflow = true;
                    return;
                }
                entries[count++] = { start, (end - start) >> a9n::abi::page_size_bits, type, 0 };
            }
        };

        /// The first range of the list that starts at or after `position` or contains it; nullptr if there is none.
        const memory_range* next_range(const range_list& list, word position)
        {
            const memory_range* next = nullptr;
            for (word i = 0; i < list.count; i++)
            {
                const memory_range& range = list.ranges[i];
                if (range.end > position && (next == nullptr || range.start < next->start))
                {
                    next = &range;
                }
            }
            return next;
        }

        void add_ram(map_builder& builder, const memory_range& ram, const range_list& reserved)
        {
            word position = ram.start;
            while (position < ram.end)
            {
                const memory_range* taken = next_range(reserved, position);
                if (taken == nullptr || taken->start >= ram.end)
                {
                    builder.add(position, ram.end, memory_map_type::free);
                    return;
                }
                const word taken_end = taken->end < ram.end ? taken->end : ram.end;
                builder.add(position, taken->start, memory_map_type::free);
                builder.add(taken->start > position ? taken->start : position, taken_end, memory_map_type::reserved);
                position = taken_end;
            }
        }
    }

    bool range_list::add(const memory_range& range)
    {
        if (count == capacity)
        {
            return false;
        }
        ranges[count++] = range;
        return true;
    }

    bool range_list::overlaps(const memory_range& range) const
    {
        for (word i = 0; i < count; i++)
        {
            if (ranges[i].overlaps(range))
            {
                return true;
            }
        }
        return false;
    }

    word find_place(const range_list& ram, const range_list& taken, word size)
    {
        word best = 0;
        // The lowest place starts where something ends.
        for (word candidate = 0; candidate < ram.count + taken.count; candidate++)
        {
            const word start = candidate < ram.count ? ram.ranges[candidate].start
                                                     : taken.ranges[candidate - ram.count].end;
            const memory_range place { start, start + size };
            bool is_ram = false;
            for (word i = 0; i < ram.count; i++)
            {
                is_ram |= ram.ranges[i].start <= place.start && place.end <= ram.ranges[i].end;
            }
            if (start != 0 && is_ram && !taken.overlaps(place) && (best == 0 || start < best))
            {
                best = start;
            }
        }
        return best;
    }

    word build_memory_map(const range_list& ram, const range_list& reserved, memory_map_entry* map, word capacity)
    {
        map_builder builder { map, capacity };
        bool        devices_added = false;
        for (const memory_range* range = next_range(ram, 0); range != nullptr; range = next_range(ram, range->end))
        {
            if (range->start >= kernel_devices.end && !devices_added)
            {
                builder.add(device_window.start, device_window.end, memory_map_type::device);
                builder.add(kernel_devices.start, kernel_devices.end, memory_map_type::reserved);
                devices_added = true;
            }
            add_ram(builder, *range, reserved);
        }
        if (!devices_added)
        {
            builder.add(device_window.start, device_window.end, memory_map_type::device);
            builder.add(kernel_devices.start, kernel_devices.end, memory_map_type::reserved);
        }
        return builder.overflow ? 0 : builder.count;
    }
}
