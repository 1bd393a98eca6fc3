/* From the loader into C++: entered in long mode at the physical address of `kernel_entry` with paging on, kernel and
   boot information mapped at their physical addresses, RDI = boot_info, nothing else known. Builds no tables: maps the
   first gigabyte three times (identity, direct map, kernel image) from static data and jumps up. */

#include "arch/entry_layout.h"

#define PAGE_PRESENT_WRITABLE 3
#define LARGE_PAGE 0x83

    .section .text.boot, "ax", @progbits
    .globl  kernel_entry
    .type   kernel_entry, @function
kernel_entry:
    .cfi_startproc
    .cfi_undefined rip
    cli
    cld
    movq    %cr4, %rax          /* no global pages, no PCID: a new CR3 forgets everything */
    andq    $~0x20080, %rax
    movq    %rax, %cr4
    leaq    boot_page_map(%rip), %rax   /* runs at the physical address, so this is one */
    movq    %rax, %cr3
    movabsq $1f, %rax
    jmp     *%rax
1:  leaq    processor_states + PROCESSOR_ENTRY_FRAME(%rip), %rsp
    lgdt    boot_gdt_register(%rip)
    movl    $KERNEL_DATA_SELECTOR, %eax
    movl    %eax, %ss
    pushq   $KERNEL_CODE_SELECTOR
    leaq    2f(%rip), %rax
    pushq   %rax
    lretq
2:  xorl    %eax, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    call    start_x86_64        /* RDI = boot_info; returns as the trap handlers do */
    jmp     leave_idle_kernel
    .cfi_endproc
    .size   kernel_entry, . - kernel_entry

    .section .data.boot, "aw", @progbits
    .balign 4096
boot_page_map:                  /* PML4: identity, direct map, kernel image */
    .quad   boot_low_directory - KERNEL_BASE + PAGE_PRESENT_WRITABLE
    .fill   255, 8, 0
    .quad   boot_low_directory - KERNEL_BASE + PAGE_PRESENT_WRITABLE
    .fill   254, 8, 0
    .quad   boot_high_directory - KERNEL_BASE + PAGE_PRESENT_WRITABLE
boot_low_directory:             /* PDPT */
    .quad   boot_gigabyte - KERNEL_BASE + PAGE_PRESENT_WRITABLE
    .fill   511, 8, 0
boot_high_directory:            /* PDPT: KERNEL_BASE is entry 510 */
    .fill   510, 8, 0
    .quad   boot_gigabyte - KERNEL_BASE + PAGE_PRESENT_WRITABLE
    .quad   0
boot_gigabyte:                  /* PD of 2 MiB pages */
    .set    page, 0
    .rept   512
    .quad   page * 0x200000 + LARGE_PAGE
    .set    page, page + 1
    .endr

    .balign 16
boot_gdt:
    .quad   0
    .quad   0x00209b0000000000  /* kernel code */
    .quad   0x0000930000000000  /* kernel data */
boot_gdt_register:
    .word   boot_gdt_register - boot_gdt - 1
    .quad   boot_gdt

    .section .note.GNU-stack, "", @progbits
