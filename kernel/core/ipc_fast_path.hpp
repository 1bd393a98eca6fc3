// Short messages to who waits for them.
#pragma once

#include "process.hpp"

namespace a9n
{
    /// Changed by tests only: everything must be the same without the fast path, but slower.
    extern bool is_fast_path_enabled;

    /// Tries an operation on an IPC port whose number and rights have been checked. Returns the process that runs next, or
    /// nullptr if nothing was done.
    process_control_block* try_fast_path(process_control_block& caller, capability_slot& slot, word operation);
}
