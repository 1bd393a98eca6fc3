// What the server does for itself before the first program.
#pragma once

#include "machine.hpp"

namespace posix::machine
{
    /// The node for threads' capabilities.
    bool make_own_node();

    /// The heap, in ULMM's memory.
    bool make_heap();

    /// Clocks and notifications.
    void begin_devices();
}
