// long __system_call(number, a, b, c, d, e, f) for KOITO: an IPC call on the operating system's port. The message is the
// number and five arguments; the reply's first word is the result.
//
// Calls with a sixth argument, and those whose effect is on the caller's own registers, use the instruction `syscall`
// with Linux's registers: a kernel call that A9N does not know becomes a fault, which the POSIX server answers.

    .set port,           0x0470000000000000 // slot 7 of a root node of radix 4
    .set operation_call, 3
    .set message_info,   1 | 6 << 1         // may block; six words
    .set io_error,       -5

    .globl __system_call
    .type __system_call, @function
__system_call:
    cmpq $0, 8(%rsp)
    jne fault_door
    cmp $511, %rdi
    ja fault_door
    bt %rdi, fault_door_calls(%rip)
    jc fault_door

    push %r12
    push %r13
    push %r14
    push %r15
    mov %r9, %r15
    mov %r8, %r14
    mov %rcx, %r13
    mov %rdx, %r12
    mov %rsi, %r10
    mov %rdi, %r9
    movabs $port, %rdi
    mov $operation_call, %esi
    mov $message_info, %edx
    mov $-1, %rax
    syscall
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    // The server ended, or refused the message: an error of input and output.
    mov $io_error, %rax
    cmp $1, %rdi
    cmove %r9, %rax
    ret

fault_door:
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

    // A bit for each call that needs the fault door: mmap, sendto, recvfrom, futex's kin aside those of six arguments;
    // rt_sigreturn, clone, fork, vfork, execve, execveat, clone3, which change or copy the registers.
    .section .rodata
    .balign 8
fault_door_calls:
    .quad 1 << 9 | 1 << 15 | 1 << 44 | 1 << 45 | 1 << 56 | 1 << 57 | 1 << 58 | 1 << 59 // 0-63
    .quad 0, 0, 0                                                                    // 64-255
    .quad 1 << (270 - 256) | 1 << (281 - 256)                                          // 256-319
    .quad 1 << (322 - 320) | 1 << (326 - 320)                                          // 320-383
    .quad 1 << (435 - 384)                                                            // 384-447
    .quad 0                                                                          // 448-511
    .section .note.GNU-stack, "", @progbits
