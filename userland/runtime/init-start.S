# Entry of the init server. The kernel starts it with RSP = 0: the stack is part of the image.
    .set    stack_size, 0x10000

    .section .text.start, "ax", @progbits
    .globl  _start
    .type   _start, @function
_start:
    .cfi_startproc
    .cfi_undefined rip              # nobody called us: unwinders stop here
    xorl    %ebp, %ebp
    movabsq $__init_stack_end, %rsp
    movabsq $__init_ipc_buffer_start, %rdi
    movabsq $__init_info_start, %rsi
    call    a9n_start_init          # does not return
    ud2
    .cfi_endproc
    .size   _start, . - _start

# Filled by the kernel and by the loader's agreement with it: both at link-time addresses.
    .section .init_pages, "aw", @nobits
    .balign 4096
    .globl  __init_ipc_buffer_start
    .type   __init_ipc_buffer_start, @object
    .size   __init_ipc_buffer_start, 4096
__init_ipc_buffer_start:
    .skip   4096
    .globl  __init_info_start
    .type   __init_info_start, @object
    .size   __init_info_start, 4096
__init_info_start:
    .skip   4096
    .skip   stack_size
__init_stack_end:

    .section .note.GNU-stack, "", @progbits
