// Registers of a process on the host: the ABI's register context, and vector state for user mode. No processor holds a
// part of it while the kernel runs.
#pragma once

#include <a9n/abi.hpp>

namespace a9n::hal
{
    struct process_context
    {
        uint64_t registers[abi::context_register_count]; ///< in the order of abi::context_register
        bool     repeats_call;                           ///< the last kernel call is made again when the process runs
        uint8_t  vector_state[416];                      ///< x87 and SSE: an FXSAVE image as far as XMM15
    };

    constexpr uint64_t arch_root_table_depth()
    {
        return 4;
    }
}
