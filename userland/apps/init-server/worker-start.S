/* First instruction of a worker: RSP = its stack, RDI = what it does, RSI = the argument of that. */

    .text
    .globl  worker_start
    .type   worker_start, @function
worker_start:
    .cfi_startproc
    .cfi_undefined rip
    xorl    %ebp, %ebp
    movq    %rdi, %rax
    movq    %rsi, %rdi
    call    *%rax
    ud2
    .cfi_endproc
    .size   worker_start, . - worker_start

    .section .note.GNU-stack, "", @progbits
