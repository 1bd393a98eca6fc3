// Reads numbers from text and prints their bits: the same program is built over two libraries.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252ULL;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void show(const char *text)
{
    char *end;
    errno           = 0;
    const double d  = strtod(text, &end);
    const int error = errno;
    uint64_t bits;
    memcpy(&bits, &d, 8);
    printf("%.60s: %016lx %d %ld", text, bits, error, (long)(end - text));
    errno         = 0;
    const float f = strtof(text, &end);
    uint32_t small;
    memcpy(&small, &f, 4);
    printf(" %08x %d", small, errno);
    errno               = 0;
    const long double l = strtold(text, &end);
    unsigned char ten[16] = { 0 };
    memcpy(ten, &l, 10);
    printf(" %d ", errno);
    for (int i = 9; i >= 0; i--)
    {
        printf("%02x", ten[i]);
    }
    printf("\n");
}

static const char *const cases[] = { "0", "-0", "1", "+1", "0x1p3", "0x.8p1", "0x1.8", "0x", "0xg", "1e", "1e+", "1e+5x", ".", ".5", "5.",
    "inf", "-infinity", "infinite", "nan", "nan(", "  12", "1e400", "-1e400", "1e-400", "4.9e-324", "2.4703282292062327e-324",
    "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308", "1.7976931348623157e308", "1.7976931348623158e308",
    "1.7976931348623159e308", "9007199254740993", "9007199254740992.5", "9007199254740993.0000000000000000000000000000000000000001",
    "123456789012345678901234567890", "0.1", "3.4028235677973366e38", "3.4028235677973365e38", "1.4e-45", "7e-46", "7.1e-46", "1e23", "8.5e22",
    "0x1.fffffffffffff8p1023", "0x1.fffffffffffff7p1023", "0x1p-1074", "0x1p-1075", "0x1.8p-1075", "0x0.00001p-1060", "0x1p-16445",
    "0x1p-16446", "0x123456789abcdef012345p0", "1e4932", "1.2e4932", "3.6e-4951", "1e-4951", "1e-5000", "1e99999999999", "0e99999999999",
    "1e-99999999999", "00000000000000000000000000001", "0.00000000000000000000000000000000000000000001e44", "1_0", "e5", "-", "+.e1",
    "6.631236846766476e-316", "0.500000000000000166533453693773481063544750213623046875", "3.518437208883201171875e13", "62.5364939768271845828",
    "8.10109172351e-10", "1.50000000000000011102230246251565", "9007199254740991.4999999999999999999999999999999995" };

int main(int count, char **arguments)
{
    const long rounds = count > 1 ? atol(arguments[1]) : 1000;
    if (count > 2)
    {
        state += strtoul(arguments[2], NULL, 10);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        show(cases[i]);
    }
    char text[4000];
    for (long i = 0; i < rounds; i++)
    {
        const uint64_t r = next_random();
        const uint64_t s = next_random();
        switch (r % 5)
        {
            case 0: snprintf(text, sizeof text, "%lu.%lue%d", s >> (r >> 8) % 64, next_random() >> 20, (int)(r >> 16) % 340); break;
            case 1:
            {
                double d; // any double, and what lies half-way to the next, in full
                memcpy(&d, &s, 8);
                if (d != d || d - d != 0)
                {
                    d = 1.5;
                }
                long double half;
                uint64_t above = s + 1;
                double e;
                memcpy(&e, &above, 8);
                half = e - e == 0 ? ((long double)d + (long double)e) / 2 : (long double)d;
                snprintf(text, sizeof text, "%.*Le", (int)((r >> 8) % 3 == 0 ? 17 : 800), (r >> 10) % 2 == 0 ? half : (long double)d);
                if ((r >> 12) % 3 == 0)
                {
                    char *exponent = strchr(text, 'e'); // a little more, or less, than half-way
                    char tail[16];
                    snprintf(tail, sizeof tail, "%s", exponent);
                    snprintf(exponent, sizeof text - (size_t)(exponent - text), "0001%s", tail);
                }
                break;
            }
            case 2:
            {
                const uint32_t bits = (uint32_t)s;
                float f;
                memcpy(&f, &bits, 4);
                snprintf(text, sizeof text, "%.*e", (int)((r >> 8) % 60), f == f ? (double)f : 0.0);
                break;
            }
            case 3: snprintf(text, sizeof text, "0x%lx.%lxp%d", s >> (r >> 8) % 64, next_random() >> (r >> 14) % 64, (int)(r >> 20) % 1200 - 600); break;
            default: snprintf(text, sizeof text, "%lue%d", s, (int)((r >> 8) % 9900) - 4970); break;
        }
        show(text);
    }
    return 0;
}
