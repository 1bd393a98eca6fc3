// The page a process shares with the kernel for message words beyond MR9 and for capability transfer. The start-up
// code sets `current_ipc_buffer` before anything else runs.
#pragma once

#include <a9n/abi.hpp>

namespace a9n
{
    inline abi::ipc_buffer *current_ipc_buffer = nullptr;
}
