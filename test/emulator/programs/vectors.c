/* What compilers make vector instructions of, printed: loops over arrays of all types, reductions, gathers, masks. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { N = 517 };

static uint64_t state = 0x2545f4914f6cdd1d;
static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t hash(const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint64_t             h = 14695981039346656037u;
    for (size_t n = 0; n < bytes; ++n) h = (h ^ p[n]) * 1099511628211u;
    return h;
}
#define PRINT(name, array) printf("%-12s %016" PRIx64 "\n", name, hash(array, sizeof(array)))

static float    fa[N], fb[N], fc[N];
static double   da[N], db[N], dc[N];
static int8_t   ba[N], bb[N], bc[N];
static uint16_t wa[N], wb[N], wc[N];
static int32_t  ia[N], ib[N], ic[N];
static int64_t  la[N], lb[N], lc[N];
static uint32_t shifts[N], indexes[N];

static void fill(void)
{
    for (int n = 0; n < N; ++n) {
        fa[n] = (float)((int32_t)next() / 65536.0);
        fb[n] = (float)((int32_t)next() / 16777216.0);
        da[n] = (double)(int64_t)next() / 4294967296.0;
        db[n] = (double)(int64_t)next() / 1099511627776.0;
        ba[n] = (int8_t)next(), bb[n] = (int8_t)next();
        wa[n] = (uint16_t)next(), wb[n] = (uint16_t)next();
        ia[n] = (int32_t)next(), ib[n] = (int32_t)next();
        la[n] = (int64_t)next(), lb[n] = (int64_t)next();
        shifts[n]  = (uint32_t)(next() % 32);
        indexes[n] = (uint32_t)(next() % N);
    }
}

static void floats(void)
{
    for (int n = 0; n < N; ++n) fc[n] = fa[n] * fb[n] + 1.5f;
    PRINT("fma", fc);
    for (int n = 0; n < N; ++n) fc[n] = fa[n] > fb[n] ? fa[n] / (fb[n] + 3) : -fb[n];
    PRINT("select", fc);
    for (int n = 0; n < N; ++n) fc[n] = floorf(fa[n]) + truncf(fb[n]) + sqrtf(fabsf(fa[n]));
    PRINT("round", fc);
    for (int n = 0; n < N; ++n) dc[n] = da[n] * db[n] - sqrt(fabs(db[n])) + fmax(da[n], db[n]);
    PRINT("doubles", dc);
    for (int n = 0; n < N; ++n) dc[n] = (double)fa[n] + (double)ia[n];
    PRINT("widen", dc);
    for (int n = 0; n < N; ++n) fc[n] = (float)db[n];
    PRINT("narrow", fc);
    for (int n = 0; n < N; ++n) ic[n] = (int32_t)fb[n];
    PRINT("to integer", ic);
    float  sum = 0, low = fa[0];
    double product = 0;
    for (int n = 0; n < N; ++n) sum += fa[n] * fb[n];
    for (int n = 0; n < N; ++n) product += da[n] * db[n];
    for (int n = 0; n < N; ++n) low = fa[n] < low ? fa[n] : low;
    printf("sums %a %a %a\n", (double)sum, product, (double)low);
    for (int n = 0; n < N; ++n) fc[n] = fa[indexes[n]];
    PRINT("gather 32", fc);
    for (int n = 0; n < N; ++n) dc[n] = da[indexes[n]];
    PRINT("gather 64", dc);
}

static void integers(void)
{
    for (int n = 0; n < N; ++n) bc[n] = (int8_t)((ba[n] > bb[n] ? ba[n] : bb[n]) - (ba[n] + bb[n]) / 2);
    PRINT("bytes", bc);
    for (int n = 0; n < N; ++n) wc[n] = (uint16_t)(wa[n] * wb[n] + (wa[n] > wb[n] ? wa[n] >> 3 : wb[n] << 2));
    PRINT("words", wc);
    for (int n = 0; n < N; ++n) ic[n] = ia[n] * ib[n] ^ (ia[n] >> (shifts[n] & 31)) ^ (int32_t)((uint32_t)ib[n] << shifts[n]);
    PRINT("shifts", ic);
    for (int n = 0; n < N; ++n) lc[n] = la[n] > lb[n] ? la[n] + ia[n] : lb[n] ^ (int64_t)(uint32_t)ib[n] * (uint32_t)ia[n];
    PRINT("quadwords", lc);
    for (int n = 0; n < N; ++n) ic[n] = ba[n] * 3 + wb[n];
    PRINT("extend", ic);
    for (int n = 0; n < N; ++n) bc[n] = (int8_t)(ia[n] >> 7);
    PRINT("truncate", bc);
    for (int n = 0; n < N; ++n)
        if (ia[n] & 1) ic[n] = ib[n];
    PRINT("masked", ic);
    uint64_t total = 0;
    uint32_t difference = 0;
    for (int n = 0; n < N; ++n) total += (uint64_t)__builtin_popcountll((uint64_t)la[n]);
    for (int n = 0; n < N; ++n) difference += (uint32_t)(ba[n] > bb[n] ? ba[n] - bb[n] : bb[n] - ba[n]);
    printf("counts %" PRIu64 " %" PRIu32 "\n", total, difference);
}

static void matrices(void)
{
    static double a[24][24], b[24][24], c[24][24];
    for (int i = 0; i < 24; ++i)
        for (int k = 0; k < 24; ++k) a[i][k] = da[(i * 24 + k) % N], b[i][k] = db[(i + 24 * k) % N];
    for (int i = 0; i < 24; ++i)
        for (int j = 0; j < 24; ++j)
            for (int k = 0; k < 24; ++k) c[i][j] += a[i][k] * b[k][j];
    PRINT("matrix", c);
}

static void texts(void)
{
    static char text[600], copy[700];
    for (int n = 0; n < 599; ++n) text[n] = (char)('a' + next() % 26);
    uint64_t h = 0;
    for (int n = 0; n < 64; ++n) {
        memmove(copy + n, text + 2 * n, strlen(text + 2 * n) + 1);
        h = h * 31 + (uint64_t)(strchr(copy + n, 'q') - copy) + (uint64_t)memcmp(copy, text, 300 + n) % 7;
        h = h * 31 + strlen(copy + n) + (uint64_t)((char *)memchr(text, 'z', 599) - text);
        h = h * 31 + (uint64_t)(strstr(text, "ab") != NULL) + strcspn(text + n, "xyz") + strspn(text, "abcdefgh");
    }
    printf("texts %016" PRIx64 "\n", h);
}

static void functions(void)
{
    double sum = 0;
    for (int n = 0; n < 200; ++n) {
        const double x = db[n] / 8388608.0;
        sum += sin(x) + cos(x) * exp(-x * x) + log1p(fabs(x)) + pow(fabs(x) + 1, 0.3) + atan2(x, 2) + tanh(x);
        dc[n] = sum;
    }
    PRINT("functions", dc);
}

int main(void)
{
    fill();
    floats();
    integers();
    matrices();
    texts();
    functions();
    return 0;
}
