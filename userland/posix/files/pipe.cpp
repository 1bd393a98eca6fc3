#include "pipe.hpp"

#include <runtime/heap.hpp>

namespace posix
{
    pipe::~pipe()
    {
        discard();
    }

    void pipe::discard()
    {
        while (!empty())
        {
            drop_first();
        }
    }

    pipe::slot &pipe::last()
    {
        return slots[(first + used - 1) % slot_count];
    }

    void pipe::drop_first()
    {
        runtime::release(slots[first].page, page_size);
        slots[first] = {};
        first        = (first + 1) % slot_count;
        --used;
    }

    word pipe::bytes() const
    {
        word sum = 0;
        for (size_t i = 0; i < used; ++i)
        {
            sum += slots[(first + i) % slot_count].length;
        }
        return sum;
    }

    result<word> pipe::read(user_transfer &into)
    {
        const word before   = into.done();
        const bool was_full = full();
        while (!empty() && into.remaining() != 0)
        {
            slot              &source = slots[first];
            const word         wanted = runtime::minimum(source.length, into.remaining());
            const result<word> moved  = into.put(source.page + source.offset, wanted);
            if (!moved)
            {
                return into.done() != before ? result<word> { into.done() - before } : moved;
            }
            source.offset += *moved;
            source.length -= *moved;
            if (source.length == 0)
            {
                drop_first();
            }
            if (*moved < wanted)
            {
                break;
            }
        }
        if (was_full && !full())
        {
            writable.wake_all();
        }
        return into.done() - before;
    }

    result<word> pipe::write(user_transfer &from, bool is_first_part)
    {
        const word before = from.done();
        const word extra  = from.remaining() % page_size;
        if (is_first_part && extra != 0 && !empty())
        {
            slot &target = last();
            if (target.offset + target.length + extra <= page_size)
            {
                const result<word> moved = from.take(target.page + target.offset + target.length, extra);
                if (!moved)
                {
                    return moved;
                }
                target.length += *moved;
                readable.wake_all();
                if (*moved < extra)
                {
                    return *moved;
                }
            }
        }
        while (!full() && from.remaining() != 0)
        {
            auto *page = static_cast<uint8_t *>(runtime::allocate(page_size));
            if (page == nullptr)
            {
                return from.done() != before ? result<word> { from.done() - before } : result<word> { error::enomem };
            }
            const word         wanted = runtime::minimum(page_size, from.remaining());
            const result<word> moved  = from.take(page, wanted);
            if (!moved || *moved == 0)
            {
                runtime::release(page, page_size);
                return from.done() != before ? result<word> { from.done() - before } : moved;
            }
            ++used;
            last() = { page, 0, *moved };
            readable.wake_all();
            if (*moved < wanted)
            {
                break;
            }
        }
        return from.done() - before;
    }
}
