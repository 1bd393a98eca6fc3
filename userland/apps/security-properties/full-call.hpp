// Kernel calls with every register that user code can set; see full-call.S.
#pragma once

#include <kernel-call.hpp>

namespace properties
{
    using conformance::word;

    enum class general : word
    {
        rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15,
    };

    inline constexpr word general_count = 15;

    struct full_state
    {
        word general[general_count];
        word mxcsr;
        word x87_control;
        word padding;
        word xmm[32];

        word &operator[](properties::general which)
        {
            return general[static_cast<word>(which)];
        }
    };

    /// Message registers 0…9.
    inline constexpr properties::general message_registers[] = { general::rdi, general::rsi, general::rdx, general::r8,
        general::r9, general::r10, general::r12, general::r13, general::r14, general::r15 };

    extern "C" void full_call(full_state *state);
    extern "C" void full_fault(full_state *state);
    extern "C" void full_spin(full_state *state);
    extern "C" char full_call_return[], full_fault_return[];
    extern "C" volatile bool spin_stop;
}
