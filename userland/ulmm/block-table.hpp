// All memory the server manages, as blocks: Generics of 2^order bytes, aligned to their size. Splitting a block converts its
// Generic into two halves; merging revokes it. The table knows which block is in use; which one serves a request and when
// halves are merged is the policy's, which can be replaced at any time.
#pragma once

#include "growing-node.hpp"
#include "policy.hpp"

namespace ulmm
{
    inline constexpr word minimum_order = page_size_bits;
    inline constexpr word maximum_order = 43; ///< 8 TiB

    enum class block_state : uint8_t
    {
        unused, ///< no Generic in its slot
        free,
        split,
        used,
        carved, ///< was not aligned to its size: cut for good into aligned blocks, which are roots
    };

    /// What was made of a block that is free again, and has not been revoked yet.
    struct remains
    {
        /// The block was revoked.
        virtual void taken_back() = 0;

    protected:
        ~remains() = default;
    };

    struct block
    {
        block_state state        = block_state::unused;
        uint8_t     order        = 0;
        uint8_t     largest_free = 0; ///< order of the largest free block in it; 0: none
        bool        is_clean     = true; ///< free: it need not be revoked
        uint32_t    number       = 0; ///< its Generic's slot
        word        address      = 0; ///< physical
        word        free_bytes   = 0; ///< in all of it
        block      *parent       = nullptr; ///< the block it is a half of
        block      *halves       = nullptr; ///< if split: lower, upper
        block      *next         = nullptr; ///< for the policy while free, for the table while unused
        block      *previous     = nullptr;
        remains    *left         = nullptr; ///< free: who wants to know when it is revoked

        word size() const
        {
            return word { 1 } << order;
        }
    };

    class block_table
    {
    public:
        block_table(own_memory &memory, a9n::node top, word leaf_radix);

        /// Takes over a Generic of 2^size_bits bytes at the page-aligned physical `address`. What alignment leaves at its ends,
        /// less than `smallest_memory_bits` on each side, stays unused.
        reply_code add_memory(a9n::descriptor source, word address, word size_bits);

        /// A clean block of exactly 2^order bytes, or nullptr.
        block *allocate(word order);

        /// `is_clean`: nothing is left that was made of the block. If not, it is revoked when it serves again or is merged, and
        /// `left` is told. It is not merged before `settle`.
        void put_back(block &returned, bool is_clean, remains *left = nullptr);

        /// Merges what the policy wants merged now that `returned` is free.
        void settle(block &returned);

        /// The same for all blocks.
        void settle_all();

        void release(block &returned, bool is_clean)
        {
            put_back(returned, is_clean);
            settle(returned);
        }

        /// Takes back what was made of a block.
        a9n::status revoke(const block &revoked)
        {
            return generics.revoke(revoked.number);
        }

        /// Merges whatever can be merged, and revokes all that is free.
        void merge_all();

        void set_policy(policy_number replacement);

        policy_number policy_in_use() const
        {
            return current_number;
        }

        a9n::generic generic_of(const block &member) const
        {
            return { generics[member.number] };
        }

        /// The blocks that are not halves of others, by address.
        const runtime::vector<block *> &roots() const
        {
            return root_blocks;
        }

        word total_bytes() const
        {
            return total;
        }

        word free_bytes() const;
        word largest_free_block() const;

        /// What the server has for itself.
        word own_bytes() const
        {
            return own;
        }

        void count_as_own(word size)
        {
            own += size;
        }

    private:
        block *take_pair();
        void   return_pair(block &first);
        bool   add_root(block &root, word address, word order);
        void   note_revoked(block &revoked);
        bool   split(block &whole);
        bool   merge(block &whole);
        void   forget_halves(block &whole);
        void   mark_free(block &freed);
        void   merge_where(auto wanted);
        void   for_each_block(auto visit);
        bool   merge_for(word order);

        growing_node             generics;
        runtime::vector<block *> root_blocks;
        block                   *unused_pairs   = nullptr;
        block                   *carved_blocks  = nullptr; ///< for the record
        uint32_t                 next_number    = 0;
        word                     total          = 0;
        word                     own            = 0;
        policy_number            current_number = policy_number::buddy;
        policy                  *current;
    };
}
