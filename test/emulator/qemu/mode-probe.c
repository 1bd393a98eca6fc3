/* A 32-bit multiboot kernel that runs small pieces of code in real mode, 16- and 32-bit protected mode, compatibility mode and
   64-bit mode, under 32-bit, PAE and four-level paging, and prints what the processor left of each: vector, error code,
   frame, CR2, registers. The same program runs on the emulator and on QEMU, and both must print the same. QEMU's translator
   checks no segment limits and types in accesses: those are compared with real processors (../legacy-modes). Left out too: RF,
   and error codes of QEMU 7.2 that name an IDT gate (it has 16 times the vector in IA-32e mode). */
typedef unsigned char      u8;
typedef unsigned short     u16;
typedef unsigned int       u32;
typedef unsigned long long u64;

__asm__(".text\n .align 4\n .long 0x1badb002, 0, -0x1badb002\n"
        ".globl _start\n _start:\n mov $boot_stack + 8192, %esp\n call kernel\n hlt\n");
u8 boot_stack[8192] __attribute__((aligned(16)));

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static u8   in8(u16 port)
{
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static void put(char c)
{
    while ((in8(0x3fd) & 0x20) == 0) {}
    out8(0x3f8, c);
}
static void say(const char *what)
{
    while (*what) put(*what++);
}
static void tell(const char *what, u32 value)
{
    put(' ');
    say(what);
    put('=');
    int digits = 8;
    while (digits > 1 && (value >> (digits - 1) * 4) == 0) --digits;
    while (digits--) put("0123456789abcdef"[(value >> digits * 4) & 15]);
}

/* What the entry code below leaves, in the order of its pushes. */
struct record
{
    u32 gs, fs, es, ds, edi, esi, ebp, unused, ebx, edx, ecx, eax, vector, error, eip, cs, eflags, esp, ss, cr2;
} record;
u32         saved_stack, piece_eip, piece_cs, piece_flags, piece_esp, piece_ss, piece_ds;
void        run_piece(void);
void        leave_piece(void);
extern u8   stubs32[], stubs64[], gate_entry[], gate16_entry[], gate64_entry[], real_blob[], real_blob_end[];

__asm__(
    /* Goes to a piece by IRET; to one at privilege level 0 on the stack of the piece. */
    "run_piece:\n"
    "push %ebx\n push %ebp\n push %esi\n push %edi\n"
    "mov %esp, saved_stack\n"
    "testl $3, piece_cs\n jnz 1f\n"
    "mov piece_ss, %ss\n mov piece_esp, %esp\n jmp 2f\n"
    "1: pushl piece_ss\n pushl piece_esp\n"
    "2: pushl piece_flags\n pushl piece_cs\n pushl piece_eip\n"
    "mov $1, %ebx\n mov $2, %ecx\n mov $3, %edx\n mov $4, %esi\n mov $5, %edi\n mov $6, %ebp\n"
    "mov piece_ds, %eax\n mov %eax, %es\n mov %eax, %fs\n mov %eax, %gs\n mov %eax, %ds\n"
    "mov $0x12345678, %eax\n"
    "iret\n"
    "leave_piece:\n"
    "mov $0x10, %eax\n mov %eax, %ss\n mov %eax, %ds\n mov %eax, %es\n"
    "mov saved_stack, %esp\n"
    "pop %edi\n pop %esi\n pop %ebp\n pop %ebx\n ret\n"
    /* 16 bytes each: an error code where the processor pushes none, and the vector. */
    ".balign 16\n stubs32:\n .set n, 0\n .rept 256\n .balign 16\n"
    ".if !(n == 8 || (n >= 10 && n <= 14) || n == 17)\n push $0\n .endif\n"
    "push $n\n jmp common32\n .set n, n + 1\n .endr\n"
    "common32:\n"
    "pusha\n push %ds\n push %es\n push %fs\n push %gs\n"
    "mov $0x10, %eax\n mov %eax, %ds\n mov %eax, %es\n cld\n"
    "mov %esp, %esi\n mov $record, %edi\n mov $19, %ecx\n rep movsl\n"
    "mov %cr2, %eax\n mov %eax, record + 76\n"
    "jmp leave_piece\n"
    /* The same in 64-bit code: the frame has words of 8 bytes, of which the low halves are kept. */
    ".code64\n .balign 16\n stubs64:\n .set n, 0\n .rept 256\n .balign 16\n"
    ".if !(n == 8 || (n >= 10 && n <= 14) || n == 17)\n push $0\n .endif\n"
    "push $n\n jmp common64\n .set n, n + 1\n .endr\n"
    "common64:\n"
    "mov %eax, record + 44(%rip)\n mov %ecx, record + 40(%rip)\n mov %edx, record + 36(%rip)\n mov %ebx, record + 32(%rip)\n"
    "mov %ebp, record + 24(%rip)\n mov %esi, record + 20(%rip)\n mov %edi, record + 16(%rip)\n"
    "mov %ds, record + 12(%rip)\n mov %es, record + 8(%rip)\n mov %fs, record + 4(%rip)\n mov %gs, record(%rip)\n"
    "lea record + 48(%rip), %rdi\n xor %ecx, %ecx\n"
    "1: mov (%rsp, %rcx, 8), %eax\n mov %eax, (%rdi, %rcx, 4)\n inc %ecx\n cmp $7, %ecx\n jb 1b\n"
    "mov %cr2, %rax\n mov %eax, 28(%rdi)\n"
    "pushq $8\n lea leave_piece(%rip), %rax\n push %rax\n lretq\n"
    ".code32\n");

/* Descriptors: selectors in the names. */
enum
{
    CODE = 0x08, DATA = 0x10, USER_CODE = 0x1b, USER_DATA = 0x23, CODE16 = 0x28, DATA16 = 0x30, USER_CODE16 = 0x3b,
    USER_DATA16 = 0x43, ABSENT_DATA = 0x4b, READ_ONLY = 0x53, EXECUTE_ONLY = 0x5b, CONFORMING = 0x60, GATE = 0x6b,
    GATE16 = 0x73, INNER_GATE = 0x78, TSS = 0x80, CODE64 = 0x90, USER_CODE64 = 0x9b, GATE64 = 0xa3, LDT = 0xb0,
    ABSENT_CODE = 0xc3, TASK_GATE = 0xcb, TSS64 = 0xd0, BAD_GATE = 0xe3, ENTRIES = 32,
};
static u64 gdt[ENTRIES] = {
    0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff, 0x00009b000000ffff, 0x000093000000ffff,
    0x0000fb000000ffff, 0x0000f3000000ffff, 0x00cf73000000ffff, 0x00cff1000000ffff, 0x00cff9000000ffff, 0x00cf9f000000ffff,
};
static u64 ldt[2] = { 0, 0x00cff3000000ffff };
static struct { u32 link, esp0, ss0, rest[23]; } task;
static struct { u32 reserved, rsp0, rsp0_high, rest[23]; } task64;
static struct { u32 low, high; } idt[256];
static struct { u32 low, high, upper, zero; } idt64[256];
struct table
{
    u16 limit;
    u32 base;
} __attribute__((packed));
static u8 kernel_stack[4096] __attribute__((aligned(16)));
static u8 user_stack[4096] __attribute__((aligned(4096)));
static u8 own_stack[4096] __attribute__((aligned(16)));

static u64 base_of(u32 base) { return (u64)(base & 0xffffff) << 16 | (u64)(base >> 24) << 56; }
static u64 gate(u16 selector, u32 offset, u16 attributes)
{
    return (u64)(offset & 0xffff0000) << 32 | (u64)attributes << 32 | (u32)selector << 16 | (offset & 0xffff);
}
static void load_tables(void)
{
    struct table g = { sizeof gdt - 1, (u32)gdt }, i = { sizeof idt - 1, (u32)idt };
    __asm__ volatile("lgdt %0\n lidt %1\n ljmp $8, $1f\n 1: mov %2, %%ds\n mov %2, %%es\n mov %2, %%ss"
                     : : "m"(g), "m"(i), "r"(DATA));
}

static u32 ring_of_record(void) { return record.cs & 3; }

static void report(const char *name, u32 start)
{
    say(name);
    say(":");
    tell("vector", record.vector);
    /* QEMU does not set bit P beside that for reserved bits. */
    tell("error", record.vector == 14 && (record.error & 8) ? record.error & ~1u : record.error);
    tell("ip", record.eip - start);
    tell("cs", record.cs & 0xffff);
    tell("flags", record.eflags & ~0x10000u);
    if (ring_of_record() != 0) {
        tell("sp", record.esp - (u32)user_stack);
        tell("ss", record.ss & 0xffff);
    }
    tell("ax", record.eax);
    tell("bx", record.ebx);
    tell("cx", record.ecx);
    tell("dx", record.edx);
    tell("ds", record.ds & 0xffff);
    tell("es", record.es & 0xffff);
    if (record.vector == 14) tell("cr2", record.cr2);
    put('\n');
}

/* Runs a piece at a privilege level with its usual segments. */
static void run(const char *name, const void *code, u32 cs)
{
    piece_eip   = (u32)code;
    piece_cs    = cs;
    piece_flags = 2;
    piece_ss    = (cs & 3) ? USER_DATA : DATA;
    piece_esp   = (cs & 3) ? (u32)user_stack + 2048 : (u32)own_stack + 2048;
    piece_ds    = (cs & 3) ? USER_DATA : DATA;
    run_piece();
    report(name, (u32)code);
}

/* All end with INT 40, which privilege level 3 may use. */
#define PIECE(name, code) extern u8 name[]; __asm__(#name ":\n" code "\n int $0x40\n");
#define PIECE16(name, code) extern u8 name[]; __asm__(".code16\n" #name ":\n" code "\n int $0x40\n .code32\n");
#define PIECE64(name, code) extern u8 name[]; __asm__(".code64\n" #name ":\n" code "\n int $0x40\n .code32\n");

PIECE(nothing, "")
PIECE(divide, "xor %edx, %edx\n xor %ecx, %ecx\n div %ecx")
PIECE(overflow, "mov $0x7fffffff, %eax\n inc %eax\n into")
PIECE(no_overflow, "xor %eax, %eax\n into")
PIECE(bounds, "push $9\n push $3\n mov $10, %eax\n bound %eax, (%esp)")
PIECE(in_bounds, "push $9\n push $3\n mov $9, %eax\n bound %eax, (%esp)")
PIECE(privileged, "cli")
PIECE(halt, "hlt")
PIECE(breakpoint, "int3")
PIECE(inner_interrupt, "int $0x20")
PIECE(word_gate, "int $0x41")
PIECE(null_jump, "ljmp $0, $0")
PIECE(data_jump, "ljmp $0x23, $0")
PIECE(absent_jump, "ljmp $0xc3, $0")
PIECE(inner_jump, "ljmp $0x08, $nothing")
PIECE(beyond_jump, "ljmp $0xfb, $0")
PIECE(conforming_jump, "ljmp $0x60, $1f\n 1: mov %cs, %eax")
PIECE(far_call, "lcall $0x1b, $1f\n 1: pop %eax\n sub $1b, %eax\n pop %ecx\n movzwl %cx, %ecx")
PIECE(gate_call, "push $0x1111\n push $0x2222\n lcall $0x6b, $0\n mov %esp, %edx\n sub $user_stack, %edx")
PIECE(gate16_call, "lcall $0x73, $0")
PIECE(gate_jump, "ljmp $0x6b, $0")
PIECE(inner_gate_call, "lcall $0x78, $0")
PIECE(bad_gate_call, "lcall $0xe3, $0")
PIECE(load_absent, "mov $0x4b, %eax\n mov %eax, %es")
PIECE(load_inner, "mov $0x10, %eax\n mov %eax, %es")
PIECE(load_execute_only, "mov $0x5b, %eax\n mov %eax, %es")
PIECE(load_read_only, "mov $0x53, %eax\n mov %eax, %es\n mov %es, %ebx")
PIECE(load_conforming, "mov $0x63, %eax\n mov %eax, %es\n mov %es, %ebx")
PIECE(load_beyond, "mov $0xfff3, %eax\n mov %eax, %es")
PIECE(load_null, "mov $3, %eax\n mov %eax, %es\n xor %ebx, %ebx\n mov %es, %ebx")
PIECE(load_ldt, "mov $0x0f, %eax\n mov %eax, %es\n mov %es, %ebx")
PIECE(stack_null, "xor %eax, %eax\n mov %eax, %ss")
PIECE(stack_absent, "mov $0x4b, %eax\n mov %eax, %ss")
PIECE(stack_read_only, "mov $0x53, %eax\n mov %eax, %ss")
PIECE(stack_inner, "mov $0x10, %eax\n mov %eax, %ss")
PIECE(stack_word, "mov $0x43, %eax\n mov %eax, %ss\n mov $0x12340002, %esp\n mov %esp, %eax")
PIECE(selectors, "mov $0x6b, %eax\n lar %eax, %ebx\n setz %cl\n lsl %eax, %edx\n setz %ch\n mov $0x80, %eax\n lar %eax, %edx\n setz %al")
PIECE(limits, "mov $0x23, %eax\n lsl %eax, %ebx\n verr %ax\n setz %cl\n verw %ax\n setz %ch\n mov $0x5b, %eax\n verr %ax\n setz %dl\n mov $0x53, %eax\n verw %ax\n setz %dh")
PIECE(adjust, "mov $0x20, %eax\n mov $3, %ebx\n arpl %bx, %ax\n setz %cl")
PIECE(decimal, "mov $0x79, %eax\n add $0x35, %al\n daa\n mov %eax, %ebx\n mov $0x209, %eax\n aad\n mov %eax, %ecx\n aam\n mov %eax, %edx")
PIECE(all_registers, "mov $7, %eax\n pusha\n mov $0, %eax\n mov $0, %ebx\n popa")
PIECE(frames, "mov $0x55, %ebp\n enter $8, $2\n mov %esp, %eax\n sub $user_stack, %eax\n leave\n mov %ebp, %ebx")
PIECE(flags_word, "pushf\n pop %eax\n pushfw\n pop %bx\n or $0x3000, %eax\n push %eax\n popf\n pushf\n pop %ecx")
PIECE(user_return, "push $0x23\n push $user_stack + 1024\n push $2\n push $0x1b\n push $nothing\n mov $0x10, %eax\n mov %eax, %fs\n iret")
PIECE(user_far_return, "push $0x23\n push $user_stack + 1024\n push $0x1b\n push $nothing\n lret")
PIECE(user_far_return_8, "push $0x23\n push $user_stack + 1024\n push $0x5555\n push $0x6666\n push $0x1b\n push $nothing\n lret $8")
PIECE(bad_return, "push $2\n push $0x08\n push $nothing\n iret")
PIECE(bad_stack_return, "push $0x10\n push $user_stack\n push $2\n push $0x1b\n push $nothing\n iret")
PIECE(load_task, "mov $0x80, %eax\n ltr %ax")
PIECE(load_bad_task, "mov $0x10, %eax\n ltr %ax")
PIECE(load_local, "mov $0xb0, %eax\n lldt %ax\n sldt %ebx\n mov $0x10, %eax\n lldt %ax")
PIECE(system_call, "syscall")
PIECE(string_copy, "push $0x44332211\n mov %esp, %esi\n push $0\n mov %esp, %edi\n mov $4, %ecx\n cld\n rep movsb\n pop %eax")
PIECE16(words, "push %cs\n pop %bx\n mov $0x1234, %ax\n push %ax\n pop %cx\n mov %sp, %dx\n push $5\n sub %sp, %dx")
PIECE16(word_call, "call 1f\n 1: pop %ax\n mov $1f - words, %bx\n sub %bx, %ax")
PIECE64(wide, "mov $0x1122334455667788, %rax\n mov %rax, %rbx\n shr $32, %rbx\n mov %cs, %ecx")
PIECE64(wide_return, "pushq $0x1b\n lea nothing(%rip), %rax\n push %rax\n lretq")
PIECE64(wide_gate, "lcall *1f(%rip)\n 1: .long 0\n .word 0xa3")
PIECE(to_wide, "ljmp $0x9b, $wide")
PIECE(gate64_call, "lcall $0xa3, $0")

__asm__("gate_entry:\n mov %cs, %eax\n mov %ss, %ebx\n mov 8(%esp), %ecx\n mov 12(%esp), %edx\n lret $8\n"
        ".code16\n gate16_entry:\n mov %cs, %ax\n int $0x40\n .code32\n"
        ".code64\n gate64_entry:\n mov %cs, %eax\n mov %ss, %ebx\n mov 8(%rsp), %ecx\n int $0x40\n .code32\n");

static const struct { const char *name; const void *code; } pieces[] = {
#define P(name) { #name, name }
    P(nothing), P(divide), P(overflow), P(no_overflow), P(bounds), P(in_bounds), P(privileged), P(halt), P(breakpoint),
    P(inner_interrupt), P(word_gate), P(null_jump), P(data_jump), P(absent_jump), P(inner_jump), P(beyond_jump),
    P(conforming_jump), P(gate_call), P(gate_jump), P(inner_gate_call), P(bad_gate_call), P(load_absent),
    P(load_inner), P(load_execute_only), P(load_read_only), P(load_conforming), P(load_beyond), P(load_null), P(stack_null),
    P(stack_absent), P(stack_read_only), P(stack_inner), P(stack_word), P(selectors), P(limits), P(adjust), P(decimal),
    P(all_registers), P(frames), P(flags_word), P(bad_return), P(bad_stack_return), P(system_call), P(string_copy),
};

static void set_tables(void)
{
    gdt[CODE16 >> 3] |= base_of((u32)words);
    gdt[USER_CODE16 >> 3] |= base_of((u32)words);
    gdt[GATE >> 3]       = gate(CODE, (u32)gate_entry, 0xec02);
    gdt[GATE16 >> 3]     = gate(CODE16, (u32)gate16_entry - (u32)words, 0xe400);
    gdt[INNER_GATE >> 3] = gate(CODE, (u32)gate_entry, 0x8c00);
    gdt[BAD_GATE >> 3]   = gate(DATA, (u32)gate_entry, 0xec00);
    gdt[TASK_GATE >> 3]  = gate(TSS, 0, 0xe500);
    gdt[TSS >> 3]        = 0x0000890000000067 | base_of((u32)&task);
    gdt[TSS64 >> 3]      = 0x0000890000000067 | base_of((u32)&task64);
    gdt[CODE64 >> 3]      = 0x00af9b000000ffff;
    gdt[USER_CODE64 >> 3] = 0x00affb000000ffff;
    gdt[LDT >> 3]         = 0x000082000000000f | base_of((u32)ldt);
    gdt[ABSENT_CODE >> 3] = 0x00cf7b000000ffff;
    task.esp0 = (u32)kernel_stack + sizeof kernel_stack;
    task.ss0  = DATA;
    task.rest[22] = 0x680000; /* no I/O permission bitmap */
    for (int n = 0; n < 256; ++n) {
        u32 type  = n == 0x40 || n == 3 || n == 4 ? 0xee00 : 0x8e00;
        u64 entry = gate(CODE, (u32)stubs32 + 16 * n, type);
        idt[n].low = (u32)entry;
        idt[n].high = (u32)(entry >> 32);
        entry = gate(CODE64, (u32)stubs64 + 16 * n, type);
        idt64[n].low = (u32)entry;
        idt64[n].high = (u32)(entry >> 32);
    }
    load_tables();
    __asm__ volatile("ltr %w0" : : "r"(TSS));
    __asm__ volatile("lldt %w0" : : "r"(LDT));
}

static u32 tables[5][1024] __attribute__((aligned(4096)));
static void set_cr3(void *table) { __asm__ volatile("mov %0, %%cr3" : : "r"(table)); }
static u32  get_cr4(void)
{
    u32 value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}
static void set_cr4(u32 value) { __asm__ volatile("mov %0, %%cr4" : : "r"(value)); }
static void paging(int on)
{
    u32 value;
    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    value = on ? value | 0x80010000 : value & 0x7fffffff;
    __asm__ volatile("mov %0, %%cr0\n jmp 1f\n 1:" : : "r"(value));
}
static void write_msr(u32 index, u32 value) { __asm__ volatile("wrmsr" : : "c"(index), "a"(value), "d"(0)); }
static void clear(void)
{
    for (int t = 0; t < 5; ++t)
        for (int n = 0; n < 1024; ++n) tables[t][n] = 0;
}

/* An access of one kind to an address at a privilege level, with the bits that it leaves in the entries. */
u32 probe_address;
PIECE(probe_read, "mov probe_address, %ebx\n mov (%ebx), %eax\n mov $0, %eax")
PIECE(probe_write, "mov probe_address, %ebx\n movl $0xcccccccc, (%ebx)")
PIECE(probe_fetch, "mov probe_address, %ebx\n jmp *%ebx")
static void probe(u32 address, u32 *entry)
{
    static const struct { const char *name; const void *code; } kinds[] = { P(probe_read), P(probe_write), P(probe_fetch) };
    for (int kind = 0; kind < 3; ++kind) {
        for (int user = 0; user < 2; ++user) {
            u32 before = *entry;
            set_cr3((void *)tables[0]);
            probe_address = address;
            run(kinds[kind].name, kinds[kind].code, user ? USER_CODE : CODE);
            tell(" entry", *entry);
            put('\n');
            *entry = before;
        }
    }
}

static void short_paging(void)
{
    say("32-bit paging\n");
    clear();
    /* 4 MiB pages for all there is, and a table for 12 MiB to 16 MiB. */
    set_cr4(get_cr4() | 0x10);
    for (int n = 0; n < 3; ++n) tables[0][n] = n << 22 | 0x87;
    tables[0][3] = (u32)tables[1] | 7;
    static const u32 rights[] = { 0, 1, 3, 5, 7 };
    for (int n = 0; n < 5; ++n) tables[1][n] = 0x800000 | n << 12 | rights[n];
    tables[0][4] = 0x200087 | 4 << 22; /* a reserved bit */
    *(volatile u8 *)0x800000 = 0xcc;
    for (int n = 0; n < 5; ++n) *(volatile u8 *)(0x800000 + (n << 12)) = 0xcc;
    set_cr3(tables[0]);
    paging(1);
    for (int n = 0; n < 5; ++n) probe(0xc00000 + (n << 12), &tables[1][n]);
    probe(0x1000000, &tables[0][4]);
    probe(0x1400000, &tables[0][5]);
    paging(0);
    set_cr4(get_cr4() & ~0x10);
}

PIECE(load_pointers, "mov probe_address, %eax\n mov %eax, %cr3")
static void pae_paging(void)
{
    say("PAE paging\n");
    clear();
    u64 *pointers = (u64 *)tables[0], *directory = (u64 *)tables[1], *table = (u64 *)tables[2];
    pointers[0] = (u32)directory | 1;
    for (int n = 0; n < 5; ++n) directory[n] = n << 21 | 0x87;
    directory[6] = (u32)table | 7;
    static const u64 rights[] = { 0, 1, 3, 5, 7, 7 | 1ull << 63, 7 | 1ull << 52, 7 | 1ull << 51 };
    for (int n = 0; n < 8; ++n) table[n] = 0x800000 | n << 12 | rights[n];
    directory[7] = 0x2000 | 7 << 21 | 0x87; /* a reserved bit */
    set_cr4(get_cr4() | 0x20);
    write_msr(0xc0000080, 0x800);
    set_cr3(tables[0]);
    paging(1);
    for (int n = 0; n < 8; ++n) {
        /* Not QEMU's number of address bits. */
        if (n != 7) probe(0xc00000 + (n << 12), (u32 *)&table[n]);
    }
    probe(0xe00000, (u32 *)&directory[7]);
    probe(0x40000000, (u32 *)&pointers[1]);
    paging(0);
    write_msr(0xc0000080, 0);
    set_cr4(get_cr4() & ~0x20);
}

static void long_mode(void)
{
    say("IA-32e mode\n");
    clear();
    u64 *root = (u64 *)tables[0], *pointers = (u64 *)tables[1], *directory = (u64 *)tables[2];
    root[0] = (u32)pointers | 7;
    pointers[0] = (u32)directory | 7;
    for (int n = 0; n < 8; ++n) directory[n] = n << 21 | 0x87;
    task64.rsp0 = (u32)kernel_stack + sizeof kernel_stack;
    gdt[(TSS64 >> 3) + 1] = 0;
    gdt[GATE64 >> 3] = gate(CODE64, (u32)gate64_entry, 0xec00);
    gdt[(GATE64 >> 3) + 1] = 0;
    struct table i = { sizeof idt64 - 1, (u32)idt64 };
    set_cr4(get_cr4() | 0x20);
    write_msr(0xc0000080, 0x101);
    set_cr3(tables[0]);
    paging(1);
    __asm__ volatile("lidt %0\n ltr %w1" : : "m"(i), "r"(TSS64));
    for (unsigned n = 0; n < sizeof pieces / sizeof *pieces; ++n) {
        const void *code = pieces[n].code;
        /* Task state and 16-bit gates do not exist, and what QEMU does with them is its own; SYSCALL is as on AMD's. */
        if (code == (void *)word_gate || code == (void *)system_call || code == (void *)selectors || code == (void *)stack_word || code == (void *)inner_interrupt)
            continue;
        run(pieces[n].name, code, USER_CODE);
    }
    run("user_return", user_return, CODE);
    run("user_far_return", user_far_return, CODE);
    run("to_wide", to_wide, USER_CODE);
    run("gate64_call", gate64_call, USER_CODE);
    run("wide", wide, CODE64);
    run("wide", wide, USER_CODE64);
    run("wide_return", wide_return, USER_CODE64);
    run("wide_gate", wide_gate, USER_CODE64);
    run("words", words, USER_CODE);
    directory[4] = 0;
    probe_address = 0x800010;
    run("probe_read", probe_read, USER_CODE);
    run("probe_write", probe_write, CODE);
    paging(0);
    write_msr(0xc0000080, 0);
    set_cr4(get_cr4() & ~0x20);
    load_tables();
    gdt[TSS >> 3] &= ~(2ull << 40);
    __asm__ volatile("ltr %w0" : : "r"(TSS));
}

/* Real mode: this runs at 7000, reached and left by way of 16-bit protected mode. What it finds goes to 6000. */
__asm__(".code16\n real_blob:\n"
        "mov $0x30, %ax\n mov %ax, %ds\n mov %ax, %es\n mov %ax, %ss\n"
        "mov %cr0, %eax\n and $0xfffffffe, %eax\n mov %eax, %cr0\n"
        "ljmp $0x700, $1f - real_blob\n"
        "1: xor %ax, %ax\n mov %ax, %ds\n mov %ax, %es\n mov %ax, %ss\n mov $0x6ff0, %sp\n"
        "lidtl %cs:real_table - real_blob\n"
        "mov $0x6000, %di\n cld\n"
        /* Interrupts: flags, CS, IP as pushed; those behind IRET. */
        "stc\n int $0x20\n pushf\n pop %ax\n stosw\n"
        "mov $0, %bl\n div %bl\n nop\n"
        ".byte 0x63, 0xd8\n" /* ARPL: #UD */
        "nop\n nop\n"
        /* Far calls, pointers, wrapping offsets, 32-bit operands. */
        "lcall $0x700, $real_far - real_blob\n"
        "mov $0x600, %ax\n mov %ax, %ds\n movl $0x07001234, 0x80\n lds 0x80, %bx\n mov %ds, %ax\n stosw\n mov %bx, %ax\n stosw\n"
        "xor %ax, %ax\n mov %ax, %ds\n"
        "mov $0xffff, %bx\n mov $0x6081, %si\n .byte 0x8a, 0x00\n stosw\n"
        "mov $0x12345678, %eax\n push %eax\n pop %bx\n pop %cx\n mov %bx, %ax\n stosw\n mov %cx, %ax\n stosw\n"
        "mov $0xffff, %ax\n mov %ax, %fs\n mov $0x1357, %ax\n mov %ax, %fs:0x6010\n mov 0x6000, %ax\n stosw\n"
        "smsw %ax\n and $1, %ax\n stosw\n"
        "mov %cr0, %eax\n or $1, %eax\n mov %eax, %cr0\n ljmpl $8, $real_back\n"
        "real_far:\n mov %sp, %ax\n stosw\n pop %ax\n stosw\n pop %bx\n push %bx\n push %ax\n mov %bx, %ax\n stosw\n lret\n"
        "real_interrupt:\n mov %sp, %bp\n mov (%bp), %ax\n stosw\n mov 2(%bp), %ax\n stosw\n mov 4(%bp), %ax\n stosw\n"
        "pushf\n pop %ax\n stosw\n iret\n"
        /* Faults: the IP of the instruction, which is then skipped. */
        "real_fault:\n mov %sp, %bp\n mov (%bp), %ax\n stosw\n addw $2, (%bp)\n iret\n"
        "real_table:\n .word 0x3ff\n .long 0x5000\n"
        "real_blob_end:\n .code32\n");
extern u8   real_interrupt[], real_fault[];
void        enter_real(void);
__asm__("enter_real:\n push %ebx\n push %ebp\n push %esi\n push %edi\n mov %esp, saved_stack\n ljmp $0x28, $0\n"
        "real_back:\n jmp leave_piece\n");

static void real_mode(void)
{
    say("real mode\n");
    u8 *low = (u8 *)0x7000;
    __asm__ volatile("" : "+r"(low));
    for (u32 n = 0; n < (u32)(real_blob_end - real_blob); ++n) low[n] = real_blob[n];
    u32 *vectors = (u32 *)0x5000;
    for (int n = 0; n < 256; ++n) vectors[n] = 0x7000000 | (u32)(real_fault - real_blob);
    vectors[0x20] = 0x7000000 | (u32)(real_interrupt - real_blob);
    u16 *found = (u16 *)0x6000;
    __asm__ volatile("" : "+r"(found));
    for (int n = 0; n < 128; ++n) found[n] = 0;
    u64 saved = gdt[CODE16 >> 3];
    gdt[CODE16 >> 3] = 0x00009b000000ffff | base_of(0x7000);
    enter_real();
    gdt[CODE16 >> 3] = saved;
    load_tables();
    for (int n = 0; n < 32; ++n) tell("", found[n]);
    put('\n');
}

void kernel(void)
{
    out8(0x3f9, 0);
    out8(0x3fb, 3);
    set_tables();
    say("protected mode\n");
    for (unsigned n = 0; n < sizeof pieces / sizeof *pieces; ++n) run(pieces[n].name, pieces[n].code, USER_CODE);
    for (unsigned n = 0; n < sizeof pieces / sizeof *pieces; ++n) {
        const void *code = pieces[n].code;
        /* At privilege level 0 these stop the machine, or use a stack that the entry code cannot. */
        if (code == (void *)halt || code == (void *)stack_word || code == (void *)gate_call || code == (void *)bad_return ||
            code == (void *)gate_jump || code == (void *)inner_gate_call || code == (void *)bad_stack_return)
            continue;
        run(pieces[n].name, code, CODE);
    }
    run("far_call", far_call, USER_CODE);
    run("gate16_call", gate16_call, USER_CODE);
    run("user_return", user_return, CODE);
    run("user_far_return", user_far_return, CODE);
    run("user_far_return_8", user_far_return_8, CODE);
    run("load_task", load_task, CODE);
    run("load_bad_task", load_bad_task, CODE);
    run("load_local", load_local, CODE);
    __asm__ volatile("lldt %w0" : : "r"(LDT));
    run("load_ldt", load_ldt, USER_CODE);
    piece_eip = 0, piece_cs = USER_CODE16, piece_flags = 2, piece_ss = USER_DATA, piece_esp = (u32)user_stack + 2048, piece_ds = USER_DATA;
    run_piece();
    report("words", 0);
    piece_eip = word_call - words;
    run_piece();
    report("word_call", (u32)(word_call - words));
    short_paging();
    pae_paging();
    long_mode();
    real_mode();
    run("nothing", nothing, USER_CODE);
    out32(0xf4, 0);
    for (;;) __asm__ volatile("hlt");
}
