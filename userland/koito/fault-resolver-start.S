# Entry of KOITO's second thread: RDI is the argument, RSP the end of its stack, aligned to 16 bytes.
    .text
    .globl  koito_fault_resolver_start
    .type   koito_fault_resolver_start, @function
koito_fault_resolver_start:
    .cfi_startproc
    .cfi_undefined rip              # nobody called us: unwinders stop here
    xorl    %ebp, %ebp
    call    koito_resolve_faults    # does not return
    ud2
    .cfi_endproc
    .size   koito_fault_resolver_start, . - koito_fault_resolver_start

    .section .note.GNU-stack, "", @progbits
