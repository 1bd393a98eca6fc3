// The frame that a signal pushes onto a program's stack, as Linux on x86-64 lays it out, and the way back from it.
//
// The kernel's register operations do not cover the x87 and SSE state. So a handler is entered, and left, through code in a page that
// every program has (signal-page.S): it stores that state in the frame, and loads it from there.
#pragma once

#include "machine.hpp"
#include "signal-numbers.hpp"
#include "user-memory.hpp"

namespace posix
{
    struct frame_request
    {
        signal_information information;
        signal_action      action;
        signal_set         mask;      ///< to be restored
        signal_stack       alternate; ///< used if the action says so
        word               trap = 0, trap_error = 0, trap_address = 0;
        word               page = 0;  ///< where the program has the signal page
    };

    /// Writes the frame and sets the registers so that the handler runs. EFAULT: there is no room for it.
    status push_signal_frame(user_memory &memory, machine::registers &registers, const frame_request &request);

    struct restored_frame
    {
        signal_set   mask;
        signal_stack alternate;
    };

    /// rt_sigreturn: sets the registers so that the program goes on where the signal came. EFAULT, or EINVAL, if the frame is not one.
    result<restored_frame> pop_signal_frame(user_memory &memory, machine::registers &registers, word page);

    bool is_on_stack(const signal_stack &stack, word address);

    /// Offsets in the signal page; signal-page.S agrees.
    inline constexpr word page_enter_handler = 0x00;
    inline constexpr word page_leave_handler = 0x40;
    inline constexpr word page_restorer      = 0x80; ///< for actions without one of their own
}
