#include "process-pages.hpp"

#include <runtime/memory.hpp>

namespace koito
{
    using a9n::abi::page_size;
    using a9n::abi::page_size_bits;

    namespace
    {
        /// Where KOITO maps a new process's pages, one after the other, to fill them.
        constexpr word window_address = 0x4000'0000;

        /// Makes the page tables missing on the way to `address` from `memory`, in slots `next_slot`… of `tables`.
        a9n::status add_page_tables(
            a9n::address_space space, word address, a9n::generic memory, a9n::node tables, word &next_slot)
        {
            for (;;)
            {
                const a9n::result<word> depth = space.missing_table_depth(address, page_size_bits);
                if (!depth)
                {
                    return depth.error;
                }
                if (*depth == 0)
                {
                    return {};
                }
                const a9n::status made =
                    memory.convert(a9n::capability_type::page_table, *depth, 1, tables, next_slot);
                if (!made)
                {
                    return made;
                }
                const a9n::page_table table { tables[next_slot++] };
                if (const a9n::status mapped = space.map(table, address); !mapped)
                {
                    return mapped;
                }
            }
        }

        /// Copies the part of the segment's contents that belongs on the page at `page` of the process.
        a9n::status fill_frame(a9n::frame target, word page, const elf_segment &segment)
        {
            const word contents_end = segment.address + segment.contents.size;
            const word start        = page > segment.address ? page : segment.address;
            const word end          = page + page_size < contents_end ? page + page_size : contents_end;
            if (start >= end)
            {
                return {}; // only zeros
            }
            return write_frame(target, start - page, segment.contents.data + (start - segment.address), end - start);
        }

        a9n::access access_of(const elf_segment &segment)
        {
            if (segment.writable)
            {
                return segment.executable ? a9n::access::read_write_execute : a9n::access::read_write;
            }
            return segment.executable ? a9n::access::read_execute : a9n::access::read;
        }
    }

    a9n::status open_window(a9n::generic memory)
    {
        word next_slot = static_cast<word>(own::window_tables);
        return add_page_tables(own_address_space, window_address, memory, root, next_slot);
    }

    a9n::status write_frame(a9n::frame target, word offset, const void *data, word size)
    {
        if (const a9n::status mapped = own_address_space.map(target, window_address, a9n::access::read_write); !mapped)
        {
            return mapped;
        }
        memcpy(reinterpret_cast<void *>(window_address + offset), data, size);
        return own_address_space.unmap(target, window_address);
    }

    a9n::status page_builder::map_next(word address, a9n::access permitted)
    {
        const a9n::status ready = add_page_tables(target.space(), address, target.memory(), tables, next_table);
        if (!ready)
        {
            return ready;
        }
        return target.space().map(a9n::frame { frames[next_frame++] }, address, permitted);
    }

    a9n::status page_builder::map_segment(const elf_segment &segment)
    {
        for (word page = segment.first_page(); page < segment.page_end(); page += page_size)
        {
            const a9n::frame target_frame { frames[next_frame] };
            if (const a9n::status filled = fill_frame(target_frame, page, segment); !filled)
            {
                return filled;
            }
            if (const a9n::status mapped = map_next(page, access_of(segment)); !mapped)
            {
                return mapped;
            }
        }
        return {};
    }

    a9n::status page_builder::map_stack()
    {
        for (word page = stack_top - stack_pages * page_size; page < stack_top; page += page_size)
        {
            if (const a9n::status mapped = map_next(page, a9n::access::read_write); !mapped)
            {
                return mapped;
            }
        }
        return {};
    }

    a9n::status page_builder::map_image(const image_pages &pages, word address)
    {
        constexpr word table_coverage = word { 1 } << 21;
        for (word i = 0; i < pages.count; ++i)
        {
            const word page = address + i * page_size;
            if (page % table_coverage == 0)
            {
                const a9n::status ready = add_page_tables(target.space(), page, target.memory(), tables, next_table);
                if (!ready)
                {
                    return ready;
                }
            }
            const a9n::status mapped
                = target.space().map(a9n::frame { frame_node[pages.first + i] }, page, a9n::access::read);
            if (!mapped)
            {
                return mapped;
            }
        }
        return {};
    }
}
