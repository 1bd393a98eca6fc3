/* Ways into and out of the kernel. All of them save the user's registers in the process_context of the process that
   was running, put the stack pointer on `entry_frame` at the top of the kernel stack, call C++ and leave through
   `leave_kernel` with what C++ returned.

   Call frame information: the canonical frame address (CFA) of every frame here is the end of the interrupt frame
   inside the process_context (CONTEXT_FRAME_END), so that every user register has a fixed offset from it and the
   unwinder steps from kernel code into the user's code. */

#include "arch/entry_layout.h"

/* Of the only processor. */
#define entry_frame processor_states + PROCESSOR_ENTRY_FRAME

    .section .text.entry, "ax", @progbits

/* CFA = *(RSP + ENTRY_CONTEXT) + CONTEXT_FRAME_END: DW_CFA_def_cfa_expression { breg7 0, deref, plus_uconst 160 }. */
.macro cfi_cfa_from_entry_frame
    .cfi_escape 0x0f, 6, 0x77, ENTRY_CONTEXT, 0x06, 0x23, 0xa0, 0x01
.endm

/* RIP and RSP are in the interrupt frame of the context. */
.macro cfi_interrupt_frame_saved
    .cfi_offset rip, CONTEXT_RIP - CONTEXT_FRAME_END
    .cfi_offset rsp, CONTEXT_RSP - CONTEXT_FRAME_END
.endm

.macro cfi_low_registers_saved
    .cfi_offset rax, CONTEXT_RAX - CONTEXT_FRAME_END
    .cfi_offset rbx, CONTEXT_RBX - CONTEXT_FRAME_END
    .cfi_offset rcx, CONTEXT_RCX - CONTEXT_FRAME_END
    .cfi_offset rdx, CONTEXT_RDX - CONTEXT_FRAME_END
    .cfi_offset rdi, CONTEXT_RDI - CONTEXT_FRAME_END
    .cfi_offset rsi, CONTEXT_RSI - CONTEXT_FRAME_END
    .cfi_offset rbp, CONTEXT_RBP - CONTEXT_FRAME_END
    .cfi_offset r8, CONTEXT_R8 - CONTEXT_FRAME_END
    .cfi_offset r9, CONTEXT_R9 - CONTEXT_FRAME_END
    .cfi_offset r10, CONTEXT_R10 - CONTEXT_FRAME_END
    .cfi_offset r11, CONTEXT_R11 - CONTEXT_FRAME_END
    .cfi_offset r12, CONTEXT_R12 - CONTEXT_FRAME_END
    .cfi_offset r13, CONTEXT_R13 - CONTEXT_FRAME_END
    .cfi_offset r14, CONTEXT_R14 - CONTEXT_FRAME_END
    .cfi_offset r15, CONTEXT_R15 - CONTEXT_FRAME_END
.endm

/* ---- Kernel calls: RCX = user RIP, R11 = user RFLAGS, RSP = user stack ---------------------------------------- */

    .globl  kernel_call_entry
    .type   kernel_call_entry, @function
kernel_call_entry:
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, 0
    .cfi_register rip, rcx
    /* RSP is the CFA itself: DW_CFA_val_expression r7 { breg7 0 }. */
    .cfi_escape 0x16, 0x07, 2, 0x77, 0
    movq    %rax, entry_frame + ENTRY_SCRATCH(%rip)
    movq    entry_frame + ENTRY_CONTEXT(%rip), %rax
    .cfi_undefined rax
    movq    %rsp, CONTEXT_RSP(%rax)
    leaq    entry_frame(%rip), %rsp
    cfi_cfa_from_entry_frame
    .cfi_offset rsp, CONTEXT_RSP - CONTEXT_FRAME_END
    /* DW_CFA_expression r0 { breg7 ENTRY_SCRATCH }. */
    .cfi_escape 0x10, 0x00, 2, 0x77, ENTRY_SCRATCH

    movq    %rcx, CONTEXT_RIP(%rax)
    movq    %rcx, CONTEXT_RCX(%rax)
    movq    %r11, CONTEXT_RFLAGS(%rax)
    movq    %r11, CONTEXT_R11(%rax)
    movq    ENTRY_SCRATCH(%rsp), %rcx
    .cfi_offset rip, CONTEXT_RIP - CONTEXT_FRAME_END
    .cfi_offset rcx, CONTEXT_RCX - CONTEXT_FRAME_END
    movq    %rcx, CONTEXT_RAX(%rax)
    movq    %rbx, CONTEXT_RBX(%rax)
    movq    %rdx, CONTEXT_RDX(%rax)
    movq    %rdi, CONTEXT_RDI(%rax)
    movq    %rsi, CONTEXT_RSI(%rax)
    movq    %rbp, CONTEXT_RBP(%rax)
    movq    %r8, CONTEXT_R8(%rax)
    movq    %r9, CONTEXT_R9(%rax)
    movq    %r10, CONTEXT_R10(%rax)
    movq    %r12, CONTEXT_R12(%rax)
    movq    %r13, CONTEXT_R13(%rax)
    movq    %r14, CONTEXT_R14(%rax)
    movq    %r15, CONTEXT_R15(%rax)
    movq    $ENTERED_BY_KERNEL_CALL, CONTEXT_ENTER_FROM(%rax)
    cfi_interrupt_frame_saved
    cfi_low_registers_saved
    call    handle_kernel_call_entry
    .cfi_endproc
    .size   kernel_call_entry, . - kernel_call_entry
    /* and falls through */

/* ---- Leaving ---------------------------------------------------------------------------------------------------- */

/* RSP = entry_frame, RAX = context of the process to run. */
    .globl  leave_kernel
    .type   leave_kernel, @function
leave_kernel:
    .cfi_startproc simple
    .cfi_signal_frame
    cfi_cfa_from_entry_frame
    cfi_interrupt_frame_saved
    cfi_low_registers_saved
    movq    %rax, ENTRY_CONTEXT(%rsp)
.Lresume:
    movq    CONTEXT_RBX(%rax), %rbx
    movq    CONTEXT_RDX(%rax), %rdx
    movq    CONTEXT_RDI(%rax), %rdi
    movq    CONTEXT_RSI(%rax), %rsi
    movq    CONTEXT_RBP(%rax), %rbp
    movq    CONTEXT_R8(%rax), %r8
    movq    CONTEXT_R9(%rax), %r9
    movq    CONTEXT_R10(%rax), %r10
    movq    CONTEXT_R12(%rax), %r12
    movq    CONTEXT_R13(%rax), %r13
    movq    CONTEXT_R14(%rax), %r14
    movq    CONTEXT_R15(%rax), %r15
    cmpq    $ENTERED_BY_KERNEL_CALL, CONTEXT_ENTER_FROM(%rax)
    jne     1f

    movq    CONTEXT_RIP(%rax), %rcx
    movq    CONTEXT_RFLAGS(%rax), %r11
    .cfi_remember_state
    movq    CONTEXT_RSP(%rax), %rsp
    .cfi_def_cfa rsp, 0
    .irp    register, rbx, rcx, rdx, rdi, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    .cfi_same_value \register
    .endr
    .cfi_register rip, rcx
    /* RSP is the CFA itself: DW_CFA_val_expression r7 { breg7 0 }; RAX is saved at RAX + CONTEXT_RAX. */
    .cfi_escape 0x16, 0x07, 2, 0x77, 0
    .cfi_escape 0x10, 0x00, 2, 0x70, CONTEXT_RAX
    movq    CONTEXT_RAX(%rax), %rax
    .cfi_same_value rax
    sysretq

1:  .cfi_restore_state
    movq    CONTEXT_RCX(%rax), %rcx
    movq    CONTEXT_R11(%rax), %r11
    leaq    CONTEXT_RIP(%rax), %rsp
    .cfi_def_cfa rsp, 40
    movq    CONTEXT_RAX(%rax), %rax
    .irp    register, rax, rbx, rcx, rdx, rdi, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    .cfi_same_value \register
    .endr
    iretq
    .cfi_endproc
    .size   leave_kernel, . - leave_kernel

/* ---- Exceptions and interrupts -------------------------------------------------------------------------------- */

/* From user mode the processor pushes SS…RIP straight into the context (TSS.RSP0 is its frame end), where the next two
   words, meant for R15 and R14, receive the error code and the vector for the moment. From kernel mode the same frame
   is built on the kernel stack. */

#define HAS_ERROR_CODE(vector) \
    ((vector) == 8 || ((vector) >= 10 && (vector) <= 14) || (vector) == 17 || (vector) == 21 || (vector) == 29 || (vector) == 30)
/* NMI, double fault and machine check have stacks of their own. */
#define IS_FATAL(vector) ((vector) == 2 || (vector) == 8 || (vector) == 18)

    .globl  trap_entries
    .type   trap_entries, @function
    .balign 16
trap_entries:
    .set    vector, 0
    .rept   256
    .balign 16
    .cfi_startproc simple
    .cfi_signal_frame
    .if     HAS_ERROR_CODE(vector)
    .cfi_def_cfa rsp, 48
    cfi_interrupt_frame_saved
    .else
    .cfi_def_cfa rsp, 40
    cfi_interrupt_frame_saved
    pushq   $0
    .cfi_adjust_cfa_offset 8
    .endif
    pushq   $vector
    .cfi_adjust_cfa_offset 8
    .if     IS_FATAL(vector)
    jmp     fatal_trap
    .else
    jmp     ordinary_trap
    .endif
    .cfi_endproc
    .set    vector, vector + 1
    .endr
    .size   trap_entries, . - trap_entries

/* RSP → vector, error code, interrupt frame. Completes the context; then R14 = vector, R15 = error code. */
.macro save_rest_of_context
    xchgq   %r15, 8(%rsp)
    .cfi_offset r15, CONTEXT_R15 - CONTEXT_FRAME_END
    xchgq   %r14, (%rsp)
    .cfi_offset r14, CONTEXT_R14 - CONTEXT_FRAME_END
    .irp    register, r13, r12, r11, r10, r9, r8, rbp, rsi, rdi, rdx, rcx, rbx, rax
    pushq   %\register
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset \register, 0
    .endr
.endm

    .type   ordinary_trap, @function
ordinary_trap:
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, 56
    cfi_interrupt_frame_saved
    save_rest_of_context
    cld
    testb   $3, CONTEXT_CS(%rsp)
    jz      trap_in_kernel
    movq    $ENTERED_BY_INTERRUPT, CONTEXT_ENTER_FROM(%rsp)
    leaq    entry_frame(%rip), %rsp
    cfi_cfa_from_entry_frame
    movq    %r14, %rdi
    movq    %r15, %rsi
    call    handle_trap_entry
    jmp     leave_kernel
    .cfi_endproc
    .size   ordinary_trap, . - ordinary_trap

    /* Interrupts are on in the kernel only while it idles: the idle frame has nothing worth keeping. */
    .type   trap_in_kernel, @function
trap_in_kernel:
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, CONTEXT_FRAME_END
    cfi_interrupt_frame_saved
    cfi_low_registers_saved
    cmpq    $32, %r14
    jb      1f
    leaq    entry_frame(%rip), %rsp
    .cfi_remember_state
    .cfi_undefined rip
    movq    %r14, %rdi
    movq    %r15, %rsi
    call    handle_trap_entry
    jmp     leave_idle_kernel
    .cfi_restore_state
1:  movq    %rsp, %rdi
    movq    %r14, %rsi
    movq    %r15, %rdx
    call    handle_kernel_exception
    ud2
    .cfi_endproc
    .size   trap_in_kernel, . - trap_in_kernel

    .type   fatal_trap, @function
fatal_trap:
    .cfi_startproc simple
    .cfi_signal_frame
    .cfi_def_cfa rsp, 56
    cfi_interrupt_frame_saved
    save_rest_of_context
    cld
    movq    %rsp, %rdi
    movq    %r14, %rsi
    movq    %r15, %rdx
    call    handle_kernel_exception
    ud2
    .cfi_endproc
    .size   fatal_trap, . - fatal_trap

/* ---- Idling -------------------------------------------------------------------------------------------------------- */

/* The same after work that served no process: until one is chosen, no user code is below. */
    .globl  leave_idle_kernel
    .type   leave_idle_kernel, @function
leave_idle_kernel:
    .cfi_startproc
    .cfi_undefined rip
    movq    %rax, ENTRY_CONTEXT(%rsp)
    jmp     .Lresume
    .cfi_endproc
    .size   leave_idle_kernel, . - leave_idle_kernel

    .globl  idle
    .type   idle, @function
idle:
    .cfi_startproc
    .cfi_undefined rip
    sti
    hlt
    jmp     idle
    .cfi_endproc
    .size   idle, . - idle

    .section .note.GNU-stack, "", @progbits
