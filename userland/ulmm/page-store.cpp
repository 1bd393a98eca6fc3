#include "page-store.hpp"

namespace ulmm
{
    namespace
    {
        /// Physical memory in the server's own address space: address p, if it is there, at this + p.
        constexpr word view_base = 0x1200'0000'0000;

        constexpr word most_chunks_kept = 128; ///< unused ones: 8 MiB

        constexpr word largest_chunk(word kind)
        {
            return minimum_order + (kind == 0 ? chunk_bits : 2);
        }

        /// Not the compiler's, which would need its library.
        word count_places(unsigned places)
        {
            word count = 0;
            for (; places != 0; places &= places - 1)
            {
                ++count;
            }
            return count;
        }

        // `rep`, because these are most of the work of a fault.
        void clear_page(word *target)
        {
            word count = page_size / sizeof(word);
            asm volatile("rep stosq" : "+D"(target), "+c"(count) : "a"(word { 0 }) : "memory");
        }

        void copy_page(word *target, const word *source)
        {
            word count = page_size / sizeof(word);
            asm volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
        }
    }

    page_store::page_store(own_memory &memory, block_table &blocks, a9n::node top, word leaf_radix)
        : memory(memory), blocks(blocks), objects(memory, top, leaf_radix)
    {
    }

    outcome<page_number> page_store::take_page(bool cleared)
    {
        return take(frames, cleared);
    }

    outcome<page_number> page_store::take_table(word depth)
    {
        return take(depth, false);
    }

    outcome<page_number> page_store::take(word kind, bool cleared)
    {
        const outcome<chunk *> found = chunk_with_room(kind);
        if (!found)
        {
            return found.code;
        }
        chunk         &from   = *found.value;
        const unsigned free   = from.all & ~from.used;
        const auto     place  = static_cast<word>(__builtin_ctz(free));
        const auto     bit    = static_cast<uint16_t>(1u << place);
        const auto     number = static_cast<page_number>(from.first + place);
        if (cleared && (from.dirty & bit) != 0)
        {
            word *contents = view(number);
            if (contents == nullptr)
            {
                return reply_code::out_of_memory;
            }
            clear_page(contents);
        }
        from.dirty |= kind == frames ? bit : 0;
        if (from.used == 0)
        {
            --unused_chunks;
            stocks[kind].partly.push_front(from);
        }
        from.used |= bit;
        if (from.used == from.all)
        {
            from.link.unlink();
        }
        --unused_pages;
        from.pages[place] = page { .chunk_kind = static_cast<uint8_t>(kind) };
        return number;
    }

    outcome<chunk *> page_store::chunk_with_room(word kind)
    {
        stock &own = stocks[kind];
        if (chunk *partly = own.partly.front())
        {
            return partly;
        }
        if (chunk *unused = own.unused.front())
        {
            return unused;
        }
        return make_chunk(kind);
    }

    block *page_store::allocate_block(word order)
    {
        memory.prepare(blocks);
        return blocks.allocate(order);
    }

    outcome<chunk *> page_store::make_chunk(word kind)
    {
        if (spare.empty())
        {
            const page_number number = static_cast<page_number>(chunks.empty() ? 1 : chunks.size());
            auto             *made   = runtime::create<chunk>();
            if (made == nullptr)
            {
                return reply_code::out_of_memory;
            }
            made->store = this;
            made->first = number << chunk_bits;
            if (!objects.reach(made->first) || (chunks.empty() && !chunks.push_back(nullptr)) || !chunks.push_back(made))
            {
                runtime::destroy(made);
                return reply_code::out_of_memory;
            }
            spare.push_front(*made);
        }
        chunk &made = *spare.front();
        do
        {
            for (word order = largest_chunk(kind); order >= minimum_order; --order)
            {
                if (fill_chunk(made, kind, order))
                {
                    return &made;
                }
            }
        } while (give_back());
        return reply_code::out_of_memory;
    }

    bool page_store::fill_chunk(chunk &made, word kind, word order)
    {
        block *whole = allocate_block(order);
        if (whole == nullptr)
        {
            return false;
        }
        const word count   = word { 1 } << (order - minimum_order);
        const auto type    = kind == frames ? a9n::capability_type::frame : a9n::capability_type::page_table;
        const word details = kind == frames ? page_size_bits : kind;
        const a9n::node    destination = objects.node_of(made.first);
        const word         position    = objects.position(made.first);
        const a9n::generic generic     = blocks.generic_of(*whole);
        if (!generic.convert(type, details, count, destination, position))
        {
            blocks.release(*whole, true);
            return false;
        }
        made.memory = whole;
        made.all    = static_cast<uint16_t>((1u << count) - 1);
        made.used   = 0;
        made.dirty  = 0;
        made.viewed = 0;
        made.lost   = 0;
        unused_pages += count;
        ++unused_chunks;
        stocks[kind].unused.push_front(made);
        return true;
    }

    void page_store::put_back(page_number number)
    {
        chunk      &whole = *chunks[number >> chunk_bits];
        const auto  bit   = static_cast<uint16_t>(1u << number % chunk_pages);
        const word  kind  = (*this)[number].chunk_kind;
        whole.used       &= static_cast<uint16_t>(~bit);
        ++unused_pages;
        if (whole.used == whole.lost && whole.lost != 0)
        {
            whole.link.unlink();
            unused_pages -= count_places(static_cast<unsigned>(whole.all & ~whole.lost));
            withdraw(whole);
            return;
        }
        if (whole.used != 0)
        {
            if (!whole.link.is_linked())
            {
                stocks[kind].partly.push_front(whole);
            }
            return;
        }
        stocks[kind].unused.push_front(whole);
        if (++unused_chunks > most_chunks_kept)
        {
            (void)give_back();
        }
    }

    void page_store::lose(page_number number)
    {
        chunk     &whole = *chunks[number >> chunk_bits];
        const auto bit   = static_cast<uint16_t>(1u << number % chunk_pages);
        whole.lost      |= bit;
        if (whole.used == whole.lost)
        {
            whole.link.unlink();
            unused_pages -= count_places(static_cast<unsigned>(whole.all & ~whole.lost));
            withdraw(whole);
        }
    }

    /// Its block is revoked when it is used again or merged, so that neighbours go together.
    void page_store::withdraw(chunk &gone)
    {
        blocks.put_back(*gone.memory, false, &gone);
    }

    void chunk::taken_back()
    {
        memory = nullptr;
        store->spare.push_front(*this);
    }

    bool page_store::give_back()
    {
        bool any = false;
        for (stock &each : stocks)
        {
            while (chunk *unused = each.unused.front())
            {
                any           = true;
                unused->link.unlink();
                unused_pages -= count_places(unused->all);
                --unused_chunks;
                withdraw(*unused);
            }
        }
        if (any)
        {
            blocks.settle_all();
        }
        return any;
    }

    word *page_store::view(page_number number)
    {
        chunk     &whole   = *chunks[number >> chunk_bits];
        const word place   = number % chunk_pages;
        const word address = view_base + whole.memory->address + place * page_size;
        const auto bit     = static_cast<uint16_t>(1u << place);
        if ((whole.viewed & bit) == 0)
        {
            if (!memory.map(frame(number), address))
            {
                return nullptr;
            }
            whole.viewed |= bit;
        }
        return reinterpret_cast<word *>(address);
    }

    bool page_store::copy_contents(page_number from, page_number to)
    {
        const word *source = view(from);
        word       *target = view(to);
        if (source == nullptr || target == nullptr)
        {
            return false;
        }
        copy_page(target, source);
        return true;
    }
}
