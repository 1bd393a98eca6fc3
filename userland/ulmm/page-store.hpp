// Pages (frames of 4 KiB) and page tables, made in chunks of up to sixteen from one block.
//
// Taking a frame or table from the kernel makes it search every page table there is for entries, so a single page is not
// taken back: the server itself removes the entries, keeps the capability, and clears the page when it serves
// again. A chunk that is all unused is given back to the policy in the company of others, when there are many or memory is
// wanted.
#pragma once

#include "block-table.hpp"

#include <runtime/list.hpp>

namespace ulmm
{
    struct client;
    struct memory_object;

    using page_number = uint32_t;
    inline constexpr page_number no_page = 0;

    inline constexpr word chunk_bits  = 4;
    inline constexpr word chunk_pages = word { 1 } << chunk_bits;

    struct page
    {
        uint32_t users = 0; ///< spaces, and the object, that it belongs to
        uint16_t holds = 0; ///< windows and IPC buffers, which keep it where it is
        uint8_t  chunk_kind = 0;
        bool     is_lost    = false; ///< entered in a table that the server does not reach
        client        *payer  = nullptr; ///< against whose limit it counts
        memory_object *object = nullptr; ///< that it belongs to
    };

    class page_store;

    struct chunk final : remains
    {
        page_store *store  = nullptr;
        block      *memory = nullptr;
        page_number first  = 0;
        uint16_t    all    = 0; ///< sets of pages
        uint16_t    used   = 0;
        uint16_t    dirty  = 0; ///< to be cleared before they serve again
        uint16_t    viewed = 0; ///< in the server's address space
        uint16_t    lost   = 0; ///< not to be used again before they are revoked
        page        pages[chunk_pages];

        runtime::list_link<chunk> link;

        void taken_back() override;
    };

    class page_store
    {
    public:
        page_store(own_memory &memory, block_table &blocks, a9n::node top, word leaf_radix);

        /// A page of zeros, or one whose contents do not matter.
        outcome<page_number> take_page(bool cleared);
        outcome<page_number> take_table(word depth);

        /// Unmapped; a table: empty.
        void put_back(page_number number);

        /// A table that may not be empty, or a page that may still be entered somewhere: it waits until its chunk is revoked.
        void lose(page_number number);

        page &operator[](page_number number)
        {
            return chunks[number >> chunk_bits]->pages[number % chunk_pages];
        }

        a9n::frame frame(page_number number) const
        {
            return { objects[number] };
        }

        a9n::page_table table(page_number number) const
        {
            return { objects[number] };
        }

        bool copy_contents(page_number from, page_number to);

        /// Gives unused chunks back to the policy. False if there were none.
        bool give_back();

        word unused_bytes() const
        {
            return unused_pages * page_size;
        }

        word *view(page_number number);

    private:
        friend struct chunk;

        using chunk_list = runtime::list<chunk, &chunk::link>;

        enum kind : uint16_t
        {
            frames = 0, // 1…3: page tables of that depth
            kinds  = 4,
        };

        /// Chunks with something unused, the others with everything.
        struct stock
        {
            chunk_list partly;
            chunk_list unused;
        };

        outcome<chunk *>     chunk_with_room(word kind);
        outcome<page_number> take(word kind, bool cleared);
        outcome<chunk *>     make_chunk(word kind);
        bool                 fill_chunk(chunk &made, word kind, word order);
        void                 withdraw(chunk &gone);
        block               *allocate_block(word order);

        own_memory              &memory;
        block_table             &blocks;
        growing_node             objects;
        runtime::vector<chunk *> chunks; ///< by page number / 16; the first is none
        chunk_list               spare;  ///< records without memory, their slots empty
        stock                    stocks[kinds];
        word                     unused_pages   = 0; ///< of all kinds
        word                     unused_chunks  = 0;
    };
}
