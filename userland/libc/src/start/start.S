// A program's first instruction. RSP points at argc; no return address lies above it.
    .globl _start
    .type _start, @function
_start:
    xor %ebp, %ebp
    mov %rsp, %rdi
    mov $main, %esi
    and $-16, %rsp
    call __start
    ud2
    .size _start, . - _start
    .section .note.GNU-stack, "", @progbits
