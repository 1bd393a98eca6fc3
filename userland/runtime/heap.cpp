// One bit per page says whether it is in use. Objects smaller than half a page share pages, each page with objects of
// one size: its header lists the free ones, and the page is given back with its last object.

#include <runtime/heap.hpp>
#include <runtime/memory.hpp>

namespace runtime
{
    namespace
    {
        constexpr size_t growth     = 64 * 1024; ///< memory is asked for in steps of this
        constexpr size_t word_bits  = 64;
        constexpr size_t block_unit = 16;

        struct free_block
        {
            free_block *next;
        };

        /// Start of a page that is cut into blocks.
        struct block_page
        {
            block_page *next;
            block_page *previous;
            free_block *free;
            size_t      used;
        };

        constexpr size_t header_size = 64;
        static_assert(sizeof(block_page) <= header_size);

        /// As many blocks as fit into a page for each size, no size more than half as large again as the one before.
        constexpr uint16_t block_sizes[] = { 16, 32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 448, 576, 672, 800, 1008, 1344, 2016 };
        constexpr size_t   class_count   = sizeof(block_sizes) / sizeof(block_sizes[0]);
        constexpr size_t   largest_block = block_sizes[class_count - 1];

        constexpr auto class_of_units = []
        {
            struct
            {
                uint8_t index[largest_block / block_unit + 1] {};
            } table;
            size_t current = 0;
            for (size_t units = 0; units <= largest_block / block_unit; ++units)
            {
                while (block_sizes[current] < units * block_unit)
                {
                    ++current;
                }
                table.index[units] = static_cast<uint8_t>(current);
            }
            return table;
        }();

        struct heap_state
        {
            heap_range  range;
            uint64_t   *in_use;          ///< one bit per page of the range
            size_t      page_count;      ///< pages of the range
            size_t      committed_pages; ///< from the start of the range
            size_t      used_pages;
            size_t      search_from; ///< no page below is free
            block_page *pages[class_count]; ///< those with a free block
        };

        constinit heap_state heap {};

        bool is_used(size_t page)
        {
            return (heap.in_use[page / word_bits] >> (page % word_bits) & 1) != 0;
        }

        void mark(size_t first, size_t count, bool used)
        {
            for (size_t page = first; page < first + count; ++page)
            {
                const uint64_t bit = uint64_t { 1 } << (page % word_bits);
                if (used)
                {
                    heap.in_use[page / word_bits] |= bit;
                }
                else
                {
                    heap.in_use[page / word_bits] &= ~bit;
                }
            }
        }

        bool commit_up_to(size_t page)
        {
            if (page <= heap.committed_pages)
            {
                return true;
            }
            constexpr size_t step     = growth / page_size;
            const size_t     rounded  = (page + step - 1) / step * step;
            const size_t     wanted[] = { minimum(rounded, heap.page_count), page };
            for (const size_t end : wanted)
            {
                const uintptr_t from = heap.range.start + heap.committed_pages * page_size;
                if (heap.range.commit(from, (end - heap.committed_pages) * page_size))
                {
                    heap.committed_pages = end;
                    return true;
                }
            }
            return false;
        }

        /// First fit.
        void *allocate_pages(size_t count)
        {
            size_t run   = 0;
            size_t first = 0;
            for (size_t page = heap.search_from; page < heap.page_count; ++page)
            {
                if (page % word_bits == 0 && heap.in_use[page / word_bits] == ~uint64_t { 0 })
                {
                    page += word_bits - 1;
                    run   = 0;
                    continue;
                }
                if (is_used(page))
                {
                    run = 0;
                    continue;
                }
                if (run++ == 0)
                {
                    first = page;
                }
                if (run == count)
                {
                    if (!commit_up_to(first + count))
                    {
                        return nullptr;
                    }
                    mark(first, count, true);
                    heap.used_pages += count;
                    if (first == heap.search_from)
                    {
                        heap.search_from = first + count;
                    }
                    return reinterpret_cast<void *>(heap.range.start + first * page_size);
                }
            }
            return nullptr;
        }

        void release_pages(void *start, size_t count)
        {
            const size_t first = (reinterpret_cast<uintptr_t>(start) - heap.range.start) / page_size;
            mark(first, count, false);
            heap.used_pages  -= count;
            heap.search_from  = minimum(heap.search_from, first);
        }

        void link(block_page *page, block_page *&list)
        {
            page->previous = nullptr;
            page->next     = list;
            if (list != nullptr)
            {
                list->previous = page;
            }
            list = page;
        }

        void unlink(block_page *page, block_page *&list)
        {
            (page->previous == nullptr ? list : page->previous->next) = page->next;
            if (page->next != nullptr)
            {
                page->next->previous = page->previous;
            }
        }

        block_page *new_block_page(size_t block_size)
        {
            auto *page = static_cast<block_page *>(allocate_pages(1));
            if (page == nullptr)
            {
                return nullptr;
            }
            page->free     = nullptr;
            page->used     = 0;
            auto *const start = reinterpret_cast<uint8_t *>(page);
            for (size_t i = (page_size - header_size) / block_size; i-- != 0;)
            {
                auto *block = reinterpret_cast<free_block *>(start + header_size + i * block_size);
                block->next = page->free;
                page->free  = block;
            }
            return page;
        }

        size_t pages_for(size_t size)
        {
            return size / page_size + (size % page_size != 0);
        }
    }

    bool begin_heap(const heap_range &range)
    {
        heap            = {};
        heap.range      = range;
        heap.page_count = range.size / page_size;
        heap.in_use     = reinterpret_cast<uint64_t *>(range.start);

        const size_t words = (heap.page_count + word_bits - 1) / word_bits;
        const size_t own   = pages_for(words * sizeof(uint64_t));
        if (own > heap.page_count || !commit_up_to(own))
        {
            return false;
        }
        memset(heap.in_use, 0, words * sizeof(uint64_t));
        mark(0, own, true);
        heap.used_pages  = own;
        heap.search_from = own;
        return true;
    }

    heap_statistics heap_usage()
    {
        return { heap.committed_pages * page_size, heap.used_pages * page_size };
    }

    void *allocate(size_t size)
    {
        if (size > largest_block)
        {
            return allocate_pages(pages_for(size));
        }
        const size_t index = class_of_units.index[(size + block_unit - 1) / block_unit];
        block_page *&list  = heap.pages[index];
        if (list == nullptr)
        {
            block_page *page = new_block_page(block_sizes[index]);
            if (page == nullptr)
            {
                return nullptr;
            }
            link(page, list);
        }
        block_page *page  = list;
        free_block *block = page->free;
        page->free        = block->next;
        ++page->used;
        if (page->free == nullptr)
        {
            unlink(page, list);
        }
        return block;
    }

    void release(void *block, size_t size)
    {
        if (block == nullptr)
        {
            return;
        }
        if (size > largest_block)
        {
            release_pages(block, pages_for(size));
            return;
        }
        block_page *&list = heap.pages[class_of_units.index[(size + block_unit - 1) / block_unit]];
        auto *page        = reinterpret_cast<block_page *>(reinterpret_cast<uintptr_t>(block) / page_size * page_size);
        if (page->free == nullptr)
        {
            link(page, list);
        }
        auto *freed = static_cast<free_block *>(block);
        freed->next = page->free;
        page->free  = freed;
        if (--page->used == 0)
        {
            unlink(page, list);
            release_pages(page, 1);
        }
    }
}
