#include "file-contents.hpp"

#include <runtime/memory.hpp>

namespace posix
{
    file_contents::~file_contents()
    {
        pages.for_each([this](word, uint8_t *page) { home.release_page(page); });
    }

    void file_contents::set_archived(const uint8_t *data, word size)
    {
        archived      = data;
        archived_size = size;
        length        = size;
    }

    file_contents::piece file_contents::at(word offset) const
    {
        const word within = offset % page_size;
        const word size   = runtime::minimum(page_size - within, length - offset);
        if (uint8_t **page = pages.find(offset / page_size))
        {
            return { *page + within, size };
        }
        if (offset < archived_size)
        {
            return { archived + offset, runtime::minimum(size, archived_size - offset) };
        }
        return { nullptr, size };
    }

    word file_contents::read(word offset, uint8_t *buffer, word count) const
    {
        word done = 0;
        while (done < count && offset + done < length)
        {
            const piece found = at(offset + done);
            const word  size  = runtime::minimum(found.size, count - done);
            if (found.data == nullptr)
            {
                memset(buffer + done, 0, size);
            }
            else
            {
                memcpy(buffer + done, found.data, size);
            }
            done += size;
        }
        return done;
    }

    uint8_t *file_contents::writable_page(word index)
    {
        ++changes;
        if (uint8_t **page = pages.find(index))
        {
            return *page;
        }
        uint8_t *page = home.allocate_page();
        if (page == nullptr)
        {
            return nullptr;
        }
        if (pages.insert(index, page) == nullptr)
        {
            home.release_page(page);
            return nullptr;
        }
        const word start = index * page_size;
        const word kept  = start < archived_size ? runtime::minimum(page_size, archived_size - start) : 0;
        if (kept != 0)
        {
            memcpy(page, archived + start, kept);
        }
        memset(page + kept, 0, page_size - kept);
        return page;
    }

    result<word> file_contents::write(word offset, const uint8_t *buffer, word count)
    {
        word done = 0;
        while (done < count)
        {
            const word position = offset + done;
            uint8_t   *page     = writable_page(position / page_size);
            if (page == nullptr)
            {
                break;
            }
            const word within = position % page_size;
            const word size   = runtime::minimum(page_size - within, count - done);
            memcpy(page + within, buffer + done, size);
            done  += size;
            length = runtime::maximum(length, position + size);
        }
        return done == 0 && count != 0 ? result<word> { error::enospc } : result<word> { done };
    }

    void file_contents::drop_pages(word first, word end)
    {
        ++changes;
        if (end - first > pages.size())
        {
            pages.erase_if([&](word index, uint8_t *page) {
                const bool dropped = index >= first && index < end;
                if (dropped)
                {
                    home.release_page(page);
                }
                return dropped;
            });
            return;
        }
        for (word index = first; index < end; ++index)
        {
            if (uint8_t **page = pages.find(index))
            {
                home.release_page(*page);
                pages.erase(index);
            }
        }
    }

    void file_contents::resize(word wanted)
    {
        ++changes;
        if (wanted < length)
        {
            archived_size    = runtime::minimum(archived_size, wanted);
            const word index = wanted / page_size;
            if (wanted % page_size != 0)
            {
                if (uint8_t **page = pages.find(index))
                {
                    memset(*page + wanted % page_size, 0, page_size - wanted % page_size);
                }
            }
            drop_pages((wanted + page_size - 1) / page_size, maximum_file_size / page_size + 1);
        }
        length = wanted;
    }

    status file_contents::reserve(word offset, word count)
    {
        const word end = (offset + count + page_size - 1) / page_size;
        if (end - offset / page_size > home.page_limit)
        {
            return error::enospc;
        }
        for (word index = offset / page_size; index < end; ++index)
        {
            if (writable_page(index) == nullptr)
            {
                return error::enospc;
            }
        }
        return {};
    }

    status file_contents::punch(word offset, word count)
    {
        const word end = runtime::minimum(offset + count, length);
        while (offset < end)
        {
            const word index  = offset / page_size;
            const word within = offset % page_size;
            const word start  = offset - within;
            if (within == 0 && start >= archived_size && end - offset >= page_size)
            {
                const word whole_pages = (end - offset) / page_size;
                drop_pages(index, index + whole_pages);
                offset += whole_pages * page_size;
                continue;
            }
            const word size = runtime::minimum(page_size - within, end - offset);
            if (!is_hole(index))
            {
                uint8_t *page = writable_page(index);
                if (page == nullptr)
                {
                    return error::enospc;
                }
                memset(page + within, 0, size);
            }
            offset += size;
        }
        return {};
    }

    bool file_contents::is_hole(word index) const
    {
        return index * page_size >= archived_size && pages.find(index) == nullptr;
    }

    word file_contents::next_data(word offset) const
    {
        const word index = offset / page_size;
        if (!is_hole(index))
        {
            return offset;
        }
        // Pages come in no order; what is archived lies before all holes.
        word first = length / page_size + 1;
        pages.for_each([&](word each, uint8_t *) {
            if (each > index && each < first)
            {
                first = each;
            }
        });
        return runtime::minimum(first * page_size, length);
    }

    word file_contents::next_hole(word offset) const
    {
        while (offset < length && !is_hole(offset / page_size))
        {
            offset = (offset / page_size + 1) * page_size;
        }
        return runtime::minimum(offset, length);
    }
}
