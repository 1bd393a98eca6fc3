// The Generics of the buddy allocator's blocks: slot i of one node holds the Generic of block i. Tests on the host
// put a model in place of block-node.cpp.
#pragma once

#include <a9n/generic.hpp>
#include <a9n/node.hpp>

namespace ulmm
{
    struct block_node
    {
        a9n::node slots;

        /// Puts a Generic that came from elsewhere into slot `index`.
        a9n::status adopt(a9n::word index, a9n::descriptor source) const;

        /// Converts `count` Generics of 2^order bytes out of slot `parent`, into slots `first`….
        a9n::status divide(a9n::word parent, a9n::word order, a9n::word count, a9n::word first) const;

        /// Takes back everything made from slot `index`: objects, mappings and smaller Generics.
        a9n::status reclaim(a9n::word index) const;

        a9n::generic operator[](a9n::word index) const
        {
            return { slots[index] };
        }
    };
}
