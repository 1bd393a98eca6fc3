// What holds after every kernel entry, whatever user programs do.
#pragma once

#include "inventory.hpp"

namespace a9n::host
{
    /// nullptr, or which rule is broken. `objects` are those of now.
    const char* find_broken_invariant(const inventory& objects);
}
