// wc: counts lines, words, bytes.
#include "tool.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

struct counts
{
    unsigned long lines, words, bytes, longest;
};

static bool shows_lines, shows_words, shows_bytes, shows_longest;

static void count_file(FILE *file, struct counts *counts)
{
    bool          in_word = false;
    unsigned long column  = 0;
    for (int byte; (byte = getc(file)) != EOF;)
    {
        ++counts->bytes;
        const bool space = isspace(byte) != 0;
        // Bytes that cannot be printed are no words of their own.
        if (space)
        {
            in_word = false;
        }
        else if (isprint(byte) && !in_word)
        {
            in_word = true;
            ++counts->words;
        }
        if (byte == '\n' || byte == '\r' || byte == '\f')
        {
            counts->lines += byte == '\n';
            column = 0;
        }
        else
        {
            column += byte == '\t' ? 8 - column % 8 : isprint(byte) != 0;
        }
        counts->longest = column > counts->longest ? column : counts->longest;
    }
}

static void put_counts(const struct counts *counts, const char *name, int width)
{
    const struct
    {
        bool          shown;
        unsigned long value;
    } columns[] = { { shows_lines, counts->lines }, { shows_words, counts->words }, { shows_bytes, counts->bytes },
        { shows_longest, counts->longest } };
    const char *between = "";
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; ++i)
    {
        if (columns[i].shown)
        {
            printf("%s%*lu", between, width, columns[i].value);
            between = " ";
        }
    }
    printf(name != NULL ? " %s\n" : "\n", name);
}

/// Wide enough for the sum of the sizes; 7 when one cannot be known before it is read.
static int column_width(char **paths, int count)
{
    if (shows_lines + shows_words + shows_bytes + shows_longest == 1 && count <= 1)
    {
        return 1;
    }
    unsigned long long sum   = 0;
    int                least = 1;
    for (int i = 0; i < count || i == 0; ++i)
    {
        struct stat status;
        const bool  is_input = count == 0 || strcmp(paths[i], "-") == 0;
        if ((is_input ? fstat(STDIN_FILENO, &status) : stat(paths[i], &status)) == 0)
        {
            if (S_ISREG(status.st_mode))
            {
                sum += (unsigned long long)status.st_size;
            }
            else
            {
                least = 7;
            }
        }
    }
    char digits[32];
    const int width = snprintf(digits, sizeof digits, "%llu", sum);
    return width > least ? width : least;
}

int wc_tool(int count, char **arguments)
{
    for (int option; (option = getopt(count, arguments, "clLmw")) != -1;)
    {
        switch (option)
        {
            case 'c':
            case 'm': shows_bytes = true; break;
            case 'l': shows_lines = true; break;
            case 'L': shows_longest = true; break;
            case 'w': shows_words = true; break;
            default: return 1;
        }
    }
    if (!shows_bytes && !shows_lines && !shows_words && !shows_longest)
    {
        shows_bytes = shows_lines = shows_words = true;
    }
    const int     width  = column_width(arguments + optind, count - optind);
    struct counts total  = { 0 };
    int           status = 0;
    for (int i = optind; i < count || i == optind; ++i)
    {
        FILE *file = open_input(i < count ? arguments[i] : "-");
        struct counts counts = { 0 };
        if (file == NULL)
        {
            status = 1;
            continue;
        }
        count_file(file, &counts);
        close_input(file);
        put_counts(&counts, i < count ? arguments[i] : NULL, width);
        total.lines += counts.lines;
        total.words += counts.words;
        total.bytes += counts.bytes;
        total.longest = counts.longest > total.longest ? counts.longest : total.longest;
    }
    if (count - optind > 1)
    {
        put_counts(&total, "total", width);
    }
    return status;
}
