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
        bool  takes_descendants_along; ///< of the slot at `next_index`, which was found to be the last
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

    /// find_capability, but the slot may be empty. Without a call, because every kernel call begins with it.
    [[gnu::always_inline]] inline result<capability_slot*>
        walk_descriptor(const capability_slot& root, abi::capability_descriptor descriptor)
    {
        constexpr auto failure    = capability_error::invalid_descriptor;
        constexpr word word_bits  = 64;
        constexpr word index_bits = word_bits - abi::descriptor_prefix_bits;

        word remaining = descriptor >> index_bits;                  // bits of the path that have not been walked
        word indexes   = descriptor << abi::descriptor_prefix_bits; // the next one at the top
        if (root.type != capability_type::node)
        {
            return failure;
        }
        node* table = &root.object<node>();
        while (table->radix <= remaining)
        {
            const word radix = table->radix;
            // Without a pointer of its own the compiler works the address out twice; -radix is word_bits - radix.
            auto* const      slots = static_cast<capability_slot*>(__builtin_assume_aligned(table->slots, alignof(capability_slot)));
            capability_slot& slot  = slots[indexes >> (-radix & (word_bits - 1))];
            if (radix == remaining) [[likely]]
            {
                return &slot;
            }
            // A node has no more than index_bits, so a path that claims to be longer than a word comes here.
            if (slot.type != capability_type::node || remaining > index_bits)
            {
                break;
            }
            table = &slot.object<node>();
            indexes <<= radix;
            remaining -= radix;
        }
        return failure;
    }

    /// The slot a descriptor leads to, starting at a root node slot. invalid_descriptor if there is no such slot or it
    /// is empty.
    result<capability_slot*> find_capability(const capability_slot& root, abi::capability_descriptor descriptor);

    /// The same, and the capability must be of `type`: invalid_descriptor.
    result<capability_slot*>
        find_capability(const capability_slot& root, abi::capability_descriptor descriptor, capability_type type);
}
