/* Executes instruction cases on the real CPU and writes down what it did. x86-64 Linux only.
 *
 * stdin: cases back to back, each a `struct case_header` followed by its code bytes and its memory patch.
 * stdout: per case a `struct result_header` followed by the bytes of DATA from the first to the last changed one.
 * All little-endian; `native-format.ts` is the other end. The address map is that of `layout.ts`.
 *
 * A case starts with every register loaded from the case, RSP included, and ends with the first exception: the
 * `int3` the code area is filled with, or a fault. The signal frame is the snapshot of the machine. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    CODE = 0x20000000, CODE_SIZE = 2 * PAGE,
    DATA = 0x30000000, DATA_SIZE = 3 * PAGE, WRITABLE_SIZE = 2 * PAGE,
    GS_BASE = DATA + 0x800,
    INT3 = 0xcc,
    VECTOR_TIMEOUT = 255,
    /* The area of XSAVE, standard form: bit vector of what it holds, upper halves of YMM registers. */
    XSTATE_BV = 512, UPPER_HALVES = 576, AREA_SIZE = 832,
    X87 = 1, SSE = 2, AVX = 4,
    ES = 0, CS, SS, DS, FS, GS, SEGMENTS,
    LINUX_CS = 0x33, LINUX_SS = 0x2b,
};

/* The segments of layout.ts that Linux does not have. */
static const struct user_desc ldt[] = {
    {.entry_number = 0, .base_addr = CODE, .limit = CODE_SIZE - 1, .contents = 2, .seg_32bit = 1},
    {.entry_number = 1, .base_addr = CODE, .limit = CODE_SIZE - 1, .contents = 2},
    {.entry_number = 2, .base_addr = DATA, .limit = DATA_SIZE - 1, .seg_32bit = 1},
    {.entry_number = 3, .base_addr = DATA, .limit = DATA_SIZE - 1},
    {.entry_number = 4, .base_addr = DATA + 0x400, .limit = 0x7ff, .seg_32bit = 1},
    {.entry_number = 5, .base_addr = DATA, .limit = PAGE - 1, .contents = 1, .seg_32bit = 1},
    {.entry_number = 6, .base_addr = DATA, .limit = PAGE - 1, .contents = 1},
    {.entry_number = 7, .base_addr = DATA, .limit = DATA_SIZE - 1, .seg_32bit = 1, .read_exec_only = 1},
    {.entry_number = 8, .base_addr = DATA, .limit = DATA_SIZE - 1, .seg_32bit = 1, .seg_not_present = 1},
    {.entry_number = 9, .base_addr = DATA, .limit = 0xfffff, .limit_in_pages = 1, .seg_32bit = 1},
    {.entry_number = 10, .base_addr = CODE, .limit = CODE_SIZE - 1, .contents = 2, .seg_32bit = 1, .read_exec_only = 1},
};

struct case_header {
    uint32_t code_offset, code_length, patch_offset, patch_length;
    uint32_t mxcsr, reserved;
    uint64_t rflags;
    uint64_t gpr[16];
    uint8_t xmm[16][16], upper[16][16];
    uint8_t x87_control[24], x87_registers[8][16]; /* bytes 0 and 32 of an FXSAVE area */
    /* Outside of 64-bit mode: the selectors to begin with, and the offset in CS. */
    uint16_t selectors[SEGMENTS], is_legacy, unused;
    uint32_t legacy_offset, unused_too;
};

struct result_header {
    uint32_t vector, error_code;
    uint64_t fault_address; /* CR2, of a page fault only */
    uint64_t rip, rflags;
    uint64_t gpr[16];
    uint8_t xmm[16][16], upper[16][16];
    uint8_t x87_control[24], x87_registers[8][16];
    uint16_t selectors[SEGMENTS], unused[2];
    uint64_t unused_too;
    uint32_t mxcsr;
    uint32_t diff_offset, diff_length, reserved;
};

/* The image that `run_case` loads; the names are used by the assembly below. */
uint64_t image_gpr[16], image_rflags, image_entry, harness_rsp;
uint8_t image_area[AREA_SIZE] __attribute__((aligned(64)));
uint32_t has_avx, default_mxcsr = 0x1f80;
uint16_t image_selectors[SEGMENTS], image_is_legacy;
struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) image_far;
uint64_t harness_fs, harness_gs = GS_BASE;

void run_case(void);
void enter_legacy(void);
void leave_case(void);

__asm__(
    ".globl run_case, enter_legacy, leave_case\n"
    "run_case:\n"
    "  push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "  mov %rsp, harness_rsp\n"
    "  xor %eax, %eax\n mov %eax, %ds\n mov %eax, %es\n"
    "  cmpl $0, has_avx\n je 1f\n"
    "  mov $7, %eax\n xor %edx, %edx\n xrstor64 image_area\n jmp 2f\n"
    "1: fxrstor64 image_area\n"
    "2:\n"
    "  cmpw $0, image_is_legacy\n je 3f\n"
    "  mov image_selectors+0, %es\n mov image_selectors+6, %ds\n"
    "  mov image_selectors+8, %fs\n mov image_selectors+10, %gs\n mov image_selectors+4, %ss\n"
    "3:\n"
    "  pushq image_rflags\n popfq\n"
    "  mov image_gpr+0, %rax\n mov image_gpr+8, %rcx\n mov image_gpr+16, %rdx\n mov image_gpr+24, %rbx\n"
    "  mov image_gpr+32, %rsp\n mov image_gpr+40, %rbp\n mov image_gpr+48, %rsi\n mov image_gpr+56, %rdi\n"
    "  mov image_gpr+64, %r8\n mov image_gpr+72, %r9\n mov image_gpr+80, %r10\n mov image_gpr+88, %r11\n"
    "  mov image_gpr+96, %r12\n mov image_gpr+104, %r13\n mov image_gpr+112, %r14\n mov image_gpr+120, %r15\n"
    "  jmp *image_entry\n"
    "enter_legacy:\n"
    "  ljmpl *image_far\n"
    "leave_case:\n"
    "  cmpw $0, image_is_legacy\n je 5f\n"
    "  xor %eax, %eax\n mov %eax, %ds\n mov %eax, %es\n"
    "  mov $158, %eax\n mov $0x1002, %edi\n mov harness_fs, %rsi\n syscall\n" /* arch_prctl(ARCH_SET_FS) */
    "  mov $158, %eax\n mov $0x1001, %edi\n mov harness_gs, %rsi\n syscall\n" /* arch_prctl(ARCH_SET_GS) */
    "5: fninit\n"
    "  ldmxcsr default_mxcsr\n"
    "  pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "  ret\n");

static struct result_header result;
static volatile sig_atomic_t inside_case;
static volatile unsigned long case_number, case_number_at_last_tick = -1ul;

/* XSAVE is enabled, has the AVX component, and this at the place that all CPUs have it. */
static int detect_avx(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE) || !(ecx & bit_AVX))
        return 0;
    __asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    if ((eax & (SSE | AVX)) != (SSE | AVX))
        return 0;
    return __get_cpuid_count(0xd, 2, &eax, &ebx, &ecx, &edx) && eax == 256 && ebx == UPPER_HALVES;
}

/* The signal frame holds an FXSAVE area, and behind it the rest of an XSAVE area if the kernel uses that. */
static void capture_extended(const uint8_t *area)
{
    static const uint32_t fp_xstate_magic1 = 0x46505853;
    memcpy(result.x87_control, area, sizeof result.x87_control);
    memcpy(result.x87_registers, area + 32, sizeof result.x87_registers);
    memcpy(result.xmm, area + 160, sizeof result.xmm);
    memset(result.upper, 0, sizeof result.upper);
    if (memcmp(area + 464, &fp_xstate_magic1, 4) == 0 && (area[XSTATE_BV] & AVX))
        memcpy(result.upper, area + UPPER_HALVES, sizeof result.upper);
}

static void capture(int vector, ucontext_t *context)
{
    static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    greg_t *registers = context->uc_mcontext.gregs;
    result.vector = (uint32_t)vector;
    result.error_code = (uint32_t)registers[REG_ERR];
    result.fault_address = vector == 14 ? (uint64_t)registers[REG_CR2] : 0;
    result.rip = (uint64_t)registers[REG_RIP];
    result.rflags = (uint64_t)registers[REG_EFL];
    for (int i = 0; i < 16; i++)
        result.gpr[i] = (uint64_t)registers[order[i]];
    capture_extended((const uint8_t *)context->uc_mcontext.fpregs);
    result.mxcsr = context->uc_mcontext.fpregs->mxcsr;
    const uint64_t selectors = (uint64_t)registers[REG_CSGSFS]; /* CS in the lowest 16 bits, SS in the highest */
    result.selectors[CS] = (uint16_t)selectors;
    result.selectors[SS] = (uint16_t)(selectors >> 48);
    __asm__("mov %%es, %0" : "=r"(result.selectors[ES]));
    __asm__("mov %%ds, %0" : "=r"(result.selectors[DS]));
    __asm__("mov %%fs, %0" : "=r"(result.selectors[FS]));
    __asm__("mov %%gs, %0" : "=r"(result.selectors[GS]));
    inside_case = 0;
    registers[REG_CSGSFS] = (greg_t)((uint64_t)LINUX_SS << 48 | LINUX_CS);
    registers[REG_RIP] = (greg_t)leave_case;
    registers[REG_RSP] = (greg_t)harness_rsp;
    registers[REG_EFL] = 0x202;
}

/* A signal handler starts with the AC flag of the case. */
static inline void clear_alignment_check(void)
{
    __asm__ volatile("pushfq\n andl $~0x40000, (%%rsp)\n popfq" : : : "cc", "memory");
}

static void on_exception(int signal_number, siginfo_t *info, void *context)
{
    clear_alignment_check();
    (void)info;
    if (!inside_case) {
        fprintf(stderr, "harness: signal %d outside of a case\n", signal_number);
        _exit(3);
    }
    capture((int)((ucontext_t *)context)->uc_mcontext.gregs[REG_TRAPNO], context);
}

/* Two ticks within one case: it runs in a circle. */
static void on_tick(int signal_number, siginfo_t *info, void *context)
{
    clear_alignment_check();
    (void)signal_number, (void)info;
    if (inside_case && case_number == case_number_at_last_tick)
        capture(VECTOR_TIMEOUT, context);
    case_number_at_last_tick = case_number;
}

static void *check_map(void *address)
{
    if (address == MAP_FAILED) {
        perror("harness: mmap");
        exit(2);
    }
    return address;
}

/* Once, and only if a case needs them: not every kernel has modify_ldt. */
static void make_segments(void)
{
    static int done;
    for (unsigned i = 0; !done && i < sizeof ldt / sizeof *ldt; i++) {
        if (syscall(SYS_modify_ldt, 0x11, &ldt[i], sizeof ldt[i]) != 0) {
            perror("harness: modify_ldt");
            exit(2);
        }
    }
    done = 1;
}

static void read_all(void *buffer, size_t length)
{
    if (length != 0 && fread(buffer, length, 1, stdin) != 1) {
        fprintf(stderr, "harness: the input ends within a case\n");
        exit(2);
    }
}

int main(void)
{
    /* The code is written through a second mapping, so that the case itself sees it read-only. */
    int code_file = memfd_create("code", 0);
    if (code_file < 0 || ftruncate(code_file, CODE_SIZE) != 0) {
        perror("harness: memfd_create");
        return 2;
    }
    uint8_t *code = check_map(mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, code_file, 0));
    memset(code, INT3, CODE_SIZE);
    check_map(mmap((void *)(uintptr_t)CODE, CODE_SIZE, PROT_READ | PROT_EXEC,
                   MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, code_file, 0));
    uint8_t *data = check_map(mmap((void *)(uintptr_t)DATA, DATA_SIZE, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0));

    /* The pattern every case starts from, sent first; the last page of DATA is read-only afterwards. */
    static uint8_t pattern[DATA_SIZE], before[DATA_SIZE];
    read_all(pattern, sizeof pattern);
    memcpy(data, pattern, DATA_SIZE);
    mprotect(data + WRITABLE_SIZE, DATA_SIZE - WRITABLE_SIZE, PROT_READ);
    memcpy(before, pattern, DATA_SIZE);
    syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)GS_BASE);
    syscall(SYS_arch_prctl, ARCH_GET_FS, &harness_fs);

    static uint8_t signal_stack[1 << 16];
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = on_exception, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    const int exceptions[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (unsigned i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        sigaction(exceptions[i], &action, NULL);
    action.sa_sigaction = on_tick;
    sigaction(SIGVTALRM, &action, NULL);
    struct itimerval second = {{1, 0}, {1, 0}};
    setitimer(ITIMER_VIRTUAL, &second, NULL);

    has_avx = (uint32_t)detect_avx();
    __asm__ volatile("fxsave64 %0" : "=m"(image_area));
    image_area[XSTATE_BV] = X87 | SSE | AVX;
    struct case_header header;
    static uint8_t case_code[CODE_SIZE];
    while (fread(&header, sizeof header, 1, stdin) == 1) {
        if (header.code_length > CODE_SIZE || header.code_offset > CODE_SIZE - header.code_length ||
            header.patch_length > WRITABLE_SIZE || header.patch_offset > WRITABLE_SIZE - header.patch_length) {
            fprintf(stderr, "harness: case %lu is malformed\n", case_number);
            return 2;
        }
        read_all(case_code, header.code_length);
        memcpy(code + header.code_offset, case_code, header.code_length);
        read_all(before + header.patch_offset, header.patch_length);
        memcpy(data + header.patch_offset, before + header.patch_offset, header.patch_length);

        memcpy(image_gpr, header.gpr, sizeof image_gpr);
        image_rflags = header.rflags;
        image_entry = header.is_legacy ? (uint64_t)enter_legacy : CODE + header.code_offset;
        memcpy(image_area, header.x87_control, sizeof header.x87_control);
        memcpy(image_area + 24, &header.mxcsr, 4);
        memcpy(image_area + 32, header.x87_registers, sizeof header.x87_registers);
        memcpy(image_area + 160, header.xmm, sizeof header.xmm);
        memcpy(image_area + UPPER_HALVES, header.upper, sizeof header.upper);

        memcpy(image_selectors, header.selectors, sizeof image_selectors);
        image_is_legacy = header.is_legacy;
        image_far.offset = header.legacy_offset;
        image_far.selector = header.selectors[CS];
        if (header.is_legacy)
            make_segments();

        inside_case = 1;
        run_case();

        uint32_t first = 0, end = WRITABLE_SIZE;
        if (memcmp(before, data, WRITABLE_SIZE) == 0) {
            end = 0;
        } else {
            while (before[first] == data[first])
                first++;
            while (before[end - 1] == data[end - 1])
                end--;
        }
        result.diff_offset = first;
        result.diff_length = end - first;
        fwrite(&result, sizeof result, 1, stdout);
        fwrite(data + first, end - first, 1, stdout);

        memset(code + header.code_offset, INT3, header.code_length);
        memcpy(before + header.patch_offset, pattern + header.patch_offset, header.patch_length);
        memcpy(data + first, before + first, end - first);
        memcpy(data + header.patch_offset, pattern + header.patch_offset, header.patch_length);
        case_number++;
    }
    return 0;
}
