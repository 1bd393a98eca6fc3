# The page that every program has for signals. signal-frame.cpp puts the addresses of these pieces into registers and frames.
    .section .rodata.signal_page, "a", @progbits
    .balign 64
    .globl  posix_signal_page_start, posix_signal_page_end
posix_signal_page_start:
    # Enter a handler. R10: where the vector state goes; R11: the handler; its arguments are in place.
    fxsave64 (%r10)
    fninit
    ldmxcsr initial_mxcsr(%rip)
    jmpq    *%r11

    # Leave a handler. The vector state is at RSP + 64, the rest of the way back at RSP.
    .org    posix_signal_page_start + 0x40
    fxrstor64 64(%rsp)
    iretq

    # Where a handler returns to if its action has no restorer.
    .org    posix_signal_page_start + 0x80
    movl    $15, %eax               # rt_sigreturn
    syscall
    ud2

    .balign 4
initial_mxcsr:
    .long   0x1f80
posix_signal_page_end:

    .section .note.GNU-stack, "", @progbits
