// Binary buddies: a list of free blocks for each order, the smallest that fits serves, halves are merged as soon as both
// are free.
#pragma once

#include "block-table.hpp"

namespace ulmm
{
    class buddy_policy final : public policy
    {
    public:
        void   begin(const block_table &table) override;
        void   add(block &freed) override;
        void   remove(block &taken) override;
        block *choose(word order) override;
        bool   prefers_upper_half(word order) const override;
        bool   merges_at_once(const block &whole) const override;

    private:
        block *free_blocks[maximum_order + 1] {};
    };
}
