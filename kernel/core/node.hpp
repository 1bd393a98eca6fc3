// Nodes: arrays of capability slots, and the paths through them.
#pragma once

#include "capability.hpp"
#include "result.hpp"

namespace a9n
{
    struct node
    {
        word radix; ///< 2^radix slots follow the header

        // Unfinished work: revocation.cpp.
        bool  is_condemned; ///< waits for its slots to be emptied
        bool  spares_revoked_slot;
        bool  takes_descendants_along; ///< of the slot at `next_index`
        node* next_condemned;
        word  next_index; ///< slots before it have been emptied

        capability_slot slots[]; ///< 64-byte aligned: the header takes as much as a slot

        word capacity() const
        {
            return word { 1 } << radix;
        }

        capability_slot* slot_at(word index)
        {
            return index < capacity() ? &slots[index] : nullptr;
        }
    };

    static_assert(sizeof(node) == abi::capability_slot_size);

    /// Memory of a node in the kernel image.
    template<word radix>
    struct alignas(abi::capability_slot_size) node_storage
    {
        uint8_t bytes[sizeof(node) + sizeof(capability_slot) * (word { 1 } << radix)];

        node& initialise()
        {
            node& made = *reinterpret_cast<node*>(bytes);
            made.radix = radix;
            return made;
        }
    };

    /// The slot a descriptor leads to, starting at a root node slot. invalid_descriptor if there is no such slot or it
    /// is empty.
    result<capability_slot*> find_capability(const capability_slot& root, abi::capability_descriptor descriptor);

    /// The same, and the capability must be of `type`: invalid_descriptor.
    result<capability_slot*>
        find_capability(const capability_slot& root, abi::capability_descriptor descriptor, capability_type type);
}
