/* Kernel calls with every register that user code can set. */

/* Offsets in properties::full_state: RAX RBX RCX RDX RSI RDI RBP R8…R15, MXCSR, x87 control word, XMM0…15. */
#define STATE_MXCSR 120
#define STATE_X87_CONTROL 128
#define STATE_XMM 144

.macro save_callee_saved
    .irp    register, rbx, rbp, r12, r13, r14, r15
    pushq   %\register
    .endr
    pushq   %rdi
.endm

/* RDI = state: loads everything but RSP. */
.macro load_state
    ldmxcsr STATE_MXCSR(%rdi)
    fldcw   STATE_X87_CONTROL(%rdi)
    .set    index, 0
    .irp    register, xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15
    movdqu  STATE_XMM + 16 * index(%rdi), %\register
    .set    index, index + 1
    .endr
    .set    index, 0
    .irp    register, rax, rbx, rcx, rdx, rsi
    movq    8 * index(%rdi), %\register
    .set    index, index + 1
    .endr
    .set    index, 6
    .irp    register, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    movq    8 * index(%rdi), %\register
    .set    index, index + 1
    .endr
    movq    40(%rdi), %rdi
.endm

/* The state's address is on top of the stack. */
.macro store_state
    pushq   %rdi
    movq    8(%rsp), %rdi
    .set    index, 0
    .irp    register, rax, rbx, rcx, rdx, rsi
    movq    %\register, 8 * index(%rdi)
    .set    index, index + 1
    .endr
    .set    index, 6
    .irp    register, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    movq    %\register, 8 * index(%rdi)
    .set    index, index + 1
    .endr
    popq    40(%rdi)
    stmxcsr STATE_MXCSR(%rdi)
    fnstcw  STATE_X87_CONTROL(%rdi)
    .set    index, 0
    .irp    register, xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15
    movdqu  %\register, STATE_XMM + 16 * index(%rdi)
    .set    index, index + 1
    .endr
.endm

.macro restore_callee_saved
    popq    %rdi
    .irp    register, r15, r14, r13, r12, rbp, rbx
    popq    %\register
    .endr
    .set    default_mxcsr, 0x1f80
    pushq   $default_mxcsr
    ldmxcsr (%rsp)
    popq    %rax
    fninit
.endm

    .text
/* void full_call(full_state *state): a kernel call. RCX and R11 are stored as the kernel left them. */
    .globl  full_call
    .type   full_call, @function
full_call:
    save_callee_saved
    load_state
    syscall
    .globl  full_call_return
full_call_return:
    store_state
    restore_callee_saved
    ret
    .size   full_call, . - full_call

/* void full_fault(full_state *state): the same with UD2. The resolver has it go on at full_fault_return. */
    .globl  full_fault
    .type   full_fault, @function
full_fault:
    save_callee_saved
    load_state
    ud2
    .globl  full_fault_return
full_fault_return:
    store_state
    restore_callee_saved
    ret
    .size   full_fault, . - full_fault

/* void full_spin(full_state *state): waits with these registers until the byte spin_stop is not 0. */
    .globl  full_spin
    .type   full_spin, @function
full_spin:
    save_callee_saved
    load_state
1:  cmpb    $0, spin_stop(%rip)
    je      1b
    store_state
    restore_callee_saved
    ret
    .size   full_spin, . - full_spin

    .section .note.GNU-stack, "", @progbits
