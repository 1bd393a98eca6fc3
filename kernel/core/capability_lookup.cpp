// Descriptors: paths through nodes (see abi::extend_descriptor for the format).
#include "node.hpp"

namespace a9n
{
    result<capability_slot*> find_capability(const capability_slot& root, abi::capability_descriptor descriptor)
    {
        constexpr word word_bits = 64;
        const word     depth     = (descriptor >> 56) + abi::descriptor_prefix_bits;

        const capability_slot* at   = &root;
        word                   used = abi::descriptor_prefix_bits;
        while (at->type == capability_type::node)
        {
            node& table = at->object<node>();
            if (used + table.radix > depth || used + table.radix > word_bits)
            {
                break;
            }
            used += table.radix;
            capability_slot& slot = table.slots[descriptor >> (word_bits - used) & (table.capacity() - 1)];
            if (used == depth)
            {
                if (slot.is_empty())
                {
                    break;
                }
                return &slot;
            }
            at = &slot;
        }
        return capability_error::invalid_descriptor;
    }

    result<capability_slot*>
        find_capability(const capability_slot& root, abi::capability_descriptor descriptor, capability_type type)
    {
        const result<capability_slot*> found = find_capability(root, descriptor);
        return found.ok() && found.value()->type != type ? capability_error::invalid_descriptor : found;
    }
}
