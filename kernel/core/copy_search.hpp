// Copies of a capability that bears children: they lie behind descendants of either, which may be many.
#pragma once

#include "capability.hpp"

namespace a9n
{
    enum class copy_search
    {
        unfinished, ///< has to go on
        is_last,
        has_copy, ///< which the descendants now follow, so that they stay when the capability is removed
    };

    /// Goes on looking for a copy of the capability in `slot`, a bounded piece.
    copy_search search_copy(capability_slot& slot);
}
