// The ranges of a space, in order of their addresses.
#pragma once

#include "common.hpp"

#include <runtime/heap.hpp>

namespace ulmm
{
    struct object_holder;

    enum class range_kind : uint8_t
    {
        anonymous,     ///< pages of its own, shared with clones until written
        object,        ///< pages of a memory object
        copy_on_write, ///< pages of a memory object until written
        window,        ///< pages of another space of the same client
    };

    struct range
    {
        word           start     = 0;
        word           end       = 0;
        access         permitted = access::none;
        range_kind     kind      = range_kind::anonymous;
        object_holder *holder    = nullptr; ///< of the object
        word           offset    = 0;       ///< of `start` in it
        range         *next      = nullptr;
        range         *previous  = nullptr;

        bool contains(word address) const
        {
            return start <= address && address < end;
        }

        /// A page written in the space is its own.
        bool is_private() const
        {
            return kind == range_kind::anonymous || kind == range_kind::copy_on_write;
        }
    };

    class range_list
    {
    public:
        range_list() = default;

        range_list(const range_list &)            = delete;
        range_list &operator=(const range_list &) = delete;

        range *first() const
        {
            return head;
        }

        word size() const
        {
            return count;
        }

        /// The first range that ends after `address`.
        range *first_after(word address)
        {
            range *each = recent != nullptr && recent->start <= address ? recent : head;
            while (each != nullptr && each->end <= address)
            {
                each = each->next;
            }
            if (each != nullptr)
            {
                recent = each;
            }
            return each;
        }

        range *find(word address)
        {
            range *found = first_after(address);
            return found != nullptr && found->contains(address) ? found : nullptr;
        }

        bool is_free(word start, word end)
        {
            const range *after = first_after(start);
            return after == nullptr || after->start >= end;
        }

        /// Whether ranges cover all of it.
        bool covers(word start, word end)
        {
            const range *each = find(start);
            while (each != nullptr && each->end < end)
            {
                each = each->next != nullptr && each->next->start == each->end ? each->next : nullptr;
            }
            return each != nullptr;
        }

        /// The lowest gap of that size at or above `from` that ends at `limit` or before; 0 if there is none.
        word find_gap(word from, word size, word limit)
        {
            for (const range *each = first_after(from); each != nullptr; each = each->next)
            {
                if (each->start > from && each->start - from >= size)
                {
                    break;
                }
                from = each->end;
            }
            return from <= limit && size <= limit - from ? from : 0;
        }

        /// Adds a range where none is.
        void insert(range &added)
        {
            range *after   = first_after(added.start);
            added.next     = after;
            added.previous = after != nullptr ? after->previous : last();
            (added.previous != nullptr ? added.previous->next : head) = &added;
            if (after != nullptr)
            {
                after->previous = &added;
            }
            else
            {
                tail = &added;
            }
            ++count;
        }

        void remove(range &gone)
        {
            recent = recent == &gone ? nullptr : recent;
            (gone.previous != nullptr ? gone.previous->next : head) = gone.next;
            (gone.next != nullptr ? gone.next->previous : tail)     = gone.previous;
            --count;
        }

    private:
        range *last() const
        {
            return tail;
        }

        range *head   = nullptr;
        range *tail   = nullptr;
        range *recent = nullptr; ///< a good place to begin a search
        word   count  = 0;
    };
}
