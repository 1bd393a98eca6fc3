/* Offsets the entry code and the C++ code share; checked by static_assert in context.cpp. Macros, because the
   assembler reads them too. */
#pragma once

/* process_context: the 23 words of the ABI's register context. */
#define CONTEXT_RAX 0
#define CONTEXT_RBX 8
#define CONTEXT_RCX 16
#define CONTEXT_RDX 24
#define CONTEXT_RDI 32
#define CONTEXT_RSI 40
#define CONTEXT_RBP 48
#define CONTEXT_R8 56
#define CONTEXT_R9 64
#define CONTEXT_R10 72
#define CONTEXT_R11 80
#define CONTEXT_R12 88
#define CONTEXT_R13 96
#define CONTEXT_R14 104
#define CONTEXT_R15 112
#define CONTEXT_RIP 120
#define CONTEXT_CS 128
#define CONTEXT_RFLAGS 136
#define CONTEXT_RSP 144
#define CONTEXT_SS 152
#define CONTEXT_GS_BASE 160
#define CONTEXT_FS_BASE 168
#define CONTEXT_ENTER_FROM 176
/* End of what the processor and the entry code push. */
#define CONTEXT_FRAME_END 160

/* processor_state: what the HAL keeps for each processor. The kernel stack ends at its entry frame. */
#define PROCESSOR_ENTRY_FRAME 0x3ff0

/* entry_frame */
#define ENTRY_CONTEXT 0
#define ENTRY_SCRATCH 8

#define KERNEL_CODE_SELECTOR 0x08
#define KERNEL_DATA_SELECTOR 0x10
#define USER_DATA_SELECTOR 0x23
#define USER_CODE_SELECTOR 0x2b
#define TASK_STATE_SELECTOR 0x30

#define ENTERED_BY_KERNEL_CALL 0
#define ENTERED_BY_INTERRUPT 1

#define KERNEL_BASE 0xffffffff80000000
