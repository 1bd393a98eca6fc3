#include "buddy-policy.hpp"

namespace ulmm
{
    namespace
    {
        /// A merge clears page tables of all that was made from the block, so larger blocks come back when one is needed.
        constexpr word largest_merged_at_once = 21;
    }

    void buddy_policy::begin(const block_table &)
    {
        for (block *&first : free_blocks)
        {
            first = nullptr;
        }
    }

    void buddy_policy::add(block &freed)
    {
        block *&first  = free_blocks[freed.order];
        freed.previous = nullptr;
        freed.next     = first;
        if (first != nullptr)
        {
            first->previous = &freed;
        }
        first = &freed;
    }

    void buddy_policy::remove(block &taken)
    {
        (taken.previous != nullptr ? taken.previous->next : free_blocks[taken.order]) = taken.next;
        if (taken.next != nullptr)
        {
            taken.next->previous = taken.previous;
        }
    }

    block *buddy_policy::choose(word order)
    {
        while (order <= maximum_order && free_blocks[order] == nullptr)
        {
            ++order;
        }
        return order <= maximum_order ? free_blocks[order] : nullptr;
    }

    bool buddy_policy::prefers_upper_half(word) const
    {
        return false;
    }

    bool buddy_policy::merges_at_once(const block &whole) const
    {
        return whole.order <= largest_merged_at_once;
    }
}
