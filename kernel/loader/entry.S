/* From a multiboot 1 boot loader (32-bit protected mode, EAX = magic, EBX = information) to long mode with the first
   4 GiB mapped at their own addresses. */

#define MULTIBOOT_HEADER_MAGIC 0x1badb002
#define MULTIBOOT_BOOT_MAGIC 0x2badb002
/* Align modules to pages, pass a memory map; the header says where the image goes (it is a 64-bit ELF file). */
#define MULTIBOOT_FLAGS 0x00010003

    .section .multiboot, "ax", @progbits
    .balign 4
multiboot_header:
    .long   MULTIBOOT_HEADER_MAGIC
    .long   MULTIBOOT_FLAGS
    .long   -(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_FLAGS)
    .long   multiboot_header
    .long   loader_begin
    .long   loader_file_end
    .long   loader_end
    .long   loader_entry

    .code32
    .globl  loader_entry
    .type   loader_entry, @function
loader_entry:
    .cfi_startproc
    .cfi_undefined 16          /* RIP: nothing called this */
    cli
    cld
    cmpl    $MULTIBOOT_BOOT_MAGIC, %eax
    jne     no_multiboot
    movl    $loader_stack_end, %esp
    movl    %ebx, %esi

    /* 2048 pages of 2 MiB: present, writable, large. */
    movl    $page_directories, %edi
    movl    $0x83, %eax
    movl    $2048, %ecx
1:  movl    %eax, (%edi)
    addl    $0x200000, %eax
    addl    $8, %edi
    loop    1b
    movl    $page_directory_pointers, %edi
    leal    page_directories + 3, %eax
    movl    $4, %ecx
2:  movl    %eax, (%edi)
    addl    $4096, %eax
    addl    $8, %edi
    loop    2b
    movl    $page_directory_pointers + 3, page_map

    movl    $0x20, %eax         /* CR4.PAE */
    movl    %eax, %cr4
    movl    $page_map, %eax
    movl    %eax, %cr3
    movl    $0xc0000080, %ecx   /* EFER.LME */
    rdmsr
    orl     $0x100, %eax
    wrmsr
    movl    %cr0, %eax
    orl     $0x80000000, %eax   /* CR0.PG */
    movl    %eax, %cr0
    lgdt    gdt_register
    ljmp    $8, $long_mode

no_multiboot:
    movw    $0x3f8, %dx         /* no console yet: one letter on COM1 */
    movb    $'?', %al
    outb    %al, %dx
3:  hlt
    jmp     3b

    .code64
long_mode:
    movl    $16, %eax
    movl    %eax, %ss
    movl    %eax, %ds
    movl    %eax, %es
    movl    %esi, %edi          /* multiboot information; upper half cleared */
    call    load
    ud2
    .cfi_endproc
    .size   loader_entry, . - loader_entry

    .section .data.gdt, "aw", @progbits
    .balign 16
gdt:
    .quad   0
    .quad   0x00209b0000000000
    .quad   0x0000930000000000
gdt_register:
    .word   gdt_register - gdt - 1
    .long   gdt

    .section .bss.tables, "aw", @nobits
    .balign 4096
page_map:
    .skip   4096
page_directory_pointers:
    .skip   4096
page_directories:
    .skip   4 * 4096
    .skip   16384
loader_stack_end:

    .section .note.GNU-stack, "", @progbits
