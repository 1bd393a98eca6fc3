/* Kernels that compute: the benchmark's guest programs, one for each of SORT, MIX, WALK, MATRIX. Each prepares, prints <S>, waits for a
   byte, works, prints <E> and exits with 0 if the results are right. */
typedef unsigned long word;

static int right = 1;

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

#if defined(SORT)
/* Quicksort of 32-bit integers: branches, loads, stores. */
enum { elements = 1 << 16, rounds = 8 };

static unsigned int numbers[elements];

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

static word mix(word x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdUL;
    x = (x << 29) | (x >> 35);
    x *= 0xc4ceb9fe1a85ec53UL;
    return x ^ (x >> 32);
}

static void prepare(void) {}

static void work(void)
{
    word state = 1;
    for (int round = 0; round < rounds; ++round)
    {
        for (int i = 0; i < elements; ++i)
        {
            state      = mix(state + (word)i);
            numbers[i] = (unsigned int)state;
        }
        sort(numbers, numbers + elements);
        for (int i = 1; i < elements; ++i)
            if (numbers[i - 1] > numbers[i]) right = 0;
    }
}
#elif defined(MIX)
/* Rounds like those of SHA-512: rotations, additions and logic of 64-bit registers. */
static void prepare(void) {}

static inline word rotate(word x, int by)
{
    return (x >> by) | (x << (64 - by));
}

static void work(void)
{
    word a = 0x6a09e667f3bcc908UL, b = 0xbb67ae8584caa73bUL, c = 0x3c6ef372fe94f82bUL, d = 0xa54ff53a5f1d36f1UL;
    for (word i = 0; i < 5000000; ++i)
    {
        word sum    = d + i + (rotate(a, 14) ^ rotate(a, 18) ^ rotate(a, 41)) + ((a & b) ^ (~a & c));
        word spread = (rotate(b, 28) ^ rotate(b, 34) ^ rotate(b, 39)) + ((a & b) ^ (a & c) ^ (b & c));
        d           = c;
        c           = b;
        b           = a;
        a           = sum + spread;
    }
    if ((a ^ b ^ c ^ d) == 0) right = 0;
}
#elif defined(WALK)
/* Each load yields the address of the next, 16.5 KiB away, all over 16 MiB. */
enum { bytes = 16 << 20, stride = 16896, steps = 20000000 };

/* Free RAM of a machine with 256 MiB: the loader takes no kernel of this size. */
static unsigned char *const memory = (unsigned char *)0x8000000;

static void prepare(void)
{
    for (word at = 0; at < bytes; at += 64) *(word *)(memory + at) = (word)(memory + (at + stride) % bytes);
}

static void work(void)
{
    const unsigned char *at = memory;
    for (int step = 0; step < steps; ++step) at = *(unsigned char *const *)at;
    if (at != memory + (word)steps * stride % bytes) right = 0;
}
#elif defined(MATRIX)
/* Product of matrices of doubles, two at a time with SSE2. */
enum { size = 128, repetitions = 6 };

typedef double pair __attribute__((vector_size(16)));

static double a[size][size], b[size][size];
static pair   c[size][size / 2];

static void prepare(void)
{
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j)
        {
            a[i][j] = i + j;
            b[i][j] = i == j;
        }
}

static void work(void)
{
    for (int repetition = 0; repetition < repetitions; ++repetition)
        for (int i = 0; i < size; ++i)
            for (int j = 0; j < size / 2; ++j)
            {
                pair sum = {0, 0};
                for (int k = 0; k < size; ++k) sum += (pair){a[i][k], a[i][k]} * *(pair *)&b[k][2 * j];
                c[i][j] = sum;
            }
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j)
            if (((double *)c[i])[j] != a[i][j]) right = 0;
}
#else
#error "define one of SORT, MIX, WALK, MATRIX"
#endif

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
    prepare();
    out8(0x3fc, 3); /* ready to receive */
    print("<S>");
    while ((in8(0x3fd) & 1) == 0) {}
    work();
    print("<E>\n");
    out8(0xf4, right ? 0 : 1);
    for (;;) __asm__ volatile("cli; hlt");
}
