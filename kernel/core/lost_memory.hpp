// Memory whose last capability went, and which tables may still refer to.
#pragma once

#include "capability.hpp"

namespace a9n::lost_memory
{
    /// Whether there is room for another range. If not, forget_piece makes some.
    bool has_room();

    bool is_empty();

    /// Remembers [start, start + size). has_room.
    void add(physical_address start, word size);

    /// Removes a part of what live tables say about the memory, and returns how much work it was. After the last part
    /// no table and no cached translation refers to it: is_empty. Meanwhile others may enter and remove what they like.
    word forget_piece();
}
