/* A kernel that runs small pieces of code in ring 0 and ring 3, each of which ends in an exception or system call, and
   prints what the processor left: vector, error code, frame, CR2, registers, accessed and dirty bits. The same program
   runs on the emulator and on QEMU, and both must print the same. Left out is where QEMU 7.2 differs from the manuals or
   from Intel's processors: RF in the pushed flags; #SS for non-canonical stack addresses; bit W in the error code of a
   read-modify-write of an absent page; bit P beside that for reserved bits; error codes that name an IDT gate (it has 16
   times the vector); the instruction that faults in a jump to a non-canonical address; reserved bits of CR4 and EFER;
   impossible values of CR0 (QEMU crashes);
   arithmetic flags after SYSCALL; SYSRET to a non-canonical address; the undefined bits of LAR; INT1, LOCK HLT; single-stepped
   STI and HLT; general detection; several breakpoints hit at once. */
typedef unsigned char  u8;
typedef unsigned short u16;
typedef unsigned int   u32;
typedef unsigned long  u64;

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
static void tell(const char *what, u64 value)
{
    put(' ');
    say(what);
    put('=');
    int digits = 16;
    while (digits > 1 && (value >> (digits - 1) * 4) == 0) --digits;
    while (digits--) put("0123456789abcdef"[(value >> digits * 4) & 15]);
}
static void write_msr(u32 index, u64 value)
{
    __asm__ volatile("wrmsr" : : "c"(index), "a"((u32)value), "d"((u32)(value >> 32)));
}

/* What the entry code below records; the order is known to it. */
struct record
{
    u64 rax, rbx, rcx, rdx, rsi, rdi, r11, vector, error, rip, cs, flags, rsp, ss, cr2;
};
struct record record;
u64           saved_stack;
u64           entry_stack;
void          run_piece(u64 rip, u64 cs, u64 flags, u64 rsp, u64 ss, const u64 *registers);
extern u8     entry_stubs[], system_call_entry[], sysenter_entry[];

__asm__(".text\n"
        /* Saves the callee's registers, loads rax rbx rcx rdx rsi rdi and goes to the piece by IRET. */
        "run_piece:\n"
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rsp, saved_stack(%rip)\n"
        "push %r8\n push %rcx\n push %rdx\n push %rsi\n push %rdi\n"
        "mov (%r9), %rax\n mov 8(%r9), %rbx\n mov 16(%r9), %rcx\n mov 24(%r9), %rdx\n"
        "mov 32(%r9), %rsi\n mov 40(%r9), %rdi\n"
        "iretq\n"
        /* 16 bytes each: an error code where the processor pushes none, and the vector. */
        ".balign 16\n entry_stubs:\n"
        ".set n, 0\n .rept 256\n .balign 16\n"
        ".if !(n == 8 || (n >= 10 && n <= 14) || n == 17)\n push $0\n .endif\n"
        "push $n\n jmp common_entry\n .set n, n + 1\n .endr\n"
        "common_entry:\n"
        "mov %rax, record(%rip)\n lea record(%rip), %rax\n"
        "mov %rbx, 8(%rax)\n mov %rcx, 16(%rax)\n mov %rdx, 24(%rax)\n mov %rsi, 32(%rax)\n mov %rdi, 40(%rax)\n"
        "mov %r11, 48(%rax)\n"
        "mov %rsp, entry_stack(%rip)\n"
        "pop 56(%rax)\n pop 64(%rax)\n pop 72(%rax)\n pop 80(%rax)\n pop 88(%rax)\n pop 96(%rax)\n pop 104(%rax)\n"
        "mov %cr2, %rbx\n mov %rbx, 112(%rax)\n"
        "leave_piece:\n"
        "mov saved_stack(%rip), %rsp\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
        /* SYSCALL: as an exception with vector 0x100; RIP and RFLAGS from RCX and R11. */
        "system_call_entry:\n"
        "mov %rax, record(%rip)\n lea record(%rip), %rax\n"
        "mov %rbx, 8(%rax)\n mov %rcx, 16(%rax)\n mov %rdx, 24(%rax)\n mov %rsi, 32(%rax)\n mov %rdi, 40(%rax)\n"
        "mov %r11, 48(%rax)\n movq $0x100, 56(%rax)\n"
        "mov %rcx, 72(%rax)\n mov %cs, %rbx\n mov %rbx, 80(%rax)\n mov %rsp, 96(%rax)\n mov %ss, %rbx\n mov %rbx, 104(%rax)\n"
        "mov saved_stack(%rip), %rsp\n pushfq\n pop 88(%rax)\n"
        "jmp leave_piece\n"
        /* SYSENTER: as one with vector 0x101, which saves neither RIP nor RSP. */
        "sysenter_entry:\n"
        "mov %rax, record(%rip)\n lea record(%rip), %rax\n"
        "mov %rbx, 8(%rax)\n mov %rcx, 16(%rax)\n mov %rdx, 24(%rax)\n mov %rsi, 32(%rax)\n mov %rdi, 40(%rax)\n"
        "movq $0x101, 56(%rax)\n movq $0, 72(%rax)\n"
        "mov %cs, %rbx\n mov %rbx, 80(%rax)\n mov %rsp, 96(%rax)\n mov %ss, %rbx\n mov %rbx, 104(%rax)\n"
        "mov saved_stack(%rip), %rsp\n pushfq\n pop 88(%rax)\n"
        "jmp leave_piece\n");

/* Selectors as the kernel of A9N has them: code 08, data 10, user data 23, user code 2b, TSS 30. */
static u64 descriptors[9] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff, 0, 0, 0x00af1b000000ffff };
static struct
{
    u32 reserved;
    u64 rsp[3], reserved2, ist[7], reserved3;
    u16 reserved4, io_map;
} __attribute__((packed)) task;
static struct gate
{
    u16 low, selector;
    u8  stack, type;
    u16 middle;
    u32 high, zero;
} __attribute__((packed)) gates[256];
struct table
{
    u16 limit;
    u64 base;
} __attribute__((packed));

static u8  kernel_stack[4096] __attribute__((aligned(16)));
static u8  own_stack[4096] __attribute__((aligned(4096)));
static u8  fault_stack[4096] __attribute__((aligned(16)));
static u64 pml4[512] __attribute__((aligned(4096))), low_pdpt[512] __attribute__((aligned(4096)));
static u64 low_pd[512] __attribute__((aligned(4096))), pdpt[512] __attribute__((aligned(4096)));
static u64 pd[512] __attribute__((aligned(4096))), pt[512] __attribute__((aligned(4096)));
static u8  frames[8][4096] __attribute__((aligned(4096)));

#define BASE 0x8000000000ul
#define PAGE(n) (BASE + (n) * 4096ul)
#define LARGE(n) (BASE + (n) * 0x200000ul)
enum { code, data, read_only, absent, supervisor, no_execute, reserved, last, behind_last, stack, supervisor_read_only };
enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80 };
#define NX (1ul << 63)

static void set_tables(void)
{
    for (u64 n = 0; n < 512; ++n) low_pd[n] = n << 21 | PS | W | P;
    low_pdpt[0] = (u64)low_pd | W | P;
    low_pdpt[3] = (u64)low_pdpt; /* not present */
    pml4[0]     = (u64)low_pdpt | W | P;
    pml4[1]     = (u64)pdpt | U | W | P;
    pml4[2]     = (u64)pdpt | PS | U | W | P;
    pdpt[0]     = (u64)pd | U | W | P;
    pd[0]       = (u64)pt | U | W | P;
    pd[1]       = 0x400000 | PS | U | P;
    pd[2]       = 0x402000 | PS | U | W | P;
    pd[3]       = (u64)pt | W | P; /* for the supervisor only */
    pd[4]       = (u64)pt | U | P; /* read-only */
    pd[5]       = (u64)pt | NX | U | W | P;
    pd[6]       = 0xfee00000 | PS | W | P; /* the local APIC */
    u64 page[]  = {
        [code] = U | W | P, [data] = U | W | P, [read_only] = U | P, [absent] = U | W, [supervisor] = W | P,
        [no_execute] = NX | U | W | P, [reserved] = 1ul << 51 | U | W | P, [last] = U | W | P, [behind_last] = 0,
        [stack] = U | W | P, [supervisor_read_only] = P,
    };
    for (u64 n = 0; n < sizeof page / sizeof *page; ++n) {
        u64 frame = (u64)frames[n == stack ? 2 : n == code ? 0 : n == no_execute ? 3 : n == last ? 4 : 1];
        pt[n]     = page[n] | frame;
    }
    __asm__ volatile("mov %0, %%cr3" : : "r"(pml4) : "memory");
}

struct piece
{
    const char *name;
    u8          ring;
    u8          size;
    u8          bytes[18];
    u64         rbx, rcx, rax, flags;
    u64         rsp;
    u64         cr4; /* more bits */
    u64         dr0, dr1, dr7;
};
#define CODE(...) sizeof((u8[]) { __VA_ARGS__ }), { __VA_ARGS__ }
#define LOAD CODE(0x48, 0x8b, 0x03, 0xcd, 0x40)
#define STORE CODE(0x48, 0x89, 0x03, 0xcd, 0x40)
#define ADD CODE(0x48, 0x01, 0x03, 0xcd, 0x40)
#define JUMP CODE(0xff, 0xe3)

/* DR7: breakpoint n, its kind (1 write, 2 port, 3 access) and length (0, 1, 3, 2 for 1, 2, 4, 8 bytes). */
#define BREAK(n, kind, length) (1ul << 2 * (n) | (u64)((length) << 2 | (kind)) << (16 + 4 * (n)))
/* CR4. */
enum { TSD = 4, DE = 8, UMIP = 0x800, FSGSBASE = 0x10000, SMEP = 0x100000, SMAP = 0x200000 };
/* A stack that is no page of the user. */
#define OWN_STACK ((u64)own_stack + sizeof own_stack - 256)

static const struct piece pieces[] = {
    { "load", 3, LOAD, PAGE(data) },
    { "store", 3, STORE, PAGE(data) },
    { "add", 3, ADD, PAGE(data) },
    { "jump", 3, JUMP, PAGE(absent) },
    { "load absent", 3, LOAD, PAGE(absent) + 5 },
    { "store absent", 3, STORE, PAGE(absent) },
    { "store read-only", 3, STORE, PAGE(read_only) },
    { "load supervisor", 3, LOAD, PAGE(supervisor) },
    { "store supervisor", 3, STORE, PAGE(supervisor) },
    { "jump supervisor", 3, JUMP, PAGE(supervisor) },
    { "jump no-execute", 3, JUMP, PAGE(no_execute) },
    { "load across into absent", 3, LOAD, PAGE(last) + 0xffd },
    { "store across into absent", 3, STORE, PAGE(last) + 0xffd },
    { "store across into read-only", 3, STORE, PAGE(data) + 0xffd },
    { "load large", 3, LOAD, LARGE(1) + 0x1000 },
    { "store large read-only", 3, STORE, LARGE(1) + 0x1000 },
    { "load below supervisor table", 3, LOAD, LARGE(3) + 0x1000 },
    { "store below read-only table", 3, STORE, LARGE(4) + 0x1000 },
    { "jump below no-execute table", 3, JUMP, LARGE(5) },
    { "load absent PDPT entry", 3, LOAD, BASE + (1ul << 30) },
    { "load absent PD entry", 3, LOAD, LARGE(100) },
    { "load kernel", 3, LOAD, 0x100000 },
    { "load non-canonical", 3, LOAD, 0x800000000000 },
    { "store non-canonical", 3, STORE, 0xffff7ffffffffff0 },

    { "kernel load user", 0, LOAD, PAGE(data) },
    { "kernel store read-only", 0, STORE, PAGE(supervisor_read_only) },
    { "kernel store user read-only", 0, STORE, PAGE(read_only) },
    { "kernel load absent", 0, LOAD, PAGE(absent) },
    { "kernel jump no-execute", 0, JUMP, PAGE(no_execute) },
    { "kernel jump supervisor", 0, JUMP, PAGE(supervisor) },

    { "ud2", 3, CODE(0x90, 0x0f, 0x0b) },
    { "into", 3, CODE(0xce) },
    { "int3", 3, CODE(0xcc) },
    { "int 40", 3, CODE(0xcd, 0x40) },
    { "int 43, gate to data", 3, CODE(0xcd, 0x43) },
    { "int 44, gate to 32-bit code", 3, CODE(0xcd, 0x44) },
    { "int 45, gate to null", 3, CODE(0xcd, 0x45) },
    { "int 46, gate to beyond the table", 3, CODE(0xcd, 0x46) },
    { "int 47, gate to absent code", 3, CODE(0xcd, 0x47) },
    { "int 48, trap gate", 3, CODE(0xcd, 0x48), .flags = 0x200 },
    { "int 49, own stack", 3, CODE(0xcd, 0x49) },
    { "int 49 from ring 0", 0, CODE(0xcd, 0x49) },
    { "int 40 from ring 0, stack not aligned", 0, CODE(0x50, 0xcd, 0x40) },
    { "flags", 3, CODE(0xcd, 0x40), .flags = 0xed5 },

    { "hlt", 3, CODE(0xf4) },
    { "cli", 3, CODE(0xfa) },
    { "in", 3, CODE(0xec) },
    { "mov cr0", 3, CODE(0x0f, 0x20, 0xc0) },
    { "mov cr5", 0, CODE(0x0f, 0x20, 0xe8) },
    { "lgdt", 3, CODE(0x0f, 0x01, 0x13), PAGE(data) },
    { "ltr", 3, CODE(0x0f, 0x00, 0xd8) },
    { "swapgs", 3, CODE(0x0f, 0x01, 0xf8) },
    { "rdmsr", 3, CODE(0x0f, 0x32) },
    { "sysret", 3, CODE(0x48, 0x0f, 0x07) },
    { "popf in ring 3", 3, CODE(0x50, 0x9d, 0xcd, 0x40), 0, 0, 0x7fd7 & ~0x100 },
    { "popf in ring 0", 0, CODE(0x50, 0x9d, 0xcd, 0x40), 0, 0, 0x247ed7 & ~0x200 },
    { "trap flag", 3, CODE(0x90, 0x90, 0x90), .flags = 0x100 },
    { "trap flag by popf", 3, CODE(0x50, 0x9d, 0x90, 0x90), 0, 0, 0x102 },
    { "trap flag over rep", 3, CODE(0xf3, 0xac, 0x90), 0, 5, 0, 0x100 },

    { "divide by zero", 3, CODE(0x31, 0xd2, 0xf7, 0xf1) },
    { "divide overflow", 3, CODE(0x48, 0x99, 0x48, 0xf7, 0xf9), 0, ~0ul, 1ul << 63 },
    { "lock register", 3, CODE(0xf0, 0x01, 0xc0) },
    { "too long", 3, CODE(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90) },
    { "cmpxchg16b unaligned", 3, CODE(0x48, 0x0f, 0xc7, 0x0b), PAGE(data) + 8 },
    { "push absent", 3, CODE(0x50), .rsp = PAGE(absent) + 8 },
    { "push supervisor", 3, CODE(0x50), .rsp = PAGE(supervisor) + 8 },
    { "call absent stack", 3, CODE(0xe8, 0, 0, 0, 0), .rsp = PAGE(absent) + 8 },
    { "pop to absent", 3, CODE(0x8f, 0x03), PAGE(absent) },
    { "ret absent", 3, CODE(0xc3), .rsp = PAGE(absent) },
    { "enter absent", 3, CODE(0xc8, 0x10, 0, 1), .rsp = PAGE(absent) + 8 },
    { "rep stos into absent", 3, CODE(0x48, 0x89, 0xdf, 0xf3, 0x48, 0xab), PAGE(last) + 0xfe0, 8 },
    { "rep movs from absent", 3, CODE(0x48, 0x89, 0xde, 0x48, 0x89, 0xdf, 0x48, 0x81, 0xef, 0x00, 0x0f, 0, 0, 0xf3, 0xa4), PAGE(last) + 0xffe, 8 },
    { "rep scas", 3, CODE(0x48, 0x89, 0xdf, 0xf2, 0xae, 0xcd, 0x40), PAGE(data), 100, 0x5a },
    { "fetch across into absent", 3, JUMP, PAGE(last) + 0xfff },
    { "kernel double fault", 0, CODE(0x50), .rsp = PAGE(absent) + 8 },
    { "kernel int on bad stack", 0, CODE(0xcd, 0x40), .rsp = PAGE(absent) + 8 },

    { "mov ds beyond", 3, CODE(0x8e, 0xd8), 0, 0, 0xfff8 },
    { "mov ds kernel", 3, CODE(0x8e, 0xd8), 0, 0, 0x10 },
    { "mov ds user", 3, CODE(0x8e, 0xd8, 0xcd, 0x40), 0, 0, 0x23 },
    { "mov ds tss", 3, CODE(0x8e, 0xd8), 0, 0, 0x30 },
    { "mov ds local", 3, CODE(0x8e, 0xd8), 0, 0, 0x0f },
    { "mov ss null", 3, CODE(0x8e, 0xd0), 0, 0, 0 },
    { "mov ss rpl", 3, CODE(0x8e, 0xd0), 0, 0, 0x20 },
    { "mov ss code", 3, CODE(0x8e, 0xd0), 0, 0, 0x2b },
    { "mov ss null in ring 0", 0, CODE(0x8e, 0xd0, 0xcd, 0x40), 0, 0, 0 },
    { "mov cs", 3, CODE(0x8e, 0xc8) },
    { "mov ds absent code", 0, CODE(0x8e, 0xd8), 0, 0, 0x40 },
    { "lar kernel", 3, CODE(0x0f, 0x02, 0xd9, 0xcd, 0x40), 7, 0x10 },
    { "lsl tss", 0, CODE(0x0f, 0x03, 0xd9, 0xcd, 0x40), 7, 0x30 },
    { "verw code", 0, CODE(0x0f, 0x00, 0xe9, 0xcd, 0x40), 7, 0x08 },
    { "far return to data", 3, CODE(0x6a, 0x23, 0x53, 0x48, 0xcb), PAGE(code) },
    { "far return to ring 0", 3, CODE(0x6a, 0x08, 0x53, 0x48, 0xcb), PAGE(code) },
    { "far return", 3, CODE(0x6a, 0x2b, 0x53, 0x48, 0xcb), PAGE(data) },
    { "iret to null cs", 0, CODE(0x6a, 0, 0x6a, 0, 0x6a, 2, 0x6a, 0, 0x53, 0x48, 0xcf), PAGE(code) },
    { "iret to null ss in ring 3", 0, CODE(0x6a, 3, 0x6a, 0, 0x6a, 2, 0x6a, 0x2b, 0x53, 0x48, 0xcf), PAGE(data) },
    { "iret to kernel ss in ring 3", 0, CODE(0x6a, 0x10, 0x6a, 0, 0x6a, 2, 0x6a, 0x2b, 0x53, 0x48, 0xcf), PAGE(data) },
    { "iret to ring 3", 0, CODE(0x6a, 0x23, 0x51, 0x6a, 2, 0x6a, 0x2b, 0x53, 0x48, 0xcf), PAGE(data), PAGE(stack) + 64 },
    { "iret to the same ring", 0, CODE(0x6a, 0x10, 0x51, 0x6a, 2, 0x6a, 0x08, 0x53, 0x48, 0xcf), PAGE(supervisor), PAGE(stack) + 64 },
    { "iret in ring 3 to ring 0", 3, CODE(0x6a, 0x10, 0x51, 0x6a, 2, 0x6a, 0x08, 0x53, 0x48, 0xcf), PAGE(data), PAGE(stack) + 64 },

    { "syscall", 3, CODE(0x90, 0x0f, 0x05), 0, 0, 0, 0x600 },
    { "syscall from ring 0", 0, CODE(0x0f, 0x05) },
    { "sysret to ring 3", 0, CODE(0x49, 0x89, 0xc3, 0x48, 0x0f, 0x07), 0, PAGE(data), 0xcd5 },
    { "sysret fetch fault", 0, CODE(0x49, 0x89, 0xc3, 0x48, 0x0f, 0x07), 0, PAGE(absent), 2 },

    { "sysenter", 3, CODE(0x0f, 0x34), .flags = 0x600 },
    { "sysenter from ring 0", 0, CODE(0x0f, 0x34) },
    { "sysexit", 0, CODE(0x48, 0x89, 0xda, 0x48, 0x0f, 0x35), PAGE(data), PAGE(stack) + 64 },
    { "sysexit in ring 3", 3, CODE(0x48, 0x0f, 0x35) },

    { "SMEP, fetch", 0, CODE(0xcd, 0x40), .rsp = OWN_STACK, .cr4 = SMEP },
    { "SMEP, ring 3", 3, CODE(0xcd, 0x40), .cr4 = SMEP },
    { "SMAP, load", 0, LOAD, PAGE(data), .rsp = OWN_STACK, .cr4 = SMAP },
    { "SMAP, store", 0, STORE, PAGE(data), .rsp = OWN_STACK, .cr4 = SMAP },
    { "SMAP, load of the supervisor", 0, LOAD, PAGE(supervisor), .rsp = OWN_STACK, .cr4 = SMAP },
    { "SMAP, load below supervisor table", 0, LOAD, LARGE(3) + 0x1000, .rsp = OWN_STACK, .cr4 = SMAP },
    { "SMAP, stac, load", 0, CODE(0x0f, 0x01, 0xcb, 0x48, 0x8b, 0x03, 0xcd, 0x40), PAGE(data), .rsp = OWN_STACK, .cr4 = SMAP },
    { "SMAP, stac, clac, load", 0, CODE(0x0f, 0x01, 0xcb, 0x0f, 0x01, 0xca, 0x48, 0x8b, 0x03, 0xcd, 0x40), PAGE(data), .rsp = OWN_STACK, .cr4 = SMAP },
    { "SMAP, popf, store", 0, CODE(0x50, 0x9d, 0x48, 0x89, 0x03, 0xcd, 0x40), PAGE(data), 0, 0x40002, .rsp = OWN_STACK, .cr4 = SMAP },
    { "SMAP, stack of the user", 0, CODE(0x50), .cr4 = SMAP },
    { "SMAP, stac, stack of the user", 0, CODE(0x0f, 0x01, 0xcb, 0x50, 0xcd, 0x40), .cr4 = SMAP },
    { "SMAP, ring 3", 3, LOAD, PAGE(data), .cr4 = SMAP },
    { "stac in ring 3", 3, CODE(0x0f, 0x01, 0xcb), .cr4 = SMAP },
    { "UMIP, sgdt", 3, CODE(0x0f, 0x01, 0x03), PAGE(data), .cr4 = UMIP },
    { "UMIP, smsw", 3, CODE(0x0f, 0x01, 0xe0), .cr4 = UMIP },
    { "UMIP, str in ring 0", 0, CODE(0x0f, 0x00, 0xcb, 0xcd, 0x40), .cr4 = UMIP },
    { "str without UMIP", 3, CODE(0x0f, 0x00, 0xcb, 0xcd, 0x40) },
    { "rdfsbase, not enabled", 3, CODE(0xf3, 0x48, 0x0f, 0xae, 0xc0) },
    { "wrgsbase, rdgsbase", 3, CODE(0xf3, 0x48, 0x0f, 0xae, 0xd8, 0xf3, 0x48, 0x0f, 0xae, 0xcb, 0xcd, 0x40), 0, 0, 0x123456789a, .cr4 = FSGSBASE },
    { "rdtsc with TSD", 3, CODE(0x0f, 0x31), .cr4 = TSD },

    { "trap flag, popf clears it", 3, CODE(0x50, 0x9d, 0x90, 0x90), 0, 0, 2, .flags = 0x100 },
    { "popf clears the trap flag", 3, CODE(0x9d, 0x90, 0x90), .flags = 0x100, .rsp = PAGE(data) + 16 },
    { "trap flag, mov ss", 3, CODE(0x8e, 0xd0, 0x90, 0x90), 0, 0, 0x23, .flags = 0x100 },
    { "trap flag, syscall", 3, CODE(0x0f, 0x05), .flags = 0x100 },
    { "trap flag, int 40", 3, CODE(0xcd, 0x40), .flags = 0x100 },
    { "trap flag, ud2", 3, CODE(0x0f, 0x0b), .flags = 0x100 },
    { "sysret sets the trap flag", 0, CODE(0x49, 0x89, 0xc3, 0x48, 0x0f, 0x07), 0, PAGE(data), 0x102 },

    { "breakpoint on an instruction", 3, CODE(0x90, 0x90, 0x90, 0xcd, 0x40), .dr0 = PAGE(code) + 2, .dr7 = 1 },
    { "second breakpoint, global", 3, CODE(0x90, 0x90, 0x90, 0xcd, 0x40), .dr1 = PAGE(code) + 1, .dr7 = 8 },
    { "breakpoint not enabled", 3, CODE(0x90, 0x90, 0x90, 0xcd, 0x40), .dr0 = PAGE(code) + 1, .dr7 = 0 },
    { "breakpoint passed by RF", 0, CODE(0x6a, 0x10, 0x54, 0x68, 2, 0, 1, 0, 0x6a, 8, 0x51, 0x48, 0xcf), 0, PAGE(supervisor), .rsp = PAGE(stack) + 0x800, .dr0 = PAGE(supervisor), .dr7 = 1 },
    { "breakpoint on an absent page", 3, JUMP, PAGE(absent), .dr0 = PAGE(absent), .dr7 = 1 },
    { "watched write", 3, STORE, PAGE(data) + 8, .dr0 = PAGE(data) + 8, .dr7 = BREAK(0, 1, 2) },
    { "watched write, load", 3, LOAD, PAGE(data) + 8, .dr0 = PAGE(data) + 8, .dr7 = BREAK(0, 1, 2) },
    { "watched access, load", 3, LOAD, PAGE(data) + 8, .dr0 = PAGE(data) + 8, .dr7 = BREAK(0, 3, 2) },
    { "watched access, add", 3, ADD, PAGE(data) + 8, .dr1 = PAGE(data) + 8, .dr7 = BREAK(1, 3, 2) },
    { "watched byte", 3, STORE, PAGE(data) + 1, .dr0 = PAGE(data) + 8, .dr7 = BREAK(0, 1, 0) },
    { "watched byte beside", 3, STORE, PAGE(data), .dr0 = PAGE(data) + 8, .dr7 = BREAK(0, 1, 0) },
    { "watched stack", 3, CODE(0x50, 0x90), .dr0 = PAGE(stack) + 0x7f8, .dr7 = BREAK(0, 1, 2) },
    { "watched write that faults", 3, STORE, PAGE(read_only), .dr0 = PAGE(read_only), .dr7 = BREAK(0, 1, 2) },
    { "watched by rep stos", 3, CODE(0xf3, 0x48, 0xab, 0x90), 0, 4, .dr0 = PAGE(data) + 8, .dr7 = BREAK(0, 1, 2) },
    { "watched port, out", 0, CODE(0xe6, 0x80, 0x90), .cr4 = DE, .dr0 = 0x80, .dr7 = BREAK(0, 2, 0) },
    { "watched port, in", 0, CODE(0xe4, 0x80, 0x90), .cr4 = DE, .dr0 = 0x80, .dr7 = BREAK(0, 2, 0) },
    { "mov to dr5", 0, CODE(0x0f, 0x23, 0xe8, 0xcd, 0x40), 0, 0, 0x400 },
    { "mov to dr5 with DE", 0, CODE(0x0f, 0x23, 0xe8), .cr4 = DE },
    { "mov to dr7, high half", 0, CODE(0x0f, 0x23, 0xf8), 0, 0, 1ul << 32 },

    { "nmi", 0, CODE(0xc7, 0x83, 0x00, 0x03, 0, 0, 0x00, 0x44, 0, 0, 0xeb, 0xfe), LARGE(6) },
};

static void set_gate(u32 vector, u16 selector, u8 type, u8 stack_table)
{
    u64 target    = (u64)entry_stubs + vector * 16;
    gates[vector] = (struct gate) { target, selector, stack_table, type, target >> 16, target >> 32, 0 };
}

static void run(const struct piece *piece)
{
    set_tables();
    for (u32 n = 0; n < sizeof frames; ++n) ((u8 *)frames)[n] = 0;
    for (u32 n = 0; n < piece->size; ++n) frames[0][n] = piece->bytes[n];
    frames[1][0] = 0x0f; /* pages other than code begin with UD2; rep scas finds its byte behind it */
    frames[1][1] = 0x0b;
    frames[1][9] = 0x5a;
    frames[3][0] = frames[4][0xfff] = 0x0f;
    u64 registers[6] = { piece->rax, piece->rbx, piece->rcx, 0, PAGE(data), PAGE(data) };
    u64 rsp          = piece->rsp ? piece->rsp : PAGE(stack) + 0x800;
    __asm__ volatile("mov %0, %%ds" : : "r"(0x10));
    record.vector = 0;
    u64 control;
    __asm__ volatile("mov %%cr4, %0" : "=r"(control));
    __asm__ volatile("mov %0, %%cr4" : : "r"(control | piece->cr4));
    __asm__ volatile("mov %0, %%dr0\n mov %1, %%dr1" : : "r"(piece->dr0), "r"(piece->dr1));
    __asm__ volatile("mov %0, %%dr6\n mov %1, %%dr7" : : "r"(0xffff0ff0ul), "r"(piece->dr7 | 0x400));
    run_piece(PAGE(code), piece->ring ? 0x2b : 8, piece->flags | 2, rsp, piece->ring ? 0x23 : 0x10, registers);

    u64 status, armed;
    __asm__ volatile("mov %%dr7, %0" : "=r"(armed));
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x400ul));
    __asm__ volatile("mov %%dr6, %0" : "=r"(status));
    __asm__ volatile("mov %0, %%cr4" : : "r"(control));
    u64 selector;
    __asm__ volatile("mov %%ds, %0" : "=r"(selector));
    say(piece->name);
    put(':');
    tell("vector", record.vector);
    tell("error", record.error);
    tell("rip", record.rip);
    tell("cs", record.cs);
    tell("flags", record.flags & ~0x10000ul);
    tell("rsp", record.rsp);
    tell("ss", record.ss);
    if (record.vector == 14) tell("cr2", record.cr2);
    if (status != 0xffff0ff0) tell("dr6", status);
    if (armed != 0x400) tell("dr7", armed);
    tell("rax", record.rax);
    tell("rbx", record.rbx);
    tell("rcx", record.rcx);
    tell("rsi", record.rsi);
    tell("rdi", record.rdi);
    tell("ds", selector);
    if (record.vector < 0x100) {
        tell("stack", entry_stack - (u64)kernel_stack < 4096 ? 1 : entry_stack - (u64)fault_stack < 4096 ? 2 : entry_stack);
    }
    say(" pages");
    for (u32 n = 0; n < 11; ++n) put("-ad*"[(pt[n] & A ? 1 : 0) | (pt[n] & D ? 2 : 0)]);
    for (u32 n = 0; n < 3; ++n) put("-ad*"[(pd[n] & A ? 1 : 0) | (pd[n] & D ? 2 : 0)]);
    put('\n');
    record.error = 0;
}

void __attribute__((noreturn)) _start(void)
{
    u64 base       = (u64)&task;
    descriptors[6] = 0x0000890000000067 | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    descriptors[7] = base >> 32;
    task.rsp[0]    = (u64)kernel_stack + sizeof kernel_stack;
    task.ist[0]    = (u64)fault_stack + sizeof fault_stack;
    task.io_map    = sizeof task;
    struct table gdt = { sizeof descriptors - 1, (u64)descriptors };
    struct table idt = { 0xf0 * 16 - 1, (u64)gates };
    for (u32 n = 0; n < 256; ++n) set_gate(n, 8, n >= 0x40 || n == 3 ? 0xee : 0x8e, n == 8 ? 1 : 0);
    set_gate(0x43, 0x10, 0xee, 0);
    set_gate(0x44, 0x18, 0xee, 0);
    set_gate(0x45, 0, 0xee, 0);
    set_gate(0x46, 0x100, 0xee, 0);
    set_gate(0x47, 0x40, 0xee, 0);
    set_gate(0x48, 8, 0xef, 0);
    set_gate(0x49, 8, 0xee, 1);

    u64 control;
    __asm__ volatile("cli");
    __asm__ volatile("mov %%cr4, %0" : "=r"(control));
    __asm__ volatile("mov %0, %%cr4" : : "r"(control | 0x600));
    __asm__ volatile("mov %0, %%cr0" : : "r"(0x80010033ul));
    write_msr(0xc0000080, 0xd01);
    write_msr(0xc0000081, 0x001b0008ul << 32);
    write_msr(0xc0000082, (u64)system_call_entry);
    write_msr(0xc0000084, 0x44700);
    write_msr(0x174, 8);
    write_msr(0x175, OWN_STACK);
    write_msr(0x176, (u64)sysenter_entry);
    __asm__ volatile("lgdt %0\n lidt %1" : : "m"(gdt), "m"(idt));
    __asm__ volatile("push $8\n lea 1f(%%rip), %%rax\n push %%rax\n lretq\n 1:\n mov %0, %%ss\n mov %0, %%ds\n mov %0, %%es"
                     :
                     : "r"(0x10)
                     : "rax", "memory");
    __asm__ volatile("ltr %w0\n lldt %w1" : : "r"(0x30), "r"(0));
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    out8(0x3f9, 0);
    out8(0x3fb, 3);
    for (u32 n = 0; n < sizeof pieces / sizeof *pieces; ++n) run(&pieces[n]);
    for (;;) out32(0xf4, 0);
}
