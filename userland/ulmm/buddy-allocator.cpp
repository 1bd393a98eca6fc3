#include "buddy-allocator.hpp"

#include <runtime/aligned-blocks.hpp>

namespace ulmm
{
    buddy_allocator::buddy_allocator(a9n::node slots) : generics { slots }
    {
        for (word pair = block_count; pair != 0; pair -= 2)
        {
            return_pair(blocks[pair - 2]);
        }
    }

    allocation_error buddy_allocator::add_memory(a9n::descriptor source, word address, word size_bits)
    {
        block *whole = take_pair();
        if (whole == nullptr)
        {
            return allocation_error::out_of_blocks;
        }
        if (!generics.adopt(index_of(*whole), source))
        {
            return_pair(*whole);
            return allocation_error::kernel;
        }
        whole->order = static_cast<uint16_t>(size_bits);

        const word end = address + (word { 1 } << size_bits);
        if (runtime::first_aligned_block(address, end).size_bits == size_bits)
        {
            push_free(*whole);
            return allocation_error::none;
        }

        whole->state = block_state::carved;
        while (address != end)
        {
            const runtime::aligned_block piece = runtime::first_aligned_block(address, end);
            address                            = piece.end();
            if (piece.size_bits < smallest_memory_bits)
            {
                continue;
            }
            block *carved = take_pair();
            if (carved == nullptr)
            {
                return allocation_error::out_of_blocks;
            }
            if (!generics.divide(index_of(*whole), piece.size_bits, 1, index_of(*carved)))
            {
                return_pair(*carved);
                return allocation_error::kernel;
            }
            carved->order = static_cast<uint16_t>(piece.size_bits);
            push_free(*carved);
        }
        return allocation_error::none;
    }

    block *buddy_allocator::allocate(word order)
    {
        block *candidate = smallest_free(order);
        while (candidate == nullptr && merge_one())
        {
            candidate = smallest_free(order);
        }
        if (candidate == nullptr)
        {
            last_error = allocation_error::out_of_memory;
            return nullptr;
        }
        while (candidate->order > order)
        {
            if (!split(*candidate))
            {
                return nullptr;
            }
            candidate = smallest_free(order);
        }
        remove_free(*candidate);
        candidate->state = block_state::allocated;
        last_error       = allocation_error::none;
        return candidate;
    }

    a9n::status buddy_allocator::release(block &released)
    {
        block *ancestor = &released;
        while (ancestor->order < eager_merge_order && can_merge(*ancestor))
        {
            ancestor = ancestor->parent;
        }
        // One revoke of the ancestor undoes every split below it, and what was made from the block.
        return merge_into(*ancestor);
    }

    /// True if both halves would be free once `half` is.
    bool buddy_allocator::can_merge(const block &half)
    {
        return half.parent != nullptr && buddy_of(half).state == block_state::free;
    }

    block *buddy_allocator::smallest_free(word order)
    {
        for (; order <= maximum_order; ++order)
        {
            if (block *head = free_lists[order - minimum_order])
            {
                return head;
            }
        }
        return nullptr;
    }

    /// Makes two free halves out of a free block.
    bool buddy_allocator::split(block &whole)
    {
        block *halves = take_pair();
        if (halves == nullptr)
        {
            last_error = allocation_error::out_of_blocks;
            return false;
        }
        const word half_order = whole.order - 1u;
        if (!generics.divide(index_of(whole), half_order, 2, index_of(*halves)))
        {
            return_pair(*halves);
            last_error = allocation_error::kernel;
            return false;
        }
        remove_free(whole);
        whole.state  = block_state::split;
        whole.halves = halves;
        for (word i = 0; i < 2; ++i)
        {
            halves[i].order  = static_cast<uint16_t>(half_order);
            halves[i].parent = &whole;
        }
        push_free(halves[1]);
        push_free(halves[0]); // the lower half is used first
        return true;
    }

    /// Merges one split block whose halves are both free. False if there is none, or the kernel refused.
    bool buddy_allocator::merge_one()
    {
        for (block &candidate : blocks)
        {
            if (candidate.state == block_state::free && can_merge(candidate))
            {
                return static_cast<bool>(merge_into(*candidate.parent));
            }
        }
        return false;
    }

    /// Turns a block, nothing of which is in use any more, into one free block.
    a9n::status buddy_allocator::merge_into(block &ancestor)
    {
        const a9n::status reclaimed = generics.reclaim(index_of(ancestor));
        if (reclaimed)
        {
            forget_halves(ancestor);
            push_free(ancestor);
        }
        return reclaimed;
    }

    /// Returns the blocks below `whole` to the unused pairs.
    void buddy_allocator::forget_halves(block &whole)
    {
        if (whole.state != block_state::split)
        {
            return;
        }
        for (word i = 0; i < 2; ++i)
        {
            block &half = whole.halves[i];
            if (half.state == block_state::free)
            {
                remove_free(half);
            }
            forget_halves(half);
        }
        return_pair(*whole.halves);
        whole.halves = nullptr;
    }

    block *buddy_allocator::take_pair()
    {
        block *first = unused_pairs;
        if (first != nullptr)
        {
            unused_pairs = first->next;
            first->next  = nullptr;
        }
        return first;
    }

    void buddy_allocator::return_pair(block &first)
    {
        first         = block {};
        *(&first + 1) = block {};
        first.next    = unused_pairs;
        unused_pairs  = &first;
    }

    block &buddy_allocator::buddy_of(const block &member)
    {
        return blocks[index_of(member) ^ 1];
    }

    void buddy_allocator::push_free(block &member)
    {
        block *&head    = free_lists[member.order - minimum_order];
        member.state    = block_state::free;
        member.next     = head;
        member.previous = nullptr;
        if (head != nullptr)
        {
            head->previous = &member;
        }
        head = &member;
    }

    void buddy_allocator::remove_free(block &member)
    {
        if (member.previous != nullptr)
        {
            member.previous->next = member.next;
        }
        else
        {
            free_lists[member.order - minimum_order] = member.next;
        }
        if (member.next != nullptr)
        {
            member.next->previous = member.previous;
        }
        member.next     = nullptr;
        member.previous = nullptr;
    }
}
