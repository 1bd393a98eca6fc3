// Emptying slots and what follows from it: objects whose last capability goes are destroyed, descendants are removed.
#pragma once

#include "capability.hpp"

namespace a9n
{
    /// Removes the capability in `slot`; with the last one its object is destroyed and what derives from it removed.
    /// Nodes are only condemned, mappings only noted: call finish_revocation before the kernel is left.
    void empty_slot(capability_slot& slot);

    /// Removes all descendants of `slot` and resets its object; the slot stays. Then as empty_slot.
    void revoke(capability_slot& slot);

    /// Empties the slots of condemned nodes until there are none left, then removes mappings of memory that went.
    void finish_revocation();
}
