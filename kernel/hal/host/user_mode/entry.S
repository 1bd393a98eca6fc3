/* Where Linux enters and leaves the kernel: the signal handler and its way back. The user's code may have any FS base,
   and thread-local storage of the host hangs on it, so nothing of C++ runs before FS is the host's again. */

    .set    ALIGNMENT_CHECK, 1 << 18    # RFLAGS.AC

    .text

/* void enter_by_signal(int number, siginfo_t *info, ucontext_t *frame), on the kernel's stack. */
    .globl  enter_by_signal
    .type   enter_by_signal, @function
enter_by_signal:
    .cfi_startproc
    .cfi_undefined rip              # below is the user's code, or nothing
    pushfq
    .cfi_adjust_cfa_offset 8
    andl    $~ALIGNMENT_CHECK, (%rsp)   # Linux leaves the user's
    popfq
    .cfi_adjust_cfa_offset -8
    rdfsbase %rcx
    rdgsbase %r8
    movq    host_fs_base(%rip), %rax
    wrfsbase %rax
    subq    $8, %rsp
    .cfi_adjust_cfa_offset 8
    call    handle_signal           # returns the user's FS and GS base
    addq    $8, %rsp
    .cfi_adjust_cfa_offset -8
    wrfsbase %rax
    wrgsbase %rdx
    ret                             # to leave_by_signal
    .cfi_endproc
    .size   enter_by_signal, . - enter_by_signal

/* The only system call that Linux carries out while user code runs. It sees the program counter behind `syscall`. */
    .globl  leave_by_signal, leave_by_signal_end
    .type   leave_by_signal, @function
leave_by_signal:
    movl    $15, %eax               # rt_sigreturn
    syscall
    ud2
leave_by_signal_end:
    .size   leave_by_signal, . - leave_by_signal

    .section .note.GNU-stack, "", @progbits
