// cat, tee: bytes from files to files.
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cat
{
    bool number, number_filled, squeeze, ends, tabs, controls;
    long line;
    bool at_start;
    int  empty_lines;
};

static void put_visible(const struct cat *cat, int byte)
{
    if (byte == '\t')
    {
        fputs(cat->tabs ? "^I" : "\t", stdout);
        return;
    }
    if (cat->controls && byte >= 128)
    {
        fputs("M-", stdout);
        byte -= 128;
    }
    if (cat->controls && (byte < 32 || byte == 127))
    {
        putchar('^');
        byte ^= 64;
    }
    putchar(byte);
}

static void put_file(struct cat *cat, FILE *file)
{
    int byte;
    while ((byte = getc(file)) != EOF)
    {
        if (cat->at_start)
        {
            cat->empty_lines = byte == '\n' ? cat->empty_lines + 1 : 0;
            if (cat->squeeze && cat->empty_lines > 1)
            {
                continue;
            }
            if (cat->number_filled ? byte != '\n' : cat->number)
            {
                printf("%6ld\t", ++cat->line);
            }
        }
        cat->at_start = byte == '\n';
        if (byte == '\n')
        {
            fputs(cat->ends ? "$\n" : "\n", stdout);
        }
        else
        {
            put_visible(cat, byte);
        }
    }
}

static bool copy_bytes(int descriptor, const char *path)
{
    static char buffer[65536];
    ssize_t     length;
    while ((length = read(descriptor, buffer, sizeof buffer)) != 0)
    {
        if (length < 0 && errno == EINTR)
        {
            continue;
        }
        if (length < 0)
        {
            complain_about(path);
            return false;
        }
        if (!write_all(STDOUT_FILENO, buffer, (size_t)length))
        {
            fail(1, "standard output: %s", strerror(errno));
        }
    }
    return true;
}

int cat_tool(int count, char **arguments)
{
    struct cat cat     = { .at_start = true };
    bool       changes = false;
    for (int option; (option = getopt(count, arguments, "AbeEnstTuv")) != -1;)
    {
        changes |= option != 'u';
        switch (option)
        {
            case 'A': cat.ends = cat.tabs = cat.controls = true; break;
            case 'b': cat.number_filled = true; break;
            case 'e': cat.ends = cat.controls = true; break;
            case 'E': cat.ends = true; break;
            case 'n': cat.number = true; break;
            case 's': cat.squeeze = true; break;
            case 't': cat.tabs = cat.controls = true; break;
            case 'T': cat.tabs = true; break;
            case 'v': cat.controls = true; break;
            case 'u': break;
            default: return 1;
        }
    }
    static char *standard_input[] = { "-", NULL };
    int          status           = 0;
    for (char **path = optind < count ? arguments + optind : standard_input; *path != NULL; ++path)
    {
        if (changes)
        {
            FILE *file = open_input(*path);
            if (file == NULL)
            {
                status = 1;
                continue;
            }
            put_file(&cat, file);
            close_input(file);
            continue;
        }
        const bool is_input   = strcmp(*path, "-") == 0;
        const int  descriptor = is_input ? STDIN_FILENO : open(*path, O_RDONLY);
        if (descriptor < 0)
        {
            status = complain_about(*path);
            continue;
        }
        if (!copy_bytes(descriptor, *path))
        {
            status = 1;
        }
        if (!is_input)
        {
            close(descriptor);
        }
    }
    return status;
}

int tee_tool(int count, char **arguments)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC;
    for (int option; (option = getopt(count, arguments, "ai")) != -1;)
    {
        switch (option)
        {
            case 'a': flags = O_WRONLY | O_CREAT | O_APPEND; break;
            case 'i': signal(SIGINT, SIG_IGN); break;
            default: return 1;
        }
    }
    int    status  = 0;
    size_t outputs = 1;
    struct
    {
        int         descriptor;
        const char *path;
    } *output = allocate(((size_t)(count - optind) + 1) * sizeof *output);
    output[0].descriptor = STDOUT_FILENO;
    output[0].path       = "standard output";
    for (int i = optind; i < count; ++i)
    {
        output[outputs].path       = arguments[i];
        output[outputs].descriptor = open(arguments[i], flags, 0666);
        if (output[outputs].descriptor < 0)
        {
            status = complain_about(arguments[i]);
            continue;
        }
        ++outputs;
    }
    char    buffer[8192];
    ssize_t length;
    while ((length = read(STDIN_FILENO, buffer, sizeof buffer)) > 0 || (length < 0 && errno == EINTR))
    {
        for (size_t i = 0; length > 0 && i < outputs; ++i)
        {
            if (output[i].descriptor >= 0 && !write_all(output[i].descriptor, buffer, (size_t)length))
            {
                status               = complain_about(output[i].path);
                output[i].descriptor = -1;
            }
        }
    }
    if (length < 0)
    {
        status = complain_about("standard input");
    }
    free(output);
    return status;
}
