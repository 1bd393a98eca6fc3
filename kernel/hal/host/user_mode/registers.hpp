// Between the register context of a process and the signal frame of Linux.
#pragma once

#include <hal/interface/process_context.hpp>

#include <ucontext.h>

namespace a9n::host
{
    /// Value of abi::context_register::enter_from.
    inline constexpr word entered_by_kernel_call = 0;

    /// In the order entry.S passes and expects them.
    struct segment_bases
    {
        word fs, gs;
    };

    inline word& at(hal::process_context& context, abi::context_register name)
    {
        return context.registers[static_cast<word>(name)];
    }

    void save_registers(hal::process_context& context, const ucontext_t& frame, segment_bases bases);

    /// `is_other`: not the process that the frame was made for.
    segment_bases load_registers(hal::process_context& context, ucontext_t& frame, bool is_other);
}
