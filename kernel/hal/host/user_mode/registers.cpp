#include "registers.hpp"

#include <cstring>

namespace a9n::host
{
    namespace
    {
        using abi::context_register;

        /// CS, SS and what is not in the frame are left out.
        constexpr struct
        {
            context_register name;
            int              in_frame;
        } register_places[] = {
            { context_register::rax, REG_RAX }, { context_register::rbx, REG_RBX }, { context_register::rcx, REG_RCX },
            { context_register::rdx, REG_RDX }, { context_register::rdi, REG_RDI }, { context_register::rsi, REG_RSI },
            { context_register::rbp, REG_RBP }, { context_register::r8, REG_R8 }, { context_register::r9, REG_R9 },
            { context_register::r10, REG_R10 }, { context_register::r11, REG_R11 }, { context_register::r12, REG_R12 },
            { context_register::r13, REG_R13 }, { context_register::r14, REG_R14 }, { context_register::r15, REG_R15 },
            { context_register::rip, REG_RIP }, { context_register::rsp, REG_RSP },
            { context_register::rflags, REG_EFL },
        };

        // The vector state of a frame: an FXSAVE image, in the unused bytes of which Linux says whether the rest of an
        // XSAVE image follows (Linux: arch/x86/include/uapi/asm/sigcontext.h; Intel SDM volume 1, section 13.4).
        constexpr word     software_bytes      = 464;
        constexpr uint32_t xsave_image_follows = 0x4650'5853;
        constexpr word     state_components    = 512; ///< XSTATE_BV
        constexpr word     kept_components     = 1 << 0 | 1 << 1 | 1 << 9; ///< x87, SSE, and PKRU, which is Linux's

        uint8_t* vector_state_of(const ucontext_t& frame)
        {
            return reinterpret_cast<uint8_t*>(frame.uc_mcontext.fpregs);
        }

        /// What is beyond the FXSAVE image is not kept for a process: it gets initial values.
        void reset_extended_state(uint8_t* state)
        {
            uint32_t magic;
            memcpy(&magic, state + software_bytes, sizeof(magic));
            if (magic == xsave_image_follows)
            {
                word components;
                memcpy(&components, state + state_components, sizeof(components));
                components &= kept_components;
                memcpy(state + state_components, &components, sizeof(components));
            }
        }
    }

    void save_registers(hal::process_context& context, const ucontext_t& frame, segment_bases bases)
    {
        for (const auto& place : register_places)
        {
            at(context, place.name) = static_cast<word>(frame.uc_mcontext.gregs[place.in_frame]);
        }
        at(context, context_register::fs_base) = bases.fs;
        at(context, context_register::gs_base) = bases.gs;
        memcpy(context.vector_state, vector_state_of(frame), sizeof(context.vector_state));
    }

    segment_bases load_registers(hal::process_context& context, ucontext_t& frame, bool is_other)
    {
        greg_t* const registers = frame.uc_mcontext.gregs;
        for (const auto& place : register_places)
        {
            registers[place.in_frame] = static_cast<greg_t>(at(context, place.name));
        }
        if (at(context, context_register::enter_from) == entered_by_kernel_call)
        {
            // As SYSRET leaves them.
            registers[REG_RCX] = registers[REG_RIP];
            registers[REG_R11] = registers[REG_EFL];
        }
        uint8_t* const state = vector_state_of(frame);
        memcpy(state, context.vector_state, sizeof(context.vector_state));
        if (is_other)
        {
            reset_extended_state(state);
        }
        return { at(context, context_register::fs_base), at(context, context_register::gs_base) };
    }
}
