/* A kernel that computes: the benchmark's guest program. It prints <S>, works, prints <E> and exits with 0 if the results are
   right. Three kinds of work in one loop: quicksort (branches, loads, stores), 64-bit mixing (registers), SSE2 sums. */
typedef unsigned long word;

enum { elements = 1 << 15, rounds = 6 };

static unsigned int numbers[elements];
static double       values[elements];

static void out8(unsigned short port, unsigned char value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static unsigned char in8(unsigned short port)
{
    unsigned char value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void print(const char *text)
{
    for (; *text != 0; ++text)
    {
        while ((in8(0x3fd) & 0x40) == 0) {}
        out8(0x3f8, (unsigned char)*text);
    }
    while ((in8(0x3fd) & 0x40) == 0) {}
}

static word mix(word x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdUL;
    x = (x << 29) | (x >> 35);
    x *= 0xc4ceb9fe1a85ec53UL;
    return x ^ (x >> 32);
}

static void sort(unsigned int *first, unsigned int *last)
{
    while (last - first > 1)
    {
        unsigned int  pivot = first[(last - first) / 2];
        unsigned int *low = first, *high = last - 1;
        for (;;)
        {
            while (*low < pivot) ++low;
            while (*high > pivot) --high;
            if (low >= high) break;
            unsigned int t = *low;
            *low++  = *high;
            *high-- = t;
        }
        unsigned int *middle = low > high ? low : high + 1;
        if (middle == first) ++middle;
        if (middle == last) --middle;
        if (middle - first < last - middle)
        {
            sort(first, middle);
            first = middle;
        }
        else
        {
            sort(middle, last);
            last = middle;
        }
    }
}

/* The boot protocol leaves the stack and SSE unspecified. */
__asm__(".globl _start\n"
        "_start:\n"
        "    lea stack + 65536(%rip), %rsp\n"
        "    mov %cr0, %rax\n"
        "    and $~4, %rax\n"
        "    or $2, %rax\n"
        "    mov %rax, %cr0\n"
        "    mov %cr4, %rax\n"
        "    or $0x600, %rax\n"
        "    mov %rax, %cr4\n"
        "    call compute\n");

__attribute__((aligned(16))) unsigned char stack[65536];

void compute(void)
{
    word   state = 1;
    double sum   = 0;
    int    right = 1;
    print("<S>");
    for (int round = 0; round < rounds; ++round)
    {
        for (int i = 0; i < elements; ++i)
        {
            state      = mix(state + (word)i);
            numbers[i] = (unsigned int)state;
        }
        sort(numbers, numbers + elements);
        for (int i = 0; i < elements; ++i)
        {
            if (i > 0 && numbers[i - 1] > numbers[i]) right = 0;
            values[i] = values[i] * 0.5 + (double)(numbers[i] >> 8);
        }
        for (int i = 0; i < elements; ++i) sum += values[i];
        for (int i = 0; i < elements * 8; ++i) state = mix(state ^ (word)i);
    }
    if (sum <= 0 || state == 0) right = 0;
    print("<E>\n");
    out8(0xf4, right ? 0 : 1);
    for (;;) __asm__ volatile("cli; hlt");
}
