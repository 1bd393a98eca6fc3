// The server's own memory: a Generic from which it makes its nodes, page tables and the pages of its heap. KOITO gives the
// first; when it runs low, a block of the memory the server manages becomes the next. None of it is ever given back.
#pragma once

#include "common.hpp"

#include <a9n/address-space.hpp>
#include <a9n/generic.hpp>

namespace ulmm
{
    class block_table;

    class own_memory
    {
    public:
        /// `first` is aligned to its size. `objects`: an empty node of nodes, for the server's frames and page tables.
        own_memory(a9n::generic first, word first_size, word first_used, a9n::address_space space, a9n::node objects)
            : current(first), total(first_size), used(first_used), space(space), objects(objects)
        {
        }

        /// Makes one object.
        bool make(a9n::capability_type type, word specific_bits, a9n::node destination, word index);

        /// Sees to it that small objects can be made for a while. To be called where blocks may be allocated.
        void prepare(block_table &blocks);

        /// Puts zeroed pages into the server's address space.
        bool commit(word address, word size);

        /// Maps a frame into the server's address space, for reading and writing.
        bool map(a9n::frame frame, word address);

    private:
        static constexpr word objects_radix = 7;

        /// An empty slot of `objects`.
        bool next_slot(a9n::node &node, word &index);
        bool add_table(word address, word depth);

        a9n::generic       current;
        word               total; ///< bytes of `current`, which is aligned to its size
        word               used;
        a9n::generic       following {};
        word               following_left = 0;
        a9n::address_space space;
        a9n::node          objects;
        word               object_count = 0;
        bool               is_preparing = false;
    };
}
