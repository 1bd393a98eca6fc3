// NODE: a table of 2^radix capability slots.
#pragma once

#include <a9n/descriptor.hpp>

namespace a9n
{
    struct node : descriptor
    {
        word radix = 0; ///< base-2 logarithm of the number of slots

        constexpr word slot_count() const
        {
            return word { 1 } << radix;
        }

        /// The slot `index` of this node, whatever it holds.
        constexpr descriptor operator[](word index) const
        {
            return { abi::extend_descriptor(value, depth(), radix, index) };
        }

        /// Duplicates `source` into slot `index`; rights and slot-local data stay the same.
        status copy(word index, descriptor source) const
        {
            return capability_command(value, abi::node_operation::copy, index, source.value);
        }

        status move(word index, descriptor source) const
        {
            return capability_command(value, abi::node_operation::move, index, source.value);
        }

        /// As `copy`, with `rights`, which must be a subset of the source's.
        status mint(word index, descriptor source, capability_rights rights) const
        {
            return capability_command(value, abi::node_operation::mint, index, source.value, rights);
        }

        /// Reduces the rights of slot `index`, for good.
        status demote(word index, capability_rights rights) const
        {
            return capability_command(value, abi::node_operation::demote, index, 0, rights);
        }

        /// Removes everything derived from slot `index`; the slot itself stays. A Generic is whole again afterwards.
        status revoke(word index) const
        {
            return capability_command(value, abi::node_operation::revoke, index);
        }

        /// Empties slot `index`. The object ends with its last slot.
        status remove(word index) const
        {
            return capability_command(value, abi::node_operation::remove, index);
        }
    };
}
