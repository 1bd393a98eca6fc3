// A buddy allocator over Generic capabilities. A block is a Generic of 2^order bytes, aligned to its size; it is the
// unit of reuse. Splitting converts it into two smaller Generics, merging revokes it, which removes both halves.
#pragma once

#include "block-node.hpp"

#include <stdint.h>
#include <ulmm/protocol.hpp>

namespace ulmm
{
    using a9n::word;

    inline constexpr word minimum_order = 12; ///< one page
    inline constexpr word maximum_order = 43; ///< 8 TiB
    inline constexpr word order_count   = maximum_order - minimum_order + 1;

    /// Revoking a block clears the memory converted from it, so a release merges no further than this; larger blocks
    /// come back when a request needs them.
    inline constexpr word eager_merge_order = 21;

    inline constexpr word block_radix = 11;
    inline constexpr word block_count = word { 1 } << block_radix;

    enum class block_state : uint8_t
    {
        unused,    ///< no Generic in this slot
        free,      ///< on the free list of its order
        split,     ///< its two halves are blocks
        carved,    ///< was not aligned to its size: cut into aligned blocks for good
        allocated, ///< in a client's hands
    };

    struct block
    {
        block_state state : 4 = block_state::unused;
        uint16_t    order : 6 = 0; ///< size is 2^order bytes
        block      *parent    = nullptr; ///< the block this is a half of; none for memory added from outside
        block      *halves    = nullptr; ///< if split: the lower half, followed by the upper
        block      *next      = nullptr; ///< neighbours on the free list, or the next unused pair
        block      *previous  = nullptr;

        word size() const
        {
            return word { 1 } << order;
        }
    };

    enum class allocation_error : uint8_t
    {
        none,
        out_of_memory,
        out_of_blocks,
        kernel,
    };

    class buddy_allocator
    {
    public:
        explicit buddy_allocator(a9n::node slots);

        /// Takes over a Generic of 2^size_bits bytes at the page-aligned physical `address`. What alignment leaves over
        /// at its ends, less than `smallest_memory_bits` on each side, stays unused.
        allocation_error add_memory(a9n::descriptor source, word address, word size_bits);

        /// A block of exactly 2^order bytes, or nullptr with the reason in `last_error`.
        block *allocate(word order);

        /// Takes back what was made from the block and merges it with free buddies.
        a9n::status release(block &released);

        word index_of(const block &member) const
        {
            return static_cast<word>(&member - blocks);
        }

        a9n::generic generic_of(const block &member) const
        {
            return generics[index_of(member)];
        }

        allocation_error last_error = allocation_error::none;

    private:
        friend struct allocator_inspector; // the host test's view of the tables below

        /// Blocks are handed out in pairs of slots 2n and 2n + 1, so that the halves of a block are neighbours.
        block *take_pair();
        void   return_pair(block &first);
        block &buddy_of(const block &member);

        void push_free(block &member);
        void remove_free(block &member);

        block      *smallest_free(word order);
        bool        split(block &whole);
        bool        can_merge(const block &half);
        bool        merge_one();
        a9n::status merge_into(block &ancestor);
        void        forget_halves(block &whole);

        block_node generics;
        block     *free_lists[order_count] {}; ///< by order − minimum_order
        block     *unused_pairs = nullptr;
        block      blocks[block_count] {};
    };
}
