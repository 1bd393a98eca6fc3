// long __system_call(number, a, b, c, d, e, f) for Linux: the `syscall` instruction.
    .globl __system_call
    .type __system_call, @function
__system_call:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    ret
    .size __system_call, . - __system_call
    .section .note.GNU-stack, "", @progbits
