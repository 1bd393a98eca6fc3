// Prints random values by random formats: the same program is built over two libraries.
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

static unsigned below(unsigned limit)
{
    return (unsigned)(next_random() >> 33) % limit;
}

/// %, flags, width, precision, length, conversion.
static void make_format(char *format, const char *length, const char *kinds)
{
    *format++ = '%';
    for (const char *flag = "-+ #0"; *flag != '\0'; flag++)
    {
        if (below(4) == 0)
        {
            *format++ = *flag;
        }
    }
    if (below(2) == 0)
    {
        format += sprintf(format, "%u", 1 + below(40));
    }
    if (below(2) == 0)
    {
        format += sprintf(format, ".%u", below(3) == 0 ? below(60) : below(20));
    }
    format += sprintf(format, "%s", length);
    *format++ = kinds[below((unsigned)strlen(kinds))];
    *format   = '\0';
}

int main(int count, char **arguments)
{
    const long rounds = count > 1 ? atol(arguments[1]) : 1000;
    state += count > 2 ? strtoul(arguments[2], NULL, 10) : 0;
    for (long i = 0; i < rounds; i++)
    {
        char format[64];
        char out[8000];
        int length       = 0;
        const uint64_t r = next_random() >> below(64);
        switch (below(6))
        {
            case 0:
                make_format(format, "", "diouxX");
                length = snprintf(out, sizeof out, format, (int)r);
                break;
            case 1:
                make_format(format, below(2) == 0 ? "l" : "j", "diouxX");
                length = snprintf(out, sizeof out, format, r);
                break;
            case 2:
            {
                double d;
                memcpy(&d, &r, 8);
                d = below(2) == 0 ? d : (double)(int64_t)next_random() / (double)(1 + below(100000));
                make_format(format, "", "eEfFgGaA");
                length = snprintf(out, sizeof out, format, d);
                break;
            }
            case 3:
            {
                long double l = (long double)(int64_t)next_random();
                for (unsigned j = below(40); j-- > 0;)
                {
                    l = below(2) == 0 ? l * 1e20L : l / 3e19L;
                }
                make_format(format, "L", "eEfFgG");
                length = snprintf(out, sizeof out, format, l);
                break;
            }
            case 4:
                make_format(format, "", "sc");
                length = format[strlen(format) - 1] == 's' ? snprintf(out, sizeof out, format, "a string, not short")
                                                           : snprintf(out, sizeof out, format, 'x');
                break;
            default:
                make_format(format, below(2) == 0 ? "h" : "hh", "diouxX");
                length = snprintf(out, below(2) == 0 ? sizeof out : 1 + below(10), format, (int)r);
                break;
        }
        printf("%s: %d [%.*s]\n", format, length, 7000, out);
    }
    return 0;
}
