// Descriptors as types: a descriptor names a slot by its path from the caller's root node, and its type says which
// operations the slot's capability has. Copying a descriptor copies the name, not the capability.
#pragma once

#include <a9n/kernel-call.hpp>

namespace a9n
{
    using abi::capability_rights;
    using abi::capability_type;

    struct descriptor
    {
        word value = 0;

        /// Length of the path in bits, the eight of the length itself included.
        constexpr word depth() const
        {
            return (value >> 56) + abi::descriptor_prefix_bits;
        }
    };

    constexpr bool operator==(descriptor a, descriptor b)
    {
        return a.value == b.value;
    }

    /// The caller's root node as the start of every path. Radix in bits.
    struct root_path
    {
        word radix;

        constexpr descriptor operator[](word index) const
        {
            return { abi::extend_descriptor(0, abi::descriptor_prefix_bits, radix, index) };
        }
    };
}
