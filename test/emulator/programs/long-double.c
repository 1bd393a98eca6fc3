/* Arithmetic in 80 bits, printed: exactly where C says what it is, to fewer digits where the library's functions may differ
 * in the last bit from one processor to another. */
#include <fenv.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 0x9e3779b97f4a7c15;
static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* From 2^-40 to 2^40. */
static long double number(void)
{
    const long double value = ldexpl((long double)(next() | 1), (int)(next() % 80) - 104);
    return next() & 1 ? -value : value;
}

static void operations(void)
{
    long double sum = 0;
    for (int n = 0; n < 200; ++n) {
        const long double a = number(), b = number();
        sum += a * b - a / b + sqrtl(fabsl(a)) + fmodl(a, b) + remainderl(b, a);
        sum += (long double)(int64_t)a + (long double)(int)(b / 1024) + floorl(a) - ceill(b) + rintl(a) + truncl(b);
        sum += (a < b) + 2 * (a == b) + 4 * (fabsl(a) >= fabsl(b)) + (double)a + (float)b;
        if (n % 40 == 0) printf("%La %La %La\n", a, b, sum);
    }
    printf("sum %La %.21Lg\n", sum, sum);
}

static void rounding(void)
{
    static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    for (int n = 0; n < 4; ++n) {
        fesetround(modes[n]);
        const volatile long double one = 1, three = 3, big = LDBL_MAX, small = LDBL_MIN;
        feclearexcept(FE_ALL_EXCEPT);
        const long double third = one / three, minus = -one / three, root = sqrtl(three + n);
        printf("%La %La %La %La", third, minus, root, rintl(-2.5L * (n + 1)));
        const long double over = big * big, under = small * third;
        printf(" %La %La %x\n", over, under, fetestexcept(FE_ALL_EXCEPT));
    }
    fesetround(FE_TONEAREST);
    const volatile long double zero = 0, infinity = HUGE_VALL;
    feclearexcept(FE_ALL_EXCEPT);
    printf("%Lf %x", 1 / zero, fetestexcept(FE_ALL_EXCEPT));
    printf(" %d %x", isnan(infinity - infinity), fetestexcept(FE_ALL_EXCEPT));
    printf(" %d %d %d\n", fpclassify(LDBL_MIN / 4), signbit(-zero), isinf(infinity));
}

static void text(void)
{
    static const char *const numbers[] = {"0.1", "3.14159265358979323846264338327950288", "1e4932", "1e-4945",
                                          "0x1.8p-16440", "-1234567890123456789012345", "1e5000", "nan"};
    for (unsigned n = 0; n < sizeof numbers / sizeof *numbers; ++n) {
        const long double value = strtold(numbers[n], NULL);
        printf("%s %La %.20Lg %.3Lf\n", numbers[n], value, value, fmodl(value, 1000));
    }
}

static void functions(void)
{
    for (int n = 1; n <= 24; ++n) {
        const long double x = n / 7.0L - 1;
        printf("%.15Lg %.15Lg %.15Lg %.15Lg %.15Lg %.15Lg\n", sinl(x), cosl(x), tanl(x), atanl(x), expl(x), expm1l(x));
        printf("%.15Lg %.15Lg %.15Lg %.15Lg %.15Lg\n", logl(n), log2l(n + 0.5L), log1pl(x * x), powl(n, x), atan2l(x, n - 10));
    }
}

/* Simpson's rule, Newton's method, a linear system: loops whose errors would add up. */
static void numerics(void)
{
    long double area = 0;
    for (int n = 0; n <= 2000; ++n) {
        const long double x = n / 2000.0L;
        area += (n == 0 || n == 2000 ? 1 : n % 2 ? 4 : 2) / (1 + x * x);
    }
    printf("%La\n", area * 4 / 6000);
    long double root = 1;
    for (int n = 0; n < 8; ++n) root -= (root * root * root - 2) / (3 * root * root);
    printf("%La\n", root);
    enum { SIZE = 12 };
    static long double rows[SIZE][SIZE + 1];
    for (int i = 0; i < SIZE; ++i)
        for (int j = 0; j <= SIZE; ++j) rows[i][j] = j < SIZE ? 1 / (long double)(i + j + 1) : 1;
    for (int i = 0; i < SIZE; ++i)
        for (int k = 0; k < SIZE; ++k)
            for (int j = SIZE; k != i && j >= i; --j) rows[k][j] -= rows[i][j] * rows[k][i] / rows[i][i];
    for (int i = 0; i < SIZE; ++i) printf("%La ", rows[i][SIZE] / rows[i][i]);
    printf("\n");
}

int main(void)
{
    operations();
    rounding();
    text();
    functions();
    numerics();
    return 7;
}
