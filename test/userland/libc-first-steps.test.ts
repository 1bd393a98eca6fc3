import { expect, it } from 'vitest';
import { buildTwice, reasonToSkipLibc } from './libc.ts';

/** Start-up, memory, files and printf: the same output as with the host's library. */

const skip = reasonToSkipLibc();

/** Both programs' outcomes; the host's must be a success, lest two failures agree. */
function compare(source: string, input = '', ...args: string[]) {
  const programs = buildTwice(source);
  try {
    const host = programs.host(input, ...args);
    expect(host.status).toBe(0);
    expect(programs.ours(input, ...args)).toEqual(host);
    return host.out;
  } finally {
    programs.dispose();
  }
}

it.skipIf(skip)('starts with arguments, environment and thread-local variables', () => {
  const out = compare(
    String.raw`
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
static _Thread_local int set = 42;
static _Thread_local _Alignas(256) char aligned[100];
static void last(void) { puts("at exit"); }
__attribute__((constructor)) static void first(void) { puts("constructor"); }
__attribute__((destructor)) static void destructor(void) { puts("destructor"); }
int main(int argc, char **argv, char **envp)
{
    atexit(last);
    for (int i = 0; i < argc; i++) printf("%s\n", argv[i]);
    printf("%s %d %d %d\n", getenv("HOME"), set, aligned[99], (int)((unsigned long)aligned % 256));
    setenv("NEW", "value", 1);
    setenv("NEW", "other", 0);
    putenv("HOME=/elsewhere");
    printf("%s %s\n", getenv("NEW"), getenv("HOME"));
    unsetenv("NEW");
    printf("%p\n", (void *)getenv("NEW"));
    errno = 0;
    printf("%d %d\n", fopen("/none/such", "r") == NULL, errno);
    perror("perror");
    return 0;
}`,
    '',
    'one',
    'two words',
  );
  expect(out).toContain('two words');
});

it.skipIf(skip)('hands out memory that nobody else has, aligned and kept', () => {
  compare(String.raw`
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
static unsigned long state = 88172645463325252;
static unsigned next(void) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state >> 20; }
int main(void)
{
    static struct { unsigned char *memory; size_t size; unsigned char fill; } blocks[500];
    for (int round = 0; round < 60000; round++)
    {
        int i = next() % 500;
        size_t size = next() % (next() % 50 == 0 ? 200000 : next() % 5 == 0 ? 20000 : 300);
        for (size_t k = 0; k < blocks[i].size; k++)
            if (blocks[i].memory[k] != blocks[i].fill) return printf("lost %d\n", round), 1;
        if (blocks[i].memory && next() % 3 == 0)
        {
            size_t kept = blocks[i].size < size ? blocks[i].size : size;
            blocks[i].memory = realloc(blocks[i].memory, size + 1);
            for (size_t k = 0; k < kept; k++)
                if (blocks[i].memory[k] != blocks[i].fill) return printf("moved wrong %d\n", round), 1;
        }
        else
        {
            free(blocks[i].memory);
            size_t alignment = 16 << next() % 13;
            switch (next() % 3)
            {
            case 0: blocks[i].memory = malloc(size); break;
            case 1:
                blocks[i].memory = calloc(1, size);
                for (size_t k = 0; k < size; k++) if (blocks[i].memory[k]) return puts("not zero"), 1;
                break;
            case 2:
                if (posix_memalign((void **)&blocks[i].memory, alignment, size)) return puts("refused"), 1;
                if ((uintptr_t)blocks[i].memory % alignment) return puts("not aligned"), 1;
            }
        }
        blocks[i].size = size;
        blocks[i].fill = next();
        memset(blocks[i].memory, blocks[i].fill, size);
    }
    printf("%d\n", malloc(SIZE_MAX / 2) == NULL && calloc(SIZE_MAX, 2) == NULL);
    void *huge = aligned_alloc(1 << 20, 1 << 20);
    printf("%d\n", (int)((uintptr_t)huge % (1 << 20)));
    free(huge);
    puts("done");
}`);
});

it.skipIf(skip)('formats integers, text and numbered arguments', () => {
  compare(String.raw`
#include <stdio.h>
#include <locale.h>
#include <limits.h>
int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    static const char *const flags[] = {"", "-", "+", " ", "#", "0", "-#", "+0", "#0", "- ", "-0"};
    static const char *const sizes[] = {"", "1", "12", ".0", ".5", "9.3", "3.9"};
    static const char letters[] = "dioxXu";
    static const long values[] = {0, 1, -1, 7, 255, -128, 65535, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "j", "z", "t"};
    char format[32];
    for (int f = 0; f < 11; f++) for (int s = 0; s < 7; s++) for (int l = 0; l < 8; l++) for (int c = 0; c < 6; c++)
    {
        snprintf(format, sizeof format, "|%%%s%s%s%c|", flags[f], sizes[s], lengths[l], letters[c]);
        for (int v = 0; v < 11; v++) printf(format, values[v]);
        putchar('\n');
    }
    printf("%3$s %1$d %2$*4$d\n", 1, 2, "three", 6);
    printf("%2$.*1$f|%1$d\n", 2, 3.14159);
    printf("|%10s|%-10s|%.2s|%10.3s|%s|%.3s|%c|%5c|%-5c|\n", "abc", "abc", "abc", "abcdef", (char *)0, (char *)0, 'x', 'y', 'z');
    printf("|%lc|%ls|%10ls|%.4ls|%-8.3ls|\n", 0x20ac, L"wide \u00fc", L"\u00e4\u00f6", L"\u20ac\u20ac", L"a\u20acb");
    printf("%p %p %%\n", (void *)0, (void *)0x1234);
    int count;
    printf("%d%n\n", 12345, &count);
    printf("%d %d\n", count, snprintf(0, 0, "%100d", 5));
    char small[5];
    printf("%d %s\n", snprintf(small, sizeof small, "abcdefgh"), small);
}`);
});

it.skipIf(skip)('prints doubles and long doubles exactly', () => {
  compare(String.raw`
#include <stdio.h>
#include <string.h>
static unsigned long state = 88172645463325252;
static unsigned long next(void) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state; }
int main(void)
{
    static const char *const formats[] = {"%e", "%f", "%g", "%.0f", "%.0e", "%.17g", "%.3f", "%#g", "%#.0f", "%+.1e",
        "%a", "%.2a", "%.0a", "%015.4f", "%-20g|", "%20.10e", "%G", "%A", "%.40f", "%.30g", "% g", "%#.3a"};
    double special[] = {0.0, -0.0, 0.5, 1.5, 2.5, 0.125, 9.5, 99.5, 0.00001, 1e22, 1e23, 5e-324, 1.7976931348623157e308,
        __builtin_inf(), -__builtin_inf(), __builtin_nan(""), 123456789012345678.0, 0.1, 1.0 / 3, 2.2250738585072014e-308};
    for (int i = 0; i < 1500; i++)
    {
        double value;
        unsigned long bits = next();
        memcpy(&value, &bits, 8);
        if (i < 20) value = special[i];
        else if (i % 3 == 0) value = (double)(next() % 2000001) / 1000 - 1000;
        for (int f = 0; f < 22; f++) { printf(formats[f], value); putchar(' '); }
        putchar('\n');
    }
    static const char *const long_formats[] = {"%Le", "%Lf", "%Lg", "%La", "%.3La", "%.25Lg", "%.0Lf"};
    for (int i = 0; i < 100; i++)
    {
        long double value = 0;
        unsigned long mantissa = next() | 1UL << 63;
        unsigned short exponent = i % 2 ? next() % 32767 : 16383 - 40 + next() % 100;
        if (i == 0) { mantissa = 1; exponent = 0; }
        if (exponent == 0) mantissa &= ~(1UL << 63);
        memcpy(&value, &mantissa, 8);
        memcpy((char *)&value + 8, &exponent, 2);
        for (int f = 0; f < 7; f++) { printf(long_formats[f], value); putchar(' '); }
        putchar('\n');
    }
}`);
});

it.skipIf(skip)('reads, writes and seeks in streams', () => {
  compare(
    String.raw`
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char line[64];
    printf("%s", fgets(line, sizeof line, stdin));
    int c = getchar();
    ungetc(c, stdin);
    ungetc('>', stdin);
    char *text = NULL;
    size_t capacity = 0;
    for (long length; (length = getline(&text, &capacity, stdin)) >= 0;) printf("%ld %s", length, text);
    printf("\n%d %d\n", feof(stdin) != 0, ferror(stdin));
    FILE *file = fopen("scratch", "w+");
    for (int i = 0; i < 5000; i++) fprintf(file, "%d\n", i);
    printf("%ld\n", ftell(file));
    fseek(file, 1000, SEEK_SET);
    printf("%s", fgets(line, sizeof line, file));
    printf("%ld\n", ftell(file));
    fputs("written", file);
    fseek(file, -10, SEEK_CUR);
    printf("%zu %ld\n", fread(line, 1, 30, file), ftell(file));
    fwrite(line, 1, 30, stdout);
    fseek(file, 0, SEEK_END);
    printf("%ld %d\n", ftell(file), fgetc(file));
    fclose(file);
    file = fopen("scratch", "a");
    setvbuf(file, NULL, _IOLBF, 0);
    fputs("appended\nand more", file);
    fclose(file);
    file = freopen("scratch", "r", fopen("/dev/null", "r"));
    fseek(file, -20, SEEK_END);
    while ((c = getc(file)) != EOF) putchar(c);
    fclose(file);
    printf("\n%d\n", remove("scratch"));
    fprintf(stderr, "to %s\n", "stderr");
}`,
    'first\nsecond line\nlast without newline',
  );
});
