/* What ordinary programs do, printed: sorting, hashing, string functions, number formatting, floating point. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state = 0x9e3779b97f4a7c15;
static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void integers(void)
{
    uint64_t sum = 0;
    for (int n = 0; n < 2000; ++n) {
        const uint64_t a = next(), b = next() >> (n % 64) | 1;
        const int64_t  c = (int64_t)a, d = (int64_t)b;
        sum = sum * 31 + a / b + a % b + (uint64_t)(c / (d == -1 ? 7 : d)) + (uint64_t)(c % (d == -1 ? 7 : d));
        sum += (uint64_t)(((unsigned __int128)a * b) >> 64) ^ (uint64_t)(((__int128)c * d) >> 64);
        sum ^= (uint64_t)((((unsigned __int128)a << 17) + b) / b);
        sum += (uint32_t)a / (uint32_t)b + (uint16_t)a % (uint16_t)b + (uint8_t)a / (uint8_t)b;
        sum ^= (a << (n & 63)) + (a >> (n & 63)) + (uint64_t)(c >> (n & 63)) + (a << (n & 63) | a >> (-n & 63));
        sum += __builtin_popcountll(a) + __builtin_clzll(a | 1) + __builtin_ctzll(b) + __builtin_bswap64(a) + __builtin_bswap32((uint32_t)b);
        int64_t overflow;
        sum += __builtin_mul_overflow(c, d, &overflow) + __builtin_add_overflow(c, d, &overflow) * 2;
    }
    printf("integers %016" PRIx64 "\n", sum);
}

static void sorting(void)
{
    static int64_t values[3000];
    for (int n = 0; n < 3000; ++n) values[n] = (int64_t)next();
    qsort(values, 3000, sizeof *values, by_value);
    uint64_t hash = 0;
    for (int n = 0; n < 3000; ++n) hash = hash * 1099511628211u ^ (uint64_t)values[n];
    static char  text[500][24];
    static char *order[500];
    for (int n = 0; n < 500; ++n) {
        const int length = (int)(next() % 20) + 1;
        for (int k = 0; k < length; ++k) text[n][k] = (char)('a' + next() % 26);
        order[n] = text[n];
    }
    qsort(order, 500, sizeof *order, by_text);
    printf("sorting %016" PRIx64 " %s %s %s\n", hash, order[0], order[250], order[499]);
}

static void strings(void)
{
    char *all = malloc(20000);
    memset(all, 0, 20000);
    uint64_t hash = 0;
    for (int n = 0; n < 600; ++n) {
        const size_t from = next() % 9000, to = next() % 9000, length = next() % 900;
        if (n % 3 == 0) memset(all + from, (int)('A' + n % 26), length);
        else if (n % 3 == 1) memmove(all + to, all + from, length);
        else if (from + length < to || to + length < from) memcpy(all + to, all + from, length);
        const char *found = memchr(all, 'Q', 9000), *last = strrchr(all + from, 'C');
        hash = hash * 31 + strlen(all + from) + strnlen(all + to, 100) + (found ? (size_t)(found - all) : 7) + (last ? (size_t)(last - all) : 9);
        hash += (uint64_t)(memcmp(all + from, all + to, length) > 0) + (uint64_t)(strncmp(all + from, all + to, 64) < 0);
        hash += strspn(all + from, "ABC") + strcspn(all + to, "XYZ");
    }
    char words[] = "a capability is a key; an address space, a page table, a frame";
    for (char *word = strtok(words, " ;,"); word != NULL; word = strtok(NULL, " ;,")) hash = hash * 17 + strlen(word) + (uint64_t)toupper(word[0]);
    printf("strings %016" PRIx64 " %s\n", hash, strstr("the quick brown fox", "brown"));
    free(all);
}

static void numbers(void)
{
    printf("%d %u %ld %x %o %c|%5d|%-5d|%05d|%+d|%.3s|%10s|%*d\n", -42, 4000000000u, -9000000000l, 0xbeef, 8, 'x', 12, 12, 12, 12, "abcdef", "right", 6, 7);
    const double values[] = { 0, -0.0, 1, -1.5, 3.14159265358979, 1e300, 1e-300, 5e-324, 123456789.125, 0.1, 1.0 / 3, HUGE_VAL };
    for (size_t n = 0; n < sizeof values / sizeof *values; ++n) printf("%g %.17g %f %e %a\n", values[n], values[n], values[n] > 1e20 ? 0 : values[n], values[n], values[n]);
    printf("%.17g %.17g %lld %lu\n", strtod("2.718281828459045", NULL), strtod("1e-310", NULL), strtoll("-7fffffff", NULL, 16), strtoul("0777", NULL, 0));
    printf("%d %d\n", atoi("  -123x"), (int)sscanf("12 abc 3.5", "%*d %*s %*f"));
}

static void floating(void)
{
    double sum = 0;
    float  single = 0;
    long   rounded = 0;
    for (int n = 1; n < 2000; ++n) {
        const double x = (double)(int64_t)next() / 1e17, y = (double)(next() >> 40) / 1e5 + 1e-3;
        sum += sqrt(fabs(x)) * y / (1 + x * x) - floor(x) + ceil(y) + fmin(x, y) + fmax(x, 1);
        sum += sin(x) + cos(y) + exp(-y / 100) + log(y) + pow(y, 0.25) + atan2(x, y) + fmod(x, y) + hypot(x, y) + cbrt(x);
        single += (float)x * 0.5f - sqrtf((float)y) / (float)n;
        rounded += lrint(x) + (long)y + (int)(float)x + (long)(uint32_t)(y * 1000) + (long)(uint64_t)fabs(x);
        if (x < y) sum -= 1;
        if (isnan(sum)) break;
    }
    double matrix[12][12], inverse = 1;
    for (int a = 0; a < 12; ++a)
        for (int b = 0; b < 12; ++b) matrix[a][b] = 1.0 / (a + b + 1) + (a == b);
    for (int k = 0; k < 12; ++k) {
        inverse *= matrix[k][k];
        for (int a = k + 1; a < 12; ++a)
            for (int b = 11; b >= k; --b) matrix[a][b] -= matrix[k][b] * matrix[a][k] / matrix[k][k];
    }
    printf("floating %.17g %.9g %ld %.17g\n", sum, (double)single, rounded, inverse);
}

static jmp_buf place;
static int     deeper(int depth)
{
    volatile char room[200];
    room[depth] = 1;
    if (depth == 100) longjmp(place, depth);
    return deeper(depth + 1) + room[depth];
}

int main(int count, char **arguments)
{
    printf("%d %s\n", count, count > 1 ? arguments[1] : "");
    integers();
    sorting();
    strings();
    numbers();
    floating();
    const int depth = setjmp(place);
    if (depth == 0) deeper(0);
    printf("longjmp %d\n", depth);
    const time_t moment = 1700000000;
    char         date[64];
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S %j %U", gmtime(&moment));
    printf("%s\n", date);
    return 7;
}
