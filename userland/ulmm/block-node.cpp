#include "block-node.hpp"

namespace ulmm
{
    a9n::status block_node::adopt(a9n::word index, a9n::descriptor source) const
    {
        return slots.move(index, source);
    }

    a9n::status block_node::divide(a9n::word parent, a9n::word order, a9n::word count, a9n::word first) const
    {
        const a9n::generic whole { slots[parent] };
        return whole.convert(a9n::capability_type::generic, order, count, slots, first);
    }

    a9n::status block_node::reclaim(a9n::word index) const
    {
        return slots.revoke(index);
    }
}
