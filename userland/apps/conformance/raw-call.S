/* void raw_call(register_file *file): loads all general registers but RSP from `file`, makes a kernel call and stores what
   they are afterwards. Order: RAX RBX RDX RSI RDI RBP R8 R9 R10 R12 R13 R14 R15 (RCX and R11 are the call's own). */

    .text
    .globl  raw_call
    .type   raw_call, @function
raw_call:
    .cfi_startproc
    .irp    register, rbx, rbp, r12, r13, r14, r15, rdi
    pushq   %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endr
    movq    0(%rdi), %rax
    movq    8(%rdi), %rbx
    movq    16(%rdi), %rdx
    movq    24(%rdi), %rsi
    movq    40(%rdi), %rbp
    movq    48(%rdi), %r8
    movq    56(%rdi), %r9
    movq    64(%rdi), %r10
    movq    72(%rdi), %r12
    movq    80(%rdi), %r13
    movq    88(%rdi), %r14
    movq    96(%rdi), %r15
    movq    32(%rdi), %rdi
    syscall
    .globl  raw_call_return
raw_call_return:
    pushq   %rdi
    .cfi_adjust_cfa_offset 8
    movq    8(%rsp), %rdi
    movq    %rax, 0(%rdi)
    movq    %rbx, 8(%rdi)
    movq    %rdx, 16(%rdi)
    movq    %rsi, 24(%rdi)
    movq    %rbp, 40(%rdi)
    movq    %r8, 48(%rdi)
    movq    %r9, 56(%rdi)
    movq    %r10, 64(%rdi)
    movq    %r12, 72(%rdi)
    movq    %r13, 80(%rdi)
    movq    %r14, 88(%rdi)
    movq    %r15, 96(%rdi)
    popq    32(%rdi)
    .cfi_adjust_cfa_offset -8
    .irp    register, rdi, r15, r14, r13, r12, rbp, rbx
    popq    %\register
    .cfi_adjust_cfa_offset -8
    .cfi_restore \register
    .endr
    ret
    .cfi_endproc
    .size   raw_call, . - raw_call

/* First instruction of a worker: RDI = worker, RSP = its stack. */
    .globl  worker_entry
    .type   worker_entry, @function
worker_entry:
    .cfi_startproc
    .cfi_undefined rip
    call    run_worker
    ud2
    .cfi_endproc
    .size   worker_entry, . - worker_entry

/* Code of a process without stack: RBX = where to store the vector state. */
    .globl  save_vector_state
    .type   save_vector_state, @function
save_vector_state:
    .cfi_startproc
    .cfi_undefined rip
    fxsave64 (%rbx)
    ud2
    .cfi_endproc
    .size   save_vector_state, . - save_vector_state

    .section .note.GNU-stack, "", @progbits
