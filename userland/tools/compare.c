// cmp: where two files differ.
#include "tool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cmp_tool(int count, char **arguments)
{
    bool quiet = false, all = false;
    for (int option; (option = getopt(count, arguments, "ls")) != -1;)
    {
        switch (option)
        {
            case 'l': all = true; break;
            case 's': quiet = true; break;
            default: return 2;
        }
    }
    if (count - optind < 1 || count - optind > 2)
    {
        complain("two files are wanted");
        return 2;
    }
    const char *names[2] = { arguments[optind], count - optind == 2 ? arguments[optind + 1] : "-" };
    FILE       *files[2];
    for (int i = 0; i < 2; ++i)
    {
        files[i] = open_input(names[i]);
        if (files[i] == NULL)
        {
            return 2;
        }
    }
    unsigned long byte = 0, line = 1;
    int           width = 1; // of a place in the larger file
    for (int i = 0; i < 2; ++i)
    {
        struct stat status;
        const int   digits = fstat(fileno(files[i]), &status) == 0 ? snprintf(NULL, 0, "%lld", (long long)status.st_size) : 1;
        width              = digits > width ? digits : width;
    }
    bool          differs = false;
    for (;;)
    {
        const int left = getc(files[0]), right = getc(files[1]);
        ++byte;
        if (left == EOF || right == EOF)
        {
            if (left == right)
            {
                return differs;
            }
            if (!quiet)
            {
                fflush(stdout);
                fprintf(stderr, "cmp: EOF on %s after byte %lu\n", names[left == EOF ? 0 : 1], byte - 1);
            }
            return 1;
        }
        if (left != right)
        {
            differs = true;
            if (quiet)
            {
                return 1;
            }
            if (!all)
            {
                printf("%s %s differ: char %lu, line %lu\n", names[0], names[1], byte, line);
                return 1;
            }
            printf("%*lu %3o %3o\n", width, byte, (unsigned)left, (unsigned)right);
        }
        line += left == '\n';
    }
}
