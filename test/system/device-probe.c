/* A kernel that asks the devices questions whose answers do not depend on time and prints them: the same program runs on
   the emulator and on QEMU, and both must answer alike. Left out is where QEMU differs from the data sheets: changes of
   modem lines in loopback mode, the PIT's null-count bit, a LINT0 with a vector; and where the board is another: the I/O
   APIC's version, equipment in the clock's memory. */
typedef unsigned char  u8;
typedef unsigned short u16;
typedef unsigned int   u32;
typedef unsigned long  u64;

enum { lapic = 0xfee00000, ioapic = 0xfec00000 };

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static u8   in8(u16 port)
{
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static u16 in16(u16 port)
{
    u16 value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static u32 in32(u16 port)
{
    u32 value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static u32  apic(u32 at) { return *(volatile u32 *)(u64)(lapic + at); }
static void set_apic(u32 at, u32 value) { *(volatile u32 *)(u64)(lapic + at) = value; }
static u32  redirection(u32 at)
{
    *(volatile u32 *)(u64)ioapic = at;
    return *(volatile u32 *)(u64)(ioapic + 0x10);
}
static void set_redirection(u32 at, u32 value)
{
    *(volatile u32 *)(u64)ioapic          = at;
    *(volatile u32 *)(u64)(ioapic + 0x10) = value;
}

/* Output is gathered and printed at the end, because the serial port itself is asked questions. */
static char text[1 << 14];
static u32  length;
static void put(char c) { text[length++] = c; }
static void say(const char *what)
{
    while (*what) put(*what++);
}
static void number(u32 value)
{
    int digits = 8;
    while (digits > 1 && (value >> (digits - 1) * 4) == 0) --digits;
    while (digits--) put("0123456789abcdef"[(value >> digits * 4) & 15]);
}
static void tell(const char *what, u32 value)
{
    say(what);
    put('=');
    number(value);
    put('\n');
}

/* Interrupts: every vector leads to a handler that notes it and ends the interrupt. */
struct gate
{
    u16 low, selector;
    u8  stack, type;
    u16 middle;
    u32 high, zero;
} __attribute__((packed));
static struct gate gates[256];
static u64         descriptors[3] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };
static struct
{
    u16 limit;
    u64 base;
} __attribute__((packed)) table, code;

static volatile u32 taken[64], taken_count, ended_by_apic, ended_by_pic;

void on_interrupt(u64 vector)
{
    if (taken_count < 64) taken[taken_count++] = (u32)vector;
    if (ended_by_apic) set_apic(0xb0, 0);
    if (ended_by_pic)
    {
        if (vector >= 0x28 && vector < 0x30) out8(0xa0, 0x20);
        out8(0x20, 0x20);
    }
}

/* One stub of 16 bytes for each vector. */
__asm__(".balign 16\nstubs:\n"
        ".set vector, 0\n"
        ".rept 256\n"
        ".balign 16\n"
        "push $vector\n"
        "jmp common\n"
        ".set vector, vector + 1\n"
        ".endr\n"
        "common:\n"
        "push %rax\npush %rcx\npush %rdx\npush %rsi\npush %rdi\npush %r8\npush %r9\npush %r10\npush %r11\n"
        "mov 72(%rsp), %rdi\n"
        "cld\n"
        "call on_interrupt\n"
        "pop %r11\npop %r10\npop %r9\npop %r8\npop %rdi\npop %rsi\npop %rdx\npop %rcx\npop %rax\n"
        "add $8, %rsp\n"
        "iretq\n"
        ".globl _start\n_start:\n"
        "lea stack + 32768(%rip), %rsp\n"
        "call probe\n");
extern u8 stubs[];
__attribute__((aligned(16))) u8 stack[32768];

/* Lets pending interrupts come, then prints their vectors. */
static void settle(const char *what)
{
    __asm__ volatile("sti\n nop\n nop\n" : : : "memory");
    for (volatile int i = 0; i < 1000; ++i) __asm__ volatile("pause");
    __asm__ volatile("cli" : : : "memory");
    say(what);
    say(" interrupts:");
    for (u32 i = 0; i < taken_count; ++i)
    {
        put(' ');
        number(taken[i]);
    }
    put('\n');
    taken_count = 0;
}

/* Waits for one interrupt, which must come. */
static void await(const char *what)
{
    while (taken_count == 0) __asm__ volatile("sti\n hlt\n cli\n" : : : "memory");
    say(what);
    say(" interrupts: ");
    number(taken[0]);
    put('\n');
    taken_count = 0;
}

static void load_tables(void)
{
    for (u32 i = 0; i < 256; ++i)
    {
        u64 at        = (u64)stubs + 16 * i;
        gates[i].low  = (u16)at;
        gates[i].selector = 8;
        gates[i].type     = 0x8e;
        gates[i].middle   = (u16)(at >> 16);
        gates[i].high     = (u32)(at >> 32);
    }
    table.limit = sizeof(gates) - 1;
    table.base  = (u64)gates;
    code.limit  = sizeof(descriptors) - 1;
    code.base   = (u64)descriptors;
    __asm__ volatile("lgdt %0\n"
                     "lidt %1\n"
                     "mov $16, %%eax\n mov %%eax, %%ss\n mov %%eax, %%ds\n mov %%eax, %%es\n"
                     "push $8\n lea 1f(%%rip), %%rax\n push %%rax\n lretq\n 1:\n"
                     :
                     : "m"(code), "m"(table)
                     : "rax", "memory");
}

static void initialize_pics(u8 first_mask, u8 second_mask)
{
    out8(0x20, 0x11), out8(0xa0, 0x11), out8(0x21, 0x20), out8(0xa1, 0x28);
    out8(0x21, 4), out8(0xa1, 2), out8(0x21, 1), out8(0xa1, 1);
    out8(0x21, first_mask), out8(0xa1, second_mask);
}

static void probe_pics(void)
{
    initialize_pics(0xff, 0xff);
    tell("pic mask", in8(0x21));
    out8(0x21, 0xa5);
    tell("pic mask", in8(0x21));
    out8(0x21, 0xff);
    out8(0x20, 0x0b);
    tell("pic in service", in8(0x20));
    out8(0xa0, 0x0a);
    tell("pic request", in8(0xa0));
    out8(0x4d0, 0xff);
    out8(0x4d1, 0xff);
    tell("elcr", in8(0x4d0));
    tell("elcr", in8(0x4d1));
    out8(0x4d0, 0);
    out8(0x4d1, 0);
}

static void probe_serial(void)
{
    out8(0x3f9, 0);
    out8(0x3fb, 0x83);
    out8(0x3f8, 0x12);
    out8(0x3f9, 0x34);
    tell("uart divisor", in8(0x3f8) | in8(0x3f9) << 8);
    out8(0x3f8, 1);
    out8(0x3f9, 0);
    out8(0x3fb, 0x03);
    tell("uart lcr", in8(0x3fb));
    out8(0x3ff, 0x5a);
    tell("uart scratch", in8(0x3ff));
    out8(0x3fa, 0x07);
    tell("uart iir with fifo", in8(0x3fa));
    out8(0x3fc, 0x1b);
    tell("uart mcr", in8(0x3fc));
    tell("uart msr in loopback", in8(0x3fe) & 0xf0);
    tell("uart msr again", in8(0x3fe));
    for (u32 i = 0; i < 3; ++i) out8(0x3f8, (u8)('a' + i));
    for (volatile int i = 0; i < 1000; ++i) __asm__ volatile("pause");
    tell("uart lsr", in8(0x3fd));
    tell("uart data", in8(0x3f8));
    tell("uart data", in8(0x3f8));
    tell("uart data", in8(0x3f8));
    tell("uart lsr", in8(0x3fd));
    out8(0x3fa, 0);
    tell("uart iir", in8(0x3fa));
    out8(0x3fc, 0x0b);
    in8(0x3fe);
    out8(0x3f9, 2);
    tell("uart iir", in8(0x3fa));
    tell("uart iir", in8(0x3fa));
    out8(0x3f9, 0xff);
    tell("uart ier", in8(0x3f9));
    out8(0x3f9, 0);
}

static void probe_local_apic(void)
{
    tell("apic id", apic(0x20));
    tell("apic version", apic(0x30));
    tell("apic svr", apic(0xf0) & 0x100);
    tell("apic lint0", apic(0x350) & 0x10700);
    set_apic(0xf0, 0x1ef);
    tell("apic svr", apic(0xf0));
    set_apic(0xd0, 0xffffffff);
    tell("apic ldr", apic(0xd0));
    set_apic(0xe0, 0);
    tell("apic dfr", apic(0xe0));
    set_apic(0xe0, 0xffffffff);
    set_apic(0x310, 0xffffffff);
    tell("apic icr high", apic(0x310) & 0xff000000);
    set_apic(0x80, 0x123);
    tell("apic tpr", apic(0x80));
    tell("apic ppr", apic(0xa0));
    set_apic(0x80, 0);
    set_apic(0x380, 0);
    tell("apic current count", apic(0x390));

    /* Self-interrupts: highest first; those at or below the task priority wait. */
    ended_by_apic = 1;
    set_apic(0x300, 0x40041);
    set_apic(0x300, 0x40081);
    set_apic(0x300, 0x40042);
    tell("apic requests", apic(0x220));
    settle("apic self");
    set_apic(0x80, 0x40);
    set_apic(0x300, 0x40041);
    set_apic(0x300, 0x40051);
    settle("apic above task priority");
    set_apic(0x80, 0);
    settle("apic held back");
    set_apic(0x310, 0);
    set_apic(0x300, 0x43);
    settle("apic physical");
    set_apic(0x310, 0x05000000);
    set_apic(0x300, 0x44);
    settle("apic other processor");
    set_apic(0xd0, 0x02000000);
    set_apic(0x310, 0x03000000);
    set_apic(0x300, 0x845);
    settle("apic logical");
    set_apic(0x300, 0xc0046);
    settle("apic all but self");
    set_apic(0x300, 0x80047);
    settle("apic all");

    set_apic(0x3e0, 0xb);
    set_apic(0x320, 0x48);
    set_apic(0x380, 20000);
    await("apic timer");
    tell("apic current count", apic(0x390));
    set_apic(0x320, 0x10048);
    set_apic(0x380, 2000);
    settle("apic masked timer");
    ended_by_apic = 0;
}

static void probe_io_apic(void)
{
    tell("ioapic last entry", redirection(1) >> 16);
    for (u32 i = 0; i < 24; ++i)
    {
        set_redirection(0x10 + 2 * i, 0x10000);
        set_redirection(0x11 + 2 * i, 0);
    }
    set_redirection(0x10 + 2 * 9, 0xffffffff);
    tell("ioapic entry", redirection(0x10 + 2 * 9) & 0x1afff);
    set_redirection(0x11 + 2 * 9, 0xffffffff);
    tell("ioapic entry high", redirection(0x11 + 2 * 9) & 0xff000000);
    set_redirection(0x10 + 2 * 9, 0x10000);

    /* The serial port's transmitter asks at input 4. */
    ended_by_apic = 1;
    set_redirection(0x10 + 2 * 4, 0x54);
    set_redirection(0x11 + 2 * 4, 0);
    out8(0x3fc, 0x0b);
    out8(0x3f9, 2);
    settle("ioapic edge");
    out8(0x3f9, 0);
    settle("ioapic released");
    set_redirection(0x10 + 2 * 4, 0x10054);
    out8(0x3f9, 2);
    set_redirection(0x10 + 2 * 4, 0x54);
    settle("ioapic edge while masked");
    in8(0x3fa);
    out8(0x3f9, 0);
    set_redirection(0x10 + 2 * 4, 0x10054);

    /* The timer, ISA line 0, is at input 2. */
    set_redirection(0x10 + 2 * 2, 0x52);
    out8(0x43, 0x30);
    out8(0x40, 0x00);
    out8(0x40, 0x10);
    await("ioapic timer");
    set_redirection(0x10 + 2 * 2, 0x10052);
    ended_by_apic = 0;
}

static void probe_timer(void)
{
    out8(0x43, 0x30);
    tell("pit status before count", (out8(0x43, 0xe2), in8(0x40)) & 0x3f);
    out8(0x40, 0xff);
    out8(0x40, 0xff);
    tell("pit status", (out8(0x43, 0xe2), in8(0x40)));
    out8(0x43, 0x36);
    out8(0x40, 0);
    out8(0x40, 0);
    tell("pit status", (out8(0x43, 0xe2), in8(0x40)) & 0x3f);
    out8(0x43, 0x30);

    /* Counter 2 with its gate closed stands still; opened, it ends. */
    out8(0x61, 0);
    out8(0x43, 0xb0);
    out8(0x42, 0x34);
    out8(0x42, 0x12);
    out8(0x43, 0x80);
    u32 low = in8(0x42);
    tell("pit gated count", low | in8(0x42) << 8);
    tell("pit output", in8(0x61) & 0x23);
    out8(0x61, 1);
    while ((in8(0x61) & 0x20) == 0) __asm__ volatile("pause");
    tell("pit output", in8(0x61) & 0x23);

    /* Through the 8259 pair and LINT0. */
    ended_by_pic = 1;
    initialize_pics(0xfe, 0xff);
    set_apic(0x350, 0x700);
    out8(0x43, 0x30);
    out8(0x40, 0x00);
    out8(0x40, 0x10);
    await("pic timer");
    initialize_pics(0xef, 0xff);
    out8(0x3f9, 2);
    settle("pic serial");
    in8(0x3fa);
    out8(0x3f9, 0);
    initialize_pics(0xff, 0xff);
    ended_by_pic = 0;
}

/* Messages of other kinds than vectors. An NMI comes although interrupts are off. */
static void probe_messages(void)
{
    set_apic(0x310, 0);
    set_apic(0x300, 0x4400);
    settle("apic nmi");
    set_apic(0x310, 0x05000000);
    set_apic(0x300, 0x4400);
    settle("apic nmi to another");
    set_apic(0x300, 0xc4400);
    settle("apic nmi to all but self");
    set_apic(0x310, 0);
    set_apic(0x300, 0x4608);
    settle("apic start-up");
    set_apic(0x300, 0x8500);
    settle("apic end of init");

    /* The timer at input 2 as NMI, then LINT0, which the 8259 pair drives, as NMI. */
    set_redirection(0x10 + 2 * 2, 0x400);
    out8(0x43, 0x30);
    out8(0x40, 0x00);
    out8(0x40, 0x10);
    await("ioapic nmi");
    set_redirection(0x10 + 2 * 2, 0x10052);
    initialize_pics(0xfe, 0xff);
    set_apic(0x350, 0x400);
    out8(0x43, 0x30);
    out8(0x40, 0x00);
    out8(0x40, 0x10);
    await("lint0 nmi");
    set_apic(0x350, 0x10700);
    initialize_pics(0xff, 0xff);
}

static u8 clock_register(u8 index)
{
    out8(0x70, index);
    return in8(0x71);
}
static void set_clock_register(u8 index, u8 value)
{
    out8(0x70, index);
    out8(0x71, value);
}
static void tell_time(const char *what)
{
    static const u8 registers[] = { 0x32, 9, 8, 7, 6, 4, 2, 0 };
    say(what);
    for (u32 i = 0; i < sizeof(registers); ++i)
    {
        put(' ');
        number(clock_register(registers[i]));
    }
    put('\n');
}
/* Century, year, month, day, weekday, hour, minute, second; by the form that register B says. */
static void set_time(u8 form, const u8 *time)
{
    static const u8 registers[] = { 0x32, 9, 8, 7, 6, 4, 2, 0 };
    set_clock_register(0x0b, 0x80 | form);
    for (u32 i = 0; i < sizeof(registers); ++i) set_clock_register(registers[i], time[i]);
    set_clock_register(0x0b, form);
}

static void probe_clock(void)
{
    static const u8 new_year[]  = { 0x20, 0x27, 0x12, 0x31, 0x06, 0x23, 0x59, 0x59 };
    static const u8 leap_day[]  = { 20, 28, 2, 28, 2, 23, 59, 59 };
    static const u8 afternoon[] = { 0x20, 0x26, 0x06, 0x15, 0x02, 0x11, 0x59, 0x59 };

    for (u8 index = 0x15; index < 0x19; ++index) tell("clock memory", clock_register(index));
    for (u8 index = 0x30; index < 0x36; ++index)
        if (index != 0x32) tell("clock memory", clock_register(index));
    set_clock_register(0x7f, 0xa5);
    tell("clock memory", clock_register(0x7f));
    set_clock_register(0x0b, 0x82);
    tell("clock b", clock_register(0x0b));
    set_clock_register(0x0b, 0x92);
    tell("clock b with set", clock_register(0x0b));
    set_clock_register(0x0a, 0x26);
    tell("clock a", clock_register(0x0a));
    clock_register(0x0c);
    tell("clock c", clock_register(0x0c));
    tell("clock d", clock_register(0x0d));
    tell("clock index", in8(0x70));
    set_time(0x02, new_year);
    set_clock_register(0x0b, 0x82);
    tell_time("clock set");
    set_clock_register(0x0b, 0x02);

    /* The end of each update, at line 8 of the 8259 pair. */
    ended_by_pic = 1;
    initialize_pics(0xfb, 0xfe);
    set_apic(0x350, 0x700);
    set_time(0x02, new_year);
    clock_register(0x0c);
    set_clock_register(0x0b, 0x12);
    await("clock update");
    tell("clock c", clock_register(0x0c) & 0xb0);
    tell_time("clock new year");
    set_time(0x06, leap_day);
    clock_register(0x0c);
    set_clock_register(0x0b, 0x16);
    await("clock update");
    tell("clock c", clock_register(0x0c) & 0xb0);
    tell_time("clock leap day");
    set_time(0x00, afternoon);
    clock_register(0x0c);
    set_clock_register(0x0b, 0x10);
    await("clock update");
    tell("clock c", clock_register(0x0c) & 0xb0);
    tell_time("clock noon");

    /* An alarm at the next second. */
    set_time(0x02, new_year);
    set_clock_register(1, 0);
    set_clock_register(3, 0xff);
    set_clock_register(5, 0x00);
    clock_register(0x0c);
    set_clock_register(0x0b, 0x22);
    await("clock alarm");
    tell("clock c", clock_register(0x0c) & 0xb0);
    set_clock_register(0x0b, 0x02);

    /* Periodic interrupts: the next comes only after register C has been read. */
    set_clock_register(0x0a, 0x2a);
    clock_register(0x0c);
    set_clock_register(0x0b, 0x42);
    await("clock periodic");
    tell("clock c", clock_register(0x0c) & 0xc0);
    await("clock periodic");
    set_clock_register(0x0b, 0x02);
    clock_register(0x0c);
    set_clock_register(0x0a, 0x26);
    initialize_pics(0xff, 0xff);
    set_apic(0x350, 0x10700);
    ended_by_pic = 0;
}

static u8 keyboard_answer(u8 command)
{
    while (in8(0x64) & 1) in8(0x60);
    out8(0x64, command);
    while ((in8(0x64) & 1) == 0) __asm__ volatile("pause");
    return in8(0x60);
}

static void probe_keyboard_controller(void)
{
    tell("keyboard self test", keyboard_answer(0xaa));
    tell("keyboard interface", keyboard_answer(0xab));
    out8(0x64, 0x60);
    out8(0x60, 0x74);
    tell("keyboard command byte", keyboard_answer(0x20));
    tell("keyboard status", in8(0x64) & 7);
}

static void probe_empty_places(void)
{
    out32(0xcf8, 0x8000f800);
    tell("empty pci slot", in32(0xcfc));
    out32(0xcf8, 0);

    tell("empty port", in8(0x2f8 + 0x20));
    tell("empty port", in16(0x1230));
    tell("empty port", in32(0x1230));
}

static void wait_for_transmitter(void)
{
    while ((in8(0x3fd) & 0x40) == 0) __asm__ volatile("pause");
}

void probe(void)
{
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    load_tables();
    probe_pics();
    probe_serial();
    probe_local_apic();
    probe_io_apic();
    probe_timer();
    probe_messages();
    probe_clock();
    probe_keyboard_controller();
    probe_empty_places();
    for (u32 i = 0; i < length; ++i)
    {
        wait_for_transmitter();
        out8(0x3f8, (u8)text[i]);
    }
    wait_for_transmitter();
    out8(0xf4, 0);
    for (;;) __asm__ volatile("cli; hlt");
}
