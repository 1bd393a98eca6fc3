// The machine instruction behind every kernel call, with exactly the registers of the ABI. Tests on the host put a
// model of the kernel in place of this file.
#pragma once

#include <a9n/message-registers.hpp>

namespace a9n
{
    /// `syscall` destroys RCX and R11 only; all message registers may be results.
    [[gnu::artificial, gnu::always_inline]] inline void kernel_call(
        abi::kernel_call type, message_registers &registers)
    {
        word          mr0             = registers.mr[0];
        word          mr1             = registers.mr[1];
        word          mr2             = registers.mr[2];
        register word mr3 asm("r8")  = registers.mr[3];
        register word mr4 asm("r9")  = registers.mr[4];
        register word mr5 asm("r10") = registers.mr[5];
        register word mr6 asm("r12") = registers.mr[6];
        register word mr7 asm("r13") = registers.mr[7];
        register word mr8 asm("r14") = registers.mr[8];
        register word mr9 asm("r15") = registers.mr[9];

        asm volatile("syscall"
                     : "+D"(mr0), "+S"(mr1), "+d"(mr2), "+r"(mr3), "+r"(mr4), "+r"(mr5), "+r"(mr6), "+r"(mr7),
                       "+r"(mr8), "+r"(mr9)
                     : "a"(type)
                     : "rcx", "r11", "memory");

        registers = { { mr0, mr1, mr2, mr3, mr4, mr5, mr6, mr7, mr8, mr9 } };
    }
}
