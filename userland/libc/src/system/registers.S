// What changes the caller's own registers, and so cannot be an ordinary call: the same on KOITO and on Linux.

    // long __clone_thread(flags, stack, parent_id, child_id, thread_pointer, function, argument)
    .globl __clone_thread
    .type __clone_thread, @function
__clone_thread:
    and $-16, %rsi
    sub $16, %rsi
    mov 8(%rsp), %rax
    mov %r9, (%rsi)
    mov %rax, 8(%rsi)
    mov %rcx, %r10
    mov $56, %eax
    syscall
    test %eax, %eax
    jnz 1f
    xor %ebp, %ebp
    pop %rax
    pop %rdi
    call *%rax
    ud2
1:  ret
    .size __clone_thread, . - __clone_thread

    // void __unmap_and_exit(memory, size): the stack is gone between the two calls. The fault door needs no stack.
    .globl __unmap_and_exit
    .type __unmap_and_exit, @function
__unmap_and_exit:
    mov $11, %eax
    syscall
    xor %edi, %edi
    mov $60, %eax
    syscall
    ud2
    .size __unmap_and_exit, . - __unmap_and_exit

    // pid_t vfork(void): the child returns first, and with it the return address would be gone from the stack.
    .globl vfork
    .type vfork, @function
vfork:
    pop %r8
    mov $58, %eax
    syscall
    push %r8
    test %rax, %rax
    js 1f
    ret
1:  mov %rax, %rdi
    jmp __return_error
    .size vfork, . - vfork

    // Where a signal handler returns to.
    .globl __restore_from_signal
    .hidden __restore_from_signal
    .type __restore_from_signal, @function
__restore_from_signal:
    mov $15, %eax
    syscall
    ud2
    .size __restore_from_signal, . - __restore_from_signal

    // int setjmp(jmp_buf), int sigsetjmp(sigjmp_buf, int save_mask), and back.
    .globl setjmp
    .globl _setjmp
    .globl sigsetjmp
    .type setjmp, @function
    .type _setjmp, @function
    .type sigsetjmp, @function
setjmp:
_setjmp:
    xor %esi, %esi
sigsetjmp:
    mov %rbx, (%rdi)
    mov %rbp, 8(%rdi)
    mov %r12, 16(%rdi)
    mov %r13, 24(%rdi)
    mov %r14, 32(%rdi)
    mov %r15, 40(%rdi)
    lea 8(%rsp), %rax
    mov %rax, 48(%rdi)
    mov (%rsp), %rax
    mov %rax, 56(%rdi)
    movslq %esi, %rsi
    mov %rsi, 64(%rdi)
    test %rsi, %rsi
    jnz __save_signal_mask
    xor %eax, %eax
    ret

    .globl longjmp
    .globl _longjmp
    .globl siglongjmp
    .type longjmp, @function
    .type _longjmp, @function
    .type siglongjmp, @function
longjmp:
_longjmp:
siglongjmp:
    cmpq $0, 64(%rdi)
    je 1f
    push %rdi
    push %rsi
    sub $8, %rsp
    call __restore_signal_mask
    add $8, %rsp
    pop %rsi
    pop %rdi
1:  mov %esi, %eax
    cmp $1, %eax
    adc $0, %eax
    mov (%rdi), %rbx
    mov 8(%rdi), %rbp
    mov 16(%rdi), %r12
    mov 24(%rdi), %r13
    mov 32(%rdi), %r14
    mov 40(%rdi), %r15
    mov 48(%rdi), %rsp
    jmp *56(%rdi)
    .section .note.GNU-stack, "", @progbits
