// hexdump -C, strings: bytes that are no text.
#include "tool.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// All files one after the other. False after a message.
static bool read_files(char **paths, struct text *content)
{
    bool         all              = true;
    static char *standard_input[] = { "-", NULL };
    text_add(content, "", 0);
    for (paths = *paths == NULL ? standard_input : paths; *paths != NULL; ++paths)
    {
        FILE *file = open_input(*paths);
        if (file == NULL)
        {
            all = false;
            continue;
        }
        read_all(file, content);
        close_input(file);
    }
    return all;
}

static void put_hexadecimal_line(unsigned long offset, const char *bytes, size_t length)
{
    printf("%08lx", offset);
    for (size_t i = 0; i < 16; ++i)
    {
        fputs(i % 8 == 0 ? "  " : " ", stdout);
        if (i < length)
        {
            printf("%02x", (unsigned char)bytes[i]);
        }
        else
        {
            fputs("  ", stdout);
        }
    }
    fputs("  |", stdout);
    for (size_t i = 0; i < length; ++i)
    {
        putchar(isprint((unsigned char)bytes[i]) ? bytes[i] : '.');
    }
    puts("|");
}

int hexdump_tool(int count, char **arguments)
{
    bool        everything = false, canonical = false;
    long long   limit = -1, skip = 0;
    struct text content = { 0 };
    for (int option; (option = getopt(count, arguments, "Cn:s:v")) != -1;)
    {
        switch (option)
        {
            case 'C': canonical = true; break;
            case 'n': limit = number_with_unit(optarg, "bytes"); break;
            case 's': skip = number_with_unit(optarg, "bytes"); break;
            case 'v': everything = true; break;
            default: return 1;
        }
    }
    if (!canonical)
    {
        return complain("-C is wanted: other formats are od's");
    }
    const bool   all   = read_files(arguments + optind, &content);
    const size_t start = (unsigned long long)skip < content.length ? (size_t)skip : content.length;
    size_t       end   = content.length;
    if (limit >= 0 && (unsigned long long)limit < end - start)
    {
        end = start + (size_t)limit;
    }
    bool was_same = false;
    for (size_t offset = start; offset < end; offset += 16)
    {
        const size_t length = end - offset < 16 ? end - offset : 16;
        const bool   same   = !everything && length == 16 && offset > start && memcmp(content.chars + offset - 16, content.chars + offset, 16) == 0;
        if (!same)
        {
            put_hexadecimal_line(offset, content.chars + offset, length);
        }
        else if (!was_same)
        {
            puts("*");
        }
        was_same = same;
    }
    if (end > start)
    {
        printf("%08lx\n", (unsigned long)end);
    }
    text_free(&content);
    return !all;
}

int strings_tool(int count, char **arguments)
{
    size_t least = 4;
    for (int option; (option = getopt(count, arguments, "an:")) != -1;)
    {
        switch (option)
        {
            case 'a': break;
            case 'n': least = (size_t)number_with_unit(optarg, "characters"); break;
            default: return 1;
        }
    }
    struct text content = { 0 };
    const bool  all     = read_files(arguments + optind, &content);
    for (size_t start = 0; start < content.length;)
    {
        size_t end = start;
        while (end < content.length && (isprint((unsigned char)content.chars[end]) || content.chars[end] == '\t'))
        {
            ++end;
        }
        if (end - start >= least && end > start)
        {
            printf("%.*s\n", (int)(end - start), content.chars + start);
        }
        start = end + 1;
    }
    text_free(&content);
    return !all;
}
