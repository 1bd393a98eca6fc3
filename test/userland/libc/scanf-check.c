// Reads random text by random formats and prints what was stored: the same program is built over two libraries.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static uint64_t state = 88172645463325252ULL;

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

// Not among them: beginnings of numbers that end too early, as 1e+ and 0x and nan(, which glibc takes for what came before, otherwise than C says;
// nor %2c before one character, which glibc accepts.
static const char *const inputs[] = { "12", "-7", "+0", "0x1f", "077", "99999999999999999999", "1.5", "-2e3", ".5", ".",
    "0x1.8p2", "inf", "infinity", "infx", "nan", "abc", "a1b2", "%", " ", "\t\n", "-", "", "hello,world", "]x,", "0", "00", "12abc", "1-2" };

static const char *const conversions[] = { "%d", "%i", "%u", "%o", "%x", "%3d", "%1d", "%hd", "%hhu", "%ld", "%lld", "%5s", "%s", "%c", "%[a-z]",
    "%[^,]", "%[]x]", "%2[0-9]", "%f", "%lf", "%Lf", "%*d", "%*s", "%n", "%%", "%zu", "%jd", "%[^]x]", "%a", "%g", "%ms", "%m[0-9]" 
};

static const char *const joins[] = { "", " ", ",", "]", "%", "\n" };
static const char *const between[] = { "", " ", ",", "x", "%%", "\n" };

struct slot
{
    unsigned char bytes[256];
};

int main(int count, char **arguments)
{
    const long rounds = count > 1 ? atol(arguments[1]) : 1000;
    state += count > 2 ? strtoul(arguments[2], NULL, 10) : 0;
    for (long i = 0; i < rounds; i++)
    {
        char text[256]   = "";
        char format[128] = "";
        for (unsigned j = 1 + below(4); j-- > 0;)
        {
            strcat(text, inputs[below(sizeof inputs / sizeof *inputs)]);
            strcat(text, joins[below(6)]);
        }
        const char *used[3];
        for (unsigned j = 0; j < 3; j++)
        {
            used[j] = conversions[below(sizeof conversions / sizeof *conversions)];
            strcat(format, used[j]);
            strcat(format, between[below(6)]);
        }
        struct slot slots[3];
        memset(slots, 0x5a, sizeof slots);
        // Conversions that store nothing take no argument.
        void *targets[3];
        unsigned next = 0;
        int which[3];
        for (unsigned j = 0; j < 3; j++)
        {
            const int stores = used[j][1] != '*' && used[j][1] != '%';
            which[j]         = stores ? (int)next : -1;
            if (stores)
            {
                targets[next] = &slots[next];
                next++;
            }
        }
        while (next < 3)
        {
            targets[next] = &slots[next];
            next++;
        }
        const int result = sscanf(text, format, targets[0], targets[1], targets[2]);
        printf("[%s] [%s]: %d", text, format, result);
        for (unsigned j = 0; j < 3; j++)
        {
            if (which[j] < 0)
            {
                continue;
            }
            unsigned char *bytes = slots[which[j]].bytes;
            if (used[j][1] == 'm')
            {
                char *made;
                memcpy(&made, bytes, sizeof made);
                const uint64_t untouched = 0x5a5a5a5a5a5a5a5a;
                if (memcmp(bytes, &untouched, 8) != 0 && result > which[j])
                {
                    printf(" {%s}", made);
                    free(made);
                }
                continue;
            }
            if (strchr("fagL", used[j][strlen(used[j]) - 1]) != NULL && used[j][1] == 'L')
            {
                bytes[10] = 0x5a; // padding
            }
            printf(" ");
            for (unsigned k = 0; k < 24; k++)
            {
                printf("%02x", bytes[k]);
            }
        }
        printf("\n");
    }
    return 0;
}
