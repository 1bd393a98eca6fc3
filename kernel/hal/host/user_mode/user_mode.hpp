// User mode for the host: A9N's processes run as machine code of this Linux process, on an x86-64 processor.
//
// Signals are the entries to the kernel: SIGSYS (syscall user dispatch) for a kernel call, SIGSEGV and its kin for
// exceptions, SIGALRM for the timer. The handler runs the kernel and returns to the process that it chose.
//
// It is no prison: user code reaches whatever this Linux process has in its address space.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    /// nullptr, or what this machine lacks.
    const char* find_missing_feature();

    /// Boots the kernel, runs its processes and ends this Linux process: with what init wrote to port 0xF4, with
    /// halted_status if the kernel halted, with failed_status and a message if something cannot be done in user mode.
    [[noreturn]] void run_machine(physical_address boot_info);

    inline constexpr int halted_status = 124;
    inline constexpr int failed_status = 125;

    /// Prints one line about what cannot be done and ends this Linux process with failed_status.
    [[noreturn, gnu::format(printf, 1, 2)]] void give_up(const char* format, ...);
}
