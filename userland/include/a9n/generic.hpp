// GENERIC: physical memory that can be converted into kernel objects, smaller Generics and frames.
#pragma once

#include <a9n/node.hpp>

namespace a9n
{
    struct generic : descriptor
    {
        /// Makes `count` objects in slots `first`… of `destination`. `specific_bits`: a node's radix, a Generic's or
        /// frame's size bits, a page table's depth, 0 for the rest.
        status convert(capability_type type, word specific_bits, word count, node destination, word first) const
        {
            return capability_command(
                value, abi::generic_operation::convert, type, specific_bits, count, destination.value, first);
        }
    };
}
