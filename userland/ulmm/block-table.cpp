#include "block-table.hpp"

#include <runtime/aligned-blocks.hpp>

namespace ulmm
{
    namespace
    {
        struct block_pair
        {
            block halves[2];
        };

        /// Brings sums up to date from a block whose state has changed to its root.
        void refresh(block &changed)
        {
            const bool is_free   = changed.state == block_state::free;
            changed.free_bytes   = is_free ? changed.size() : 0;
            changed.largest_free = is_free ? changed.order : 0;
            for (block *each = changed.parent; each != nullptr; each = each->parent)
            {
                const block *halves = each->halves;
                each->free_bytes    = halves[0].free_bytes + halves[1].free_bytes;
                each->largest_free =
                    halves[0].largest_free > halves[1].largest_free ? halves[0].largest_free : halves[1].largest_free;
            }
        }

        bool is_all_free(const block &whole)
        {
            return whole.free_bytes == whole.size();
        }
    }

    block_table::block_table(own_memory &memory, a9n::node top, word leaf_radix)
        : generics(memory, top, leaf_radix), current(&policy_of(current_number))
    {
        current->begin(*this);
    }

    reply_code block_table::add_memory(a9n::descriptor source, word address, word size_bits)
    {
        block *whole = take_pair();
        if (whole == nullptr)
        {
            return reply_code::out_of_memory;
        }
        if (!generics.move(whole->number, source))
        {
            return_pair(*whole);
            return reply_code::kernel_error;
        }
        const word end = address + (word { 1 } << size_bits);
        if (runtime::first_aligned_block(address, end).size_bits == size_bits)
        {
            return add_root(*whole, address, size_bits) ? reply_code::ok : reply_code::out_of_memory;
        }
        whole->state  = block_state::carved;
        whole->next   = carved_blocks;
        carved_blocks = whole;
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
                return reply_code::out_of_memory;
            }
            const a9n::generic generic = generic_of(*whole);
            if (!generic.convert(a9n::capability_type::generic, piece.size_bits, 1, generics.node_of(carved->number),
                    generics.position(carved->number)))
            {
                return_pair(*carved);
                return reply_code::kernel_error;
            }
            if (!add_root(*carved, address - (word { 1 } << piece.size_bits), piece.size_bits))
            {
                return reply_code::out_of_memory;
            }
        }
        return reply_code::ok;
    }

    bool block_table::add_root(block &root, word address, word order)
    {
        size_t place = 0;
        while (place < root_blocks.size() && root_blocks[place]->address < address)
        {
            ++place;
        }
        if (!root_blocks.insert(place, &root))
        {
            root.state = block_state::carved; // lost, but harmless
            return false;
        }
        root.address  = address;
        root.order    = static_cast<uint8_t>(order);
        total        += root.size();
        mark_free(root);
        return true;
    }

    void block_table::mark_free(block &freed)
    {
        freed.state = block_state::free;
        refresh(freed);
        current->add(freed);
    }

    block *block_table::allocate(word order)
    {
        block *chosen = current->choose(order);
        if (chosen == nullptr && merge_for(order))
        {
            chosen = current->choose(order);
        }
        if (chosen == nullptr)
        {
            return nullptr;
        }
        if (!chosen->is_clean && !revoke(*chosen))
        {
            return nullptr;
        }
        note_revoked(*chosen);
        while (chosen->order > order)
        {
            if (!split(*chosen))
            {
                return nullptr;
            }
            chosen = &chosen->halves[current->prefers_upper_half(order) ? 1 : 0];
        }
        current->remove(*chosen);
        chosen->state = block_state::used;
        refresh(*chosen);
        return chosen;
    }

    void block_table::note_revoked(block &revoked)
    {
        revoked.is_clean = true;
        if (revoked.left != nullptr)
        {
            revoked.left->taken_back();
            revoked.left = nullptr;
        }
    }

    /// Makes two free halves out of a free, clean block.
    bool block_table::split(block &whole)
    {
        block *halves = take_pair();
        if (halves == nullptr)
        {
            return false;
        }
        const word order = whole.order - 1u;
        if (!generic_of(whole).convert(a9n::capability_type::generic, order, 2, generics.node_of(halves->number),
                generics.position(halves->number)))
        {
            return_pair(*halves);
            return false;
        }
        current->remove(whole);
        whole.state  = block_state::split;
        whole.halves = halves;
        for (word i = 0; i < 2; ++i)
        {
            halves[i].order   = static_cast<uint8_t>(order);
            halves[i].parent  = &whole;
            halves[i].address = whole.address + (i << order);
        }
        mark_free(halves[1]);
        mark_free(halves[0]);
        return true;
    }

    void block_table::put_back(block &returned, bool is_clean, remains *left)
    {
        returned.is_clean = is_clean;
        returned.left     = left;
        mark_free(returned);
    }

    void block_table::settle(block &returned)
    {
        block *top = nullptr;
        for (block *each = returned.parent; each != nullptr && is_all_free(*each) && current->merges_at_once(*each);
             each        = each->parent)
        {
            top = each;
        }
        if (top != nullptr)
        {
            (void)merge(*top); // one revoke undoes every split below
        }
    }

    /// Turns a split block, all of which is free, into one free block.
    bool block_table::merge(block &whole)
    {
        if (!revoke(whole))
        {
            return false;
        }
        forget_halves(whole);
        mark_free(whole);
        return true;
    }

    void block_table::forget_halves(block &whole)
    {
        for (word i = 0; i < 2; ++i)
        {
            block &half = whole.halves[i];
            if (half.state == block_state::free)
            {
                current->remove(half);
                note_revoked(half);
            }
            else
            {
                forget_halves(half);
            }
        }
        return_pair(*whole.halves);
        whole.halves = nullptr;
    }

    namespace
    {
        /// The first split block, from the top down, that is all free and is `wanted`; nothing below `least` is looked at.
        block *find_all_free(block &within, word least, auto wanted)
        {
            if (within.state != block_state::split || within.order < least || within.free_bytes >> least == 0)
            {
                return nullptr;
            }
            if (is_all_free(within) && wanted(within))
            {
                return &within;
            }
            block *found = find_all_free(within.halves[0], least, wanted);
            return found != nullptr ? found : find_all_free(within.halves[1], least, wanted);
        }
    }

    void block_table::merge_where(auto wanted)
    {
        for (block *root : root_blocks)
        {
            while (block *found = find_all_free(*root, minimum_order, wanted))
            {
                if (!merge(*found))
                {
                    return;
                }
            }
        }
    }

    void block_table::settle_all()
    {
        merge_where([this](const block &whole) { return current->merges_at_once(whole); });
    }

    void block_table::merge_all()
    {
        merge_where([](const block &) { return true; });
        for_each_block(
            [this](block &each)
            {
                if (each.state == block_state::free && !each.is_clean && revoke(each))
                {
                    note_revoked(each);
                }
            });
    }

    void block_table::for_each_block(auto visit)
    {
        const auto descend = [&](block &each, const auto &self) -> void
        {
            visit(each);
            if (each.state == block_state::split)
            {
                self(each.halves[0], self);
                self(each.halves[1], self);
            }
        };
        for (block *root : root_blocks)
        {
            descend(*root, descend);
        }
    }

    bool block_table::merge_for(word order)
    {
        for (block *root : root_blocks)
        {
            block *found = find_all_free(*root, order, [](const block &) { return true; });
            if (found == nullptr)
            {
                continue;
            }
            // No more than is needed.
            for (;;)
            {
                block *half = found->halves;
                half       += half->state == block_state::split ? 0 : 1;
                if (half->state != block_state::split || half->order < order)
                {
                    return merge(*found);
                }
                found = half;
            }
        }
        return false;
    }

    void block_table::set_policy(policy_number replacement)
    {
        current_number = replacement;
        current        = &policy_of(replacement);
        current->begin(*this);
        for_each_block(
            [this](block &each)
            {
                if (each.state == block_state::free)
                {
                    current->add(each);
                }
            });
    }

    word block_table::free_bytes() const
    {
        word sum = 0;
        for (const block *root : root_blocks)
        {
            sum += root->free_bytes;
        }
        return sum;
    }

    word block_table::largest_free_block() const
    {
        word order = 0;
        for (const block *root : root_blocks)
        {
            order = root->largest_free > order ? root->largest_free : order;
        }
        return order == 0 ? 0 : word { 1 } << order;
    }

    /// Two blocks whose slots are neighbours.
    block *block_table::take_pair()
    {
        if (unused_pairs == nullptr)
        {
            if (!generics.reach(next_number + 1))
            {
                return nullptr;
            }
            auto *made = runtime::create<block_pair>();
            if (made == nullptr)
            {
                return nullptr;
            }
            made->halves[0].number = next_number++;
            made->halves[1].number = next_number++;
            return made->halves;
        }
        block *first = unused_pairs;
        unused_pairs = first->next;
        first->next  = nullptr;
        return first;
    }

    void block_table::return_pair(block &first)
    {
        block *second  = &first + 1;
        first          = block { .number = first.number };
        *second        = block { .number = second->number };
        first.next     = unused_pairs;
        unused_pairs   = &first;
    }
}
