// First fit in address order: the lowest free block that is large enough serves, whatever its size, and nothing is merged
// before a request finds no block. It keeps no lists: the table's tree of halves says where free blocks are.
#pragma once

#include "block-table.hpp"

namespace ulmm
{
    class first_fit_policy final : public policy
    {
    public:
        void   begin(const block_table &table) override;
        void   add(block &freed) override;
        void   remove(block &taken) override;
        block *choose(word order) override;
        bool   prefers_upper_half(word order) const override;
        bool   merges_at_once(const block &whole) const override;

    private:
        const block_table *blocks = nullptr;
    };
}
