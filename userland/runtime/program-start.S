# Entry of an ordinary program. KOITO passes in RDI the address of the IPC buffer and in RSP the top of the stack.
    .section .text.start, "ax", @progbits
    .globl  _start
    .type   _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip              # nobody called us: unwinders stop here
    xorl    %ebp, %ebp
    andq    $-16, %rsp
    call    a9n_start_program       # does not return
    ud2
    .cfi_endproc
    .size   _start, . - _start

    .section .note.GNU-stack, "", @progbits
