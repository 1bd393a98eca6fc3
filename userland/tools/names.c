// basename, dirname, pwd, readlink, realpath, which, true, false: names of files.
#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int true_tool(int count, char **arguments)
{
    (void)count, (void)arguments;
    return 0;
}

int false_tool(int count, char **arguments)
{
    (void)count, (void)arguments;
    return 1;
}

static void put_base(const char *path, const char *suffix)
{
    char        *name   = last_part(path);
    const size_t length = strlen(name);
    const size_t ending = suffix == NULL ? 0 : strlen(suffix);
    if (ending > 0 && ending < length && strcmp(name + length - ending, suffix) == 0)
    {
        name[length - ending] = '\0';
    }
    puts(name);
    free(name);
}

int basename_tool(int count, char **arguments)
{
    const char *suffix = NULL;
    bool        many   = false;
    for (int option; (option = getopt(count, arguments, "+as:")) != -1;)
    {
        switch (option)
        {
            case 'a': many = true; break;
            case 's':
                many   = true;
                suffix = optarg;
                break;
            default: return 1;
        }
    }
    if (optind == count || (!many && count - optind > 2))
    {
        return complain("one name is wanted, and perhaps a suffix");
    }
    if (!many)
    {
        put_base(arguments[optind], arguments[optind + 1]);
        return 0;
    }
    for (int i = optind; i < count; ++i)
    {
        put_base(arguments[i], suffix);
    }
    return 0;
}

int dirname_tool(int count, char **arguments)
{
    if (getopt(count, arguments, "+") != -1)
    {
        return 1;
    }
    if (optind == count)
    {
        return complain("a name is wanted");
    }
    for (int i = optind; i < count; ++i)
    {
        const char *path = arguments[i];
        size_t      end  = strlen(path);
        while (end > 1 && path[end - 1] == '/')
        {
            --end;
        }
        while (end > 0 && path[end - 1] != '/')
        {
            --end;
        }
        const bool has_slash = end > 0;
        while (end > 1 && path[end - 1] == '/')
        {
            --end;
        }
        printf("%.*s\n", has_slash ? (int)end : 1, has_slash ? path : ".");
    }
    return 0;
}

static bool is_here(const char *path)
{
    struct stat named, here;
    return path != NULL && path[0] == '/' && strstr(path, "/./") == NULL && strstr(path, "/../") == NULL && stat(path, &named) == 0
        && stat(".", &here) == 0 && named.st_ino == here.st_ino && named.st_dev == here.st_dev;
}

int pwd_tool(int count, char **arguments)
{
    bool logical = false;
    for (int option; (option = getopt(count, arguments, "LP")) != -1;)
    {
        if (option == '?')
        {
            return 1;
        }
        logical = option == 'L';
    }
    const char *named = getenv("PWD");
    if (logical && is_here(named))
    {
        puts(named);
        return 0;
    }
    char path[PATH_MAX];
    if (getcwd(path, sizeof path) == NULL)
    {
        return complain_about("working directory");
    }
    puts(path);
    return 0;
}

/// Resolves all links; a last part that does not exist is no error unless `strict`. NULL with errno set.
static char *resolved_path(const char *path, bool strict)
{
    char *whole = realpath(path, NULL);
    if (whole != NULL || strict || errno != ENOENT)
    {
        return whole;
    }
    char       *name   = last_part(path);
    struct text parent = { 0 };
    size_t      end    = strlen(path);
    while (end > 1 && path[end - 1] == '/')
    {
        --end;
    }
    end -= strlen(name);
    text_add(&parent, end == 0 ? "." : path, end == 0 ? 1 : end);

    // A link to nothing yet names what it would be.
    char          target[PATH_MAX];
    char         *link   = joined_path(parent.chars, name);
    const ssize_t length = readlink(link, target, sizeof target - 1);
    free(link);
    if (length >= 0)
    {
        target[length]    = '\0';
        char *const next  = target[0] == '/' ? copy_of(target) : joined_path(parent.chars, target);
        char *const found = resolved_path(next, false);
        free(next);
        text_free(&parent);
        free(name);
        return found;
    }
    char *directory = realpath(parent.chars, NULL);
    if (directory != NULL)
    {
        whole = joined_path(directory, name);
        free(directory);
    }
    text_free(&parent);
    free(name);
    return whole;
}

int readlink_tool(int count, char **arguments)
{
    bool newline = true, resolve = false, strict = false;
    for (int option; (option = getopt(count, arguments, "efn")) != -1;)
    {
        switch (option)
        {
            case 'e': resolve = strict = true; break;
            case 'f': resolve = true; break;
            case 'n': newline = false; break;
            default: return 1;
        }
    }
    if (optind == count)
    {
        return complain("a name is wanted");
    }
    int status = 0;
    for (int i = optind; i < count; ++i)
    {
        char buffer[PATH_MAX + 1];
        if (resolve)
        {
            char *path = resolved_path(arguments[i], strict);
            if (path == NULL)
            {
                status = 1;
                continue;
            }
            fputs(path, stdout);
            free(path);
        }
        else
        {
            const ssize_t length = readlink(arguments[i], buffer, sizeof buffer - 1);
            if (length < 0)
            {
                status = 1;
                continue;
            }
            fwrite(buffer, 1, (size_t)length, stdout);
        }
        if (newline || count - optind > 1)
        {
            putchar('\n');
        }
    }
    return status;
}

int realpath_tool(int count, char **arguments)
{
    bool strict = false, quiet = false;
    for (int option; (option = getopt(count, arguments, "eq")) != -1;)
    {
        switch (option)
        {
            case 'e': strict = true; break;
            case 'q': quiet = true; break;
            default: return 1;
        }
    }
    if (optind == count)
    {
        return complain("a name is wanted");
    }
    int status = 0;
    for (int i = optind; i < count; ++i)
    {
        char *path = resolved_path(arguments[i], strict);
        if (path == NULL)
        {
            status = 1;
            if (!quiet)
            {
                complain_about(arguments[i]);
            }
            continue;
        }
        puts(path);
        free(path);
    }
    return status;
}

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static bool put_programs(const char *name, bool all)
{
    if (strchr(name, '/') != NULL)
    {
        if (is_program(name))
        {
            puts(name);
            return true;
        }
        return false;
    }
    bool        found = false;
    const char *path  = getenv("PATH");
    for (const char *next = path == NULL ? "/bin:/usr/bin" : path; next != NULL && (all || !found);)
    {
        const char  *colon  = strchr(next, ':');
        const size_t length = colon == NULL ? strlen(next) : (size_t)(colon - next);
        struct text  folder = { 0 };
        text_add(&folder, length == 0 ? "." : next, length == 0 ? 1 : length);
        char *candidate = joined_path(folder.chars, name);
        if (is_program(candidate))
        {
            puts(candidate);
            found = true;
        }
        free(candidate);
        text_free(&folder);
        next = colon == NULL ? NULL : colon + 1;
    }
    return found;
}

int which_tool(int count, char **arguments)
{
    bool all = false;
    for (int option; (option = getopt(count, arguments, "a")) != -1;)
    {
        if (option == '?')
        {
            return 2;
        }
        all = true;
    }
    int status = optind == count;
    for (int i = optind; i < count; ++i)
    {
        if (!put_programs(arguments[i], all))
        {
            status = 1;
        }
    }
    return status;
}
