// Names of the files that fit a pattern.
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct search
{
    int flags;
    int (*failed)(const char *, int);
    glob_t *found;
    size_t room;
    char path[PATH_MAX];
};

static int add(struct search *search, const char *path)
{
    glob_t *found      = search->found;
    const size_t count = found->gl_offs + found->gl_pathc;
    if (count + 2 > search->room)
    {
        const size_t room = search->room * 2 + count + 16;
        char **paths      = reallocarray(found->gl_pathv, room, sizeof *paths);
        if (paths == NULL)
        {
            return GLOB_NOSPACE;
        }
        if (found->gl_pathv == NULL)
        {
            memset(paths, 0, found->gl_offs * sizeof *paths);
        }
        found->gl_pathv = paths;
        search->room    = room;
    }
    char *copy = strdup(path);
    if (copy == NULL)
    {
        return GLOB_NOSPACE;
    }
    found->gl_pathv[count]     = copy;
    found->gl_pathv[count + 1] = NULL;
    found->gl_pathc++;
    return 0;
}

/// Whether [begin, end) needs a look at a directory.
static bool is_pattern(const char *begin, const char *end, int flags)
{
    bool open = false;
    for (const char *p = begin; p < end; p++)
    {
        if (*p == '\\' && !(flags & GLOB_NOESCAPE) && p + 1 < end)
        {
            p++;
        }
        else if (*p == '*' || *p == '?' || (*p == ']' && open))
        {
            return true;
        }
        open |= *p == '[';
    }
    return false;
}

/// Matches `pattern` below the first `length` bytes of the path, which are what came before.
static int match_below(struct search *search, size_t length, const char *pattern)
{
    char *path = search->path;
    // Parts that name one file need no search.
    while (*pattern != '\0')
    {
        while (*pattern == '/')
        {
            if (length + 1 >= PATH_MAX)
            {
                return 0;
            }
            path[length++] = *pattern++;
        }
        const char *end = strchrnul(pattern, '/');
        if (is_pattern(pattern, end, search->flags))
        {
            break;
        }
        for (; pattern < end; pattern++)
        {
            if (*pattern == '\\' && !(search->flags & GLOB_NOESCAPE) && pattern + 1 < end)
            {
                pattern++;
            }
            if (length + 1 >= PATH_MAX)
            {
                return 0;
            }
            path[length++] = *pattern;
        }
    }
    path[length] = '\0';
    struct stat status;
    if (*pattern == '\0')
    {
        if (length == 0 || lstat(path, &status) < 0)
        {
            return 0;
        }
        if (search->flags & GLOB_MARK && path[length - 1] != '/' && length + 1 < PATH_MAX && stat(path, &status) == 0
            && S_ISDIR(status.st_mode))
        {
            strcpy(path + length, "/");
        }
        return add(search, path);
    }

    DIR *directory = opendir(length == 0 ? "." : path);
    if (directory == NULL)
    {
        if (errno == ENOENT || errno == ENOTDIR)
        {
            return 0;
        }
        const bool stop = search->failed != NULL && search->failed(path, errno) != 0;
        return stop || search->flags & GLOB_ERR ? GLOB_ABORTED : 0;
    }
    const char *end = strchrnul(pattern, '/');
    char part[PATH_MAX];
    int outcome = 0;
    if ((size_t)(end - pattern) < sizeof part)
    {
        memcpy(part, pattern, (size_t)(end - pattern));
        part[end - pattern] = '\0';
        const int how       = FNM_PERIOD | (search->flags & GLOB_NOESCAPE ? FNM_NOESCAPE : 0);
        for (;;)
        {
            errno                     = 0;
            const struct dirent *entry = readdir(directory);
            if (entry == NULL)
            {
                path[length] = '\0';
                if (errno != 0 && ((search->failed != NULL && search->failed(path, errno) != 0) || search->flags & GLOB_ERR))
                {
                    outcome = GLOB_ABORTED;
                }
                break;
            }
            const size_t size = strlen(entry->d_name);
            if (length + size >= PATH_MAX || fnmatch(part, entry->d_name, how) != 0)
            {
                continue;
            }
            if (*end == '/' && entry->d_type != DT_DIR && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
            {
                continue;
            }
            memcpy(path + length, entry->d_name, size + 1);
            outcome = match_below(search, length + size, end);
            if (outcome != 0)
            {
                break;
            }
        }
    }
    closedir(directory);
    return outcome;
}

static int compare_paths(const void *a, const void *b)
{
    return strcoll(*(char *const *)a, *(char *const *)b);
}

int glob(const char *restrict pattern, int flags, int (*failed)(const char *, int), glob_t *restrict found)
{
    if (!(flags & GLOB_APPEND))
    {
        found->gl_pathc = 0;
        found->gl_pathv = NULL;
        if (!(flags & GLOB_DOOFFS))
        {
            found->gl_offs = 0;
        }
    }
    // Recursion is as deep as the pattern has parts, so the path is shared.
    struct search *search = malloc(sizeof *search);
    if (search == NULL)
    {
        return GLOB_NOSPACE;
    }
    search->flags       = flags;
    search->failed      = failed;
    search->found       = found;
    search->room        = 0;
    const size_t before = found->gl_pathc;
    const size_t offset = flags & GLOB_DOOFFS ? found->gl_offs : 0;
    found->gl_offs      = offset;
    int outcome         = match_below(search, 0, pattern);
    if (outcome == 0 && found->gl_pathc == before)
    {
        outcome = flags & GLOB_NOCHECK ? add(search, pattern) : GLOB_NOMATCH;
    }
    if (!(flags & GLOB_NOSORT) && found->gl_pathc > before)
    {
        qsort(found->gl_pathv + offset + before, found->gl_pathc - before, sizeof(char *), compare_paths);
    }
    free(search);
    return outcome;
}

void globfree(glob_t *found)
{
    for (size_t i = 0; i < found->gl_pathc; i++)
    {
        free(found->gl_pathv[found->gl_offs + i]);
    }
    free(found->gl_pathv);
    found->gl_pathc = 0;
    found->gl_pathv = NULL;
}
