// Registers of a process on x86_64. The first 23 words are the ABI's register context in its order, which is also the
// order in which the processor and the entry code push: RIP…SS are an interrupt frame.
#pragma once

#include <stdint.h>

namespace a9n::hal
{
    /// How the process came into the kernel, which decides how it leaves.
    enum class entry_kind : uint64_t
    {
        kernel_call = 0, ///< RCX and R11 are free: SYSRET
        interrupt   = 1, ///< every register counts: IRETQ
    };

    struct alignas(16) process_context
    {
        uint64_t   rax, rbx, rcx, rdx, rdi, rsi, rbp;
        uint64_t   r8, r9, r10, r11, r12, r13, r14, r15;
        uint64_t   rip, cs, rflags, rsp, ss; ///< cs and ss never change: there is one of each for users
        uint64_t   gs_base, fs_base; ///< current only while the process is not loaded in the processor
        entry_kind enter_from;

        struct
        {
            uint16_t ds, es, fs, gs;
        } selectors; ///< same rule as the bases
        alignas(16) uint8_t vector_state[512]; ///< FXSAVE image, same rule
    };

    constexpr uint64_t arch_root_table_depth()
    {
        return 4;
    }
}
