// Walks through trees of files. It keeps as many directories open as the tree is deep, or as it may.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int visit_t(const char *, const struct stat *, int, struct FTW *);
typedef int plain_visit_t(const char *, const struct stat *, int);

struct open_directory
{
    const struct open_directory *above;
    dev_t device;
    ino_t inode;
};

struct walk
{
    visit_t *visit;
    plain_visit_t *plain_visit; ///< of ftw
    int flags;
    int limit; ///< directories that may be open at once
    dev_t device;
    char path[PATH_MAX];
};

static int report(struct walk *walk, const struct stat *status, int type, int base, int level)
{
    if (walk->plain_visit != NULL)
    {
        return walk->plain_visit(walk->path, status, type);
    }
    struct FTW place = { base, level };
    return walk->visit(walk->path, status, type, &place);
}

/// Names in a directory one after the other, each with its zero byte, an empty one at the end.
static char *read_names(DIR *directory)
{
    char *names = NULL;
    size_t used = 0, room = 0;
    for (;;)
    {
        errno                      = 0;
        const struct dirent *entry = readdir(directory);
        const char *name           = entry == NULL ? "" : entry->d_name;
        if (entry == NULL && errno != 0)
        {
            free(names);
            return NULL;
        }
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        {
            continue;
        }
        const size_t size = strlen(name) + 1;
        if (used + size > room)
        {
            room       = (used + size) * 2 + 256;
            char *more = realloc(names, room);
            if (more == NULL)
            {
                free(names);
                return NULL;
            }
            names = more;
        }
        memcpy(names + used, name, size);
        used += size;
        if (entry == NULL)
        {
            return names;
        }
    }
}

static int walk_below(struct walk *walk, size_t length, int base, int level, const struct open_directory *above);

/// Visits what a directory has; `directory` is closed early if there may be no more open ones.
static int walk_entries(struct walk *walk, size_t length, int level, const struct open_directory *self, DIR *directory)
{
    char *path         = walk->path;
    const size_t slash = length > 0 && path[length - 1] == '/' ? 0 : 1;
    const bool keep    = level + 1 < walk->limit;
    char *names        = keep ? NULL : read_names(directory);
    if (!keep && names == NULL)
    {
        return -1;
    }
    if (!keep)
    {
        closedir(directory);
    }
    int outcome = 0;
    for (const char *name = names; outcome == 0;)
    {
        if (keep)
        {
            errno                      = 0;
            const struct dirent *entry = readdir(directory);
            if (entry == NULL)
            {
                outcome = errno == 0 ? 0 : -1;
                break;
            }
            name = entry->d_name;
            if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            {
                continue;
            }
        }
        const size_t size = strlen(name);
        if (size == 0)
        {
            break;
        }
        if (length + slash + size >= PATH_MAX)
        {
            errno   = ENAMETOOLONG;
            outcome = -1;
            break;
        }
        path[length] = '/';
        memcpy(path + length + slash, name, size + 1);
        outcome = walk_below(walk, length + slash + size, (int)(length + slash), level + 1, self);
        if (!keep)
        {
            name += size + 1;
        }
    }
    if (keep)
    {
        closedir(directory);
    }
    free(names);
    path[length] = '\0';
    return outcome;
}

static int walk_below(struct walk *walk, size_t length, int base, int level, const struct open_directory *above)
{
    const char *path  = walk->path;
    const char *name  = walk->flags & FTW_CHDIR && level > 0 ? path + base : path;
    const bool follow = !(walk->flags & FTW_PHYS);
    struct stat status;
    int type;
    if ((follow ? stat(name, &status) : lstat(name, &status)) == 0)
    {
        type = S_ISDIR(status.st_mode) ? FTW_D : S_ISLNK(status.st_mode) ? FTW_SL : FTW_F;
    }
    else if (follow && lstat(name, &status) == 0 && S_ISLNK(status.st_mode))
    {
        type = walk->plain_visit != NULL ? FTW_SL : FTW_SLN;
    }
    else if (level == 0 || (errno != EACCES && errno != ENOENT))
    {
        return -1;
    }
    else
    {
        type = FTW_NS;
        memset(&status, 0, sizeof status);
    }
    if (level == 0)
    {
        walk->device = status.st_dev;
    }
    else if (walk->flags & FTW_MOUNT && type != FTW_NS && status.st_dev != walk->device)
    {
        return 0;
    }
    if (type != FTW_D)
    {
        return report(walk, &status, type, base, level);
    }
    // A link to a directory that the walk is in would lead round and round.
    for (const struct open_directory *up = above; up != NULL; up = up->above)
    {
        if (up->device == status.st_dev && up->inode == status.st_ino)
        {
            return 0;
        }
    }
    DIR *directory = opendir(name);
    if (directory == NULL)
    {
        return errno == EACCES ? report(walk, &status, FTW_DNR, base, level) : -1;
    }
    const bool depth_first = walk->flags & FTW_DEPTH;
    int outcome            = depth_first ? 0 : report(walk, &status, FTW_D, base, level);
    if (outcome != 0)
    {
        closedir(directory);
        return outcome;
    }
    const struct open_directory self = { above, status.st_dev, status.st_ino };
    int back                         = -1;
    if (walk->flags & FTW_CHDIR)
    {
        back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (back < 0 || fchdir(dirfd(directory)) < 0)
        {
            closedir(directory);
            if (back >= 0)
            {
                close(back);
            }
            return -1;
        }
    }
    outcome = walk_entries(walk, length, level, &self, directory);
    if (back >= 0)
    {
        if (fchdir(back) < 0 && outcome == 0)
        {
            outcome = -1;
        }
        close(back);
    }
    return outcome != 0 || !depth_first ? outcome : report(walk, &status, FTW_DP, base, level);
}

static int start(const char *path, visit_t *visit, plain_visit_t *plain_visit, int limit, int flags)
{
    const size_t length = strlen(path);
    if (length == 0 || length >= PATH_MAX)
    {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    struct walk *walk = malloc(sizeof *walk);
    if (walk == NULL)
    {
        return -1;
    }
    walk->visit       = visit;
    walk->plain_visit = plain_visit;
    walk->flags       = flags;
    walk->limit       = limit;
    strcpy(walk->path, path);
    size_t used = length;
    while (used > 1 && walk->path[used - 1] == '/')
    {
        walk->path[--used] = '\0';
    }
    const char *slash = strrchr(walk->path, '/');
    const int base    = slash == NULL || slash[1] == '\0' ? 0 : (int)(slash + 1 - walk->path);
    const int outcome = walk_below(walk, used, base, 0, NULL);
    free(walk);
    return outcome;
}

int ftw(const char *path, plain_visit_t *visit, int limit)
{
    return start(path, NULL, visit, limit, 0);
}

int nftw(const char *path, visit_t *visit, int limit, int flags)
{
    return start(path, visit, NULL, limit, flags);
}
