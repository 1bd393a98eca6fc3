// sha256sum, base64.
#include "tool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t rotate(uint32_t value, int distance)
{
    return value >> distance | value << (32 - distance);
}

/// The first 32 bits of the fractional part of a root of a prime, found by whole numbers: floor(root * 2^32) modulo 2^32.
static uint32_t root_fraction(unsigned prime, bool cube)
{
    // The root is below 2^5, so its integer and 32 bits of fraction fit 37 bits.
    unsigned long root = 0;
    for (int bit = 36; bit >= 0; --bit)
    {
        const unsigned long      next  = root | 1ul << bit;
        const unsigned __int128 square = (unsigned __int128)next * next;
        // root^2 <= prime * 2^64, or root^3 <= prime * 2^96
        const bool fits = cube ? square <= ((unsigned __int128)prime << 96) / next : square <= (unsigned __int128)prime << 64;
        root            = fits ? next : root;
    }
    return (uint32_t)root;
}

struct digest
{
    uint32_t state[8];
    uint32_t constants[64];
};

static void start_digest(struct digest *digest)
{
    unsigned prime = 2;
    for (int i = 0; i < 64; ++prime)
    {
        bool is_prime = true;
        for (unsigned divisor = 2; divisor * divisor <= prime; ++divisor)
        {
            is_prime = is_prime && prime % divisor != 0;
        }
        if (is_prime)
        {
            if (i < 8)
            {
                digest->state[i] = root_fraction(prime, false);
            }
            digest->constants[i++] = root_fraction(prime, true);
        }
    }
}

static void add_block(struct digest *digest, const unsigned char block[64])
{
    uint32_t words[64], v[8];
    for (int i = 0; i < 16; ++i)
    {
        words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (int i = 16; i < 64; ++i)
    {
        const uint32_t a = words[i - 15], b = words[i - 2];
        words[i] = words[i - 16] + words[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(v, digest->state, sizeof v);
    for (int i = 0; i < 64; ++i)
    {
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t first  = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice + digest->constants[i] + words[i];
        const uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + second;
    }
    for (int i = 0; i < 8; ++i)
    {
        digest->state[i] += v[i];
    }
}

static void digest_file(FILE *file, char text[65])
{
    struct digest digest;
    unsigned char block[64];
    uint64_t      total = 0;
    size_t        length;
    start_digest(&digest);
    while ((length = fread(block, 1, sizeof block, file)) == sizeof block)
    {
        add_block(&digest, block);
        total += length;
    }
    total += length;
    block[length++] = 0x80;
    if (length > 56)
    {
        memset(block + length, 0, 64 - length);
        add_block(&digest, block);
        length = 0;
    }
    memset(block + length, 0, 64 - length);
    for (int i = 0; i < 8; ++i)
    {
        block[63 - i] = (unsigned char)(total * 8 >> 8 * i);
    }
    add_block(&digest, block);
    for (int i = 0; i < 8; ++i)
    {
        snprintf(text + 8 * i, 9, "%08x", digest.state[i]);
    }
}

static int check_digests(FILE *list)
{
    struct text line   = { 0 };
    int         status = 0;
    while (read_line(list, &line))
    {
        char digest[65];
        if (line.length < 67 || strspn(line.chars, "0123456789abcdef") != 64 || line.chars[64] != ' ')
        {
            status = complain("%s: no line of digest and name", line.chars);
            continue;
        }
        const char *name = line.chars + 66;
        FILE       *file = open_input(name);
        if (file == NULL)
        {
            printf("%s: FAILED open or read\n", name);
            status = 1;
            continue;
        }
        digest_file(file, digest);
        close_input(file);
        const bool same = memcmp(digest, line.chars, 64) == 0;
        printf("%s: %s\n", name, same ? "OK" : "FAILED");
        status = same ? status : 1;
    }
    text_free(&line);
    return status;
}

static char *standard_input[] = { "-", NULL };

int sha256sum_tool(int count, char **arguments)
{
    bool checks = false;
    for (int option; (option = getopt(count, arguments, "bct")) != -1;)
    {
        if (option == '?')
        {
            return 1;
        }
        checks = checks || option == 'c';
    }
    int status = 0;
    for (char **path = optind < count ? arguments + optind : standard_input; *path != NULL; ++path)
    {
        FILE *file = open_input(*path);
        char  text[65];
        if (file == NULL)
        {
            status = 1;
            continue;
        }
        if (checks)
        {
            status |= check_digests(file);
        }
        else
        {
            digest_file(file, text);
            printf("%s  %s\n", text, *path);
        }
        close_input(file);
    }
    return status;
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(FILE *file, size_t width)
{
    unsigned char group[3];
    size_t        length, column = 0;
    while ((length = fread(group, 1, 3, file)) > 0)
    {
        const unsigned bits = (unsigned)group[0] << 16 | (length > 1 ? (unsigned)group[1] << 8 : 0) | (length > 2 ? group[2] : 0);
        for (size_t i = 0; i < 4; ++i)
        {
            putchar(i <= length ? digits[bits >> (18 - 6 * i) & 63] : '=');
            if (++column == width)
            {
                putchar('\n');
                column = 0;
            }
        }
    }
    if (column > 0 && width > 0)
    {
        putchar('\n');
    }
}

static int decode(FILE *file)
{
    unsigned bits = 0;
    int      count = 0, padding = 0;
    for (int byte; (byte = getc(file)) != EOF;)
    {
        const char *digit = byte == 0 ? NULL : strchr(digits, byte);
        if (byte == '\n')
        {
            continue;
        }
        if (byte == '=' && count + padding >= 2 && count + padding < 4)
        {
            ++padding;
        }
        else if (digit == NULL || padding > 0)
        {
            return complain("invalid input");
        }
        else
        {
            bits = bits << 6 | (unsigned)(digit - digits);
            ++count;
        }
        if (count + padding == 4)
        {
            bits <<= 6 * padding;
            for (int i = 0; i < 3 - padding; ++i)
            {
                putchar((int)(bits >> (16 - 8 * i) & 255));
            }
            bits  = 0;
            count = padding = 0;
        }
    }
    if (count + padding == 0)
    {
        return 0;
    }
    // A group without its padding still says something.
    bits <<= 6 * (4 - count);
    for (int i = 0; padding == 0 && i < count - 1; ++i)
    {
        putchar((int)(bits >> (16 - 8 * i) & 255));
    }
    return complain("invalid input");
}

int base64_tool(int count, char **arguments)
{
    bool      decodes = false;
    long long width   = 76;
    for (int option; (option = getopt(count, arguments, "dw:")) != -1;)
    {
        switch (option)
        {
            case 'd': decodes = true; break;
            case 'w': width = number_with_unit(optarg, "columns"); break;
            default: return 1;
        }
    }
    FILE *file = open_input(optind < count ? arguments[optind] : "-");
    if (file == NULL)
    {
        return 1;
    }
    int status = 0;
    if (decodes)
    {
        status = decode(file);
    }
    else
    {
        encode(file, (size_t)width);
    }
    close_input(file);
    return status;
}
