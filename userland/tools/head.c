// head, tail: the beginning or the end of files.
#include "tool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool show_headings;
static bool first_heading = true;

static void put_heading(const char *path)
{
    if (show_headings)
    {
        printf("%s==> %s <==\n", first_heading ? "" : "\n", strcmp(path, "-") == 0 ? "standard input" : path);
        first_heading = false;
    }
}

/// `-5` for `-n 5`.
static char **expand_old_number(int *count, char **arguments)
{
    if (*count > 1 && arguments[1][0] == '-' && arguments[1][1] >= '0' && arguments[1][1] <= '9')
    {
        char **longer = allocate(((size_t)*count + 2) * sizeof *longer);
        longer[0]     = arguments[0];
        longer[1]     = "-n";
        longer[2]     = arguments[1] + 1;
        memcpy(longer + 3, arguments + 2, ((size_t)*count - 1) * sizeof *longer);
        ++*count;
        return longer;
    }
    return arguments;
}

static void put_start(FILE *file, long long amount, bool bytes)
{
    int byte;
    while (amount > 0 && (byte = getc(file)) != EOF)
    {
        putchar(byte);
        amount -= bytes || byte == '\n';
    }
}

/// Where the last `amount` lines or bytes begin.
static size_t end_offset(const struct text *content, long long amount, bool bytes)
{
    if (bytes)
    {
        return (unsigned long long)amount >= content->length ? 0 : content->length - (size_t)amount;
    }
    size_t offset = content->length;
    if (amount == 0)
    {
        return offset;
    }
    if (offset > 0 && content->chars[offset - 1] == '\n')
    {
        --offset;
    }
    for (; offset > 0; --offset)
    {
        if (content->chars[offset - 1] == '\n' && --amount == 0)
        {
            break;
        }
    }
    return offset;
}

static char *standard_input[] = { "-", NULL };

int head_tool(int count, char **arguments)
{
    arguments        = expand_old_number(&count, arguments);
    long long amount = 10;
    bool      bytes  = false, all_but = false;
    int       heading = 0;
    for (int option; (option = getopt(count, arguments, "c:n:qv")) != -1;)
    {
        switch (option)
        {
            case 'c':
            case 'n':
                bytes   = option == 'c';
                all_but = optarg[0] == '-';
                amount  = number_with_unit(optarg + all_but, bytes ? "bytes" : "lines");
                break;
            case 'q': heading = -1; break;
            case 'v': heading = 1; break;
            default: return 1;
        }
    }
    show_headings = heading == 0 ? count - optind > 1 : heading > 0;
    int status    = 0;
    for (char **path = optind < count ? arguments + optind : standard_input; *path != NULL; ++path)
    {
        FILE *file = open_input(*path);
        if (file == NULL)
        {
            status = 1;
            continue;
        }
        put_heading(*path);
        if (all_but)
        {
            struct text content = { 0 };
            read_all(file, &content);
            fwrite(content.chars, 1, end_offset(&content, amount, bytes), stdout);
            text_free(&content);
        }
        else
        {
            put_start(file, amount, bytes);
        }
        close_input(file);
    }
    return status;
}

/// Waits for more at the end of the file, for ever.
static void follow(FILE *file)
{
    for (;;)
    {
        for (int byte; (byte = getc(file)) != EOF;)
        {
            putchar(byte);
        }
        fflush(stdout);
        clearerr(file);
        sleep(1);
    }
}

int tail_tool(int count, char **arguments)
{
    arguments        = expand_old_number(&count, arguments);
    long long amount = 10;
    bool      bytes = false, from_start = false, follows = false;
    int       heading = 0;
    for (int option; (option = getopt(count, arguments, "c:fn:qv")) != -1;)
    {
        switch (option)
        {
            case 'c':
            case 'n':
                bytes      = option == 'c';
                from_start = optarg[0] == '+';
                amount     = number_with_unit(optarg + (optarg[0] == '+' || optarg[0] == '-'), bytes ? "bytes" : "lines");
                break;
            case 'f': follows = true; break;
            case 'q': heading = -1; break;
            case 'v': heading = 1; break;
            default: return 1;
        }
    }
    show_headings = heading == 0 ? count - optind > 1 : heading > 0;
    int status    = 0;
    for (char **path = optind < count ? arguments + optind : standard_input; *path != NULL; ++path)
    {
        FILE *file = open_input(*path);
        if (file == NULL)
        {
            status = 1;
            continue;
        }
        put_heading(*path);
        struct text content = { 0 };
        read_all(file, &content);
        size_t offset = 0;
        if (!from_start)
        {
            offset = end_offset(&content, amount, bytes);
        }
        else
        {
            for (long long skipped = 1; skipped < amount && offset < content.length; ++offset)
            {
                skipped += bytes || content.chars[offset] == '\n';
            }
        }
        fwrite(content.chars + offset, 1, content.length - offset, stdout);
        text_free(&content);
        if (follows && path[1] == NULL)
        {
            follow(file);
        }
        close_input(file);
    }
    return status;
}
