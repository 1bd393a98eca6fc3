// Paths and names of files.
#include "../internal/system.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

char *getcwd(char *path, size_t size)
{
    char own[PATH_MAX];
    if (path != NULL && size == 0)
    {
        errno = EINVAL;
        return NULL;
    }
    const long length = result(system_call(SYS_getcwd, path != NULL ? path : own, path != NULL ? size : sizeof own));
    if (length < 0)
    {
        return NULL;
    }
    if (path != NULL)
    {
        return path;
    }
    if (size != 0 && (size_t)length > size)
    {
        errno = ERANGE;
        return NULL;
    }
    path = malloc(size != 0 ? size : (size_t)length);
    return path != NULL ? memcpy(path, own, (size_t)length) : NULL;
}

char *get_current_dir_name(void)
{
    return getcwd(NULL, 0);
}

char *getwd(char *path)
{
    return getcwd(path, PATH_MAX);
}

char *basename(char *path)
{
    if (path == NULL || *path == '\0')
    {
        return (char *)".";
    }
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
    {
        path[--length] = '\0';
    }
    char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

char *dirname(char *path)
{
    if (path == NULL || *path == '\0')
    {
        return (char *)".";
    }
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
    {
        end--;
    }
    while (end > 0 && path[end - 1] != '/')
    {
        end--;
    }
    while (end > 1 && path[end - 1] == '/')
    {
        end--;
    }
    if (end == 0)
    {
        return (char *)".";
    }
    path[end] = '\0';
    return path;
}

char *realpath(const char *restrict path, char *restrict resolved)
{
    if (path == NULL || *path == '\0')
    {
        errno = path == NULL ? EINVAL : ENOENT;
        return NULL;
    }
    // `rest` is still to be walked; `done` has no links, and no slash at its end.
    char rest[PATH_MAX], done[PATH_MAX];
    int links = 0;
    if (strlcpy(rest, path, sizeof rest) >= sizeof rest)
    {
        errno = ENAMETOOLONG;
        return NULL;
    }
    size_t length = 0;
    if (*path != '/')
    {
        if (getcwd(done, sizeof done) == NULL)
        {
            return NULL;
        }
        length = strlen(done);
        length = length == 1 ? 0 : length;
    }
    for (char *at = rest;;)
    {
        at += strspn(at, "/");
        const size_t size = strcspn(at, "/");
        if (size == 0)
        {
            break;
        }
        if (size == 2 && at[0] == '.' && at[1] == '.')
        {
            while (length > 0 && done[--length] != '/')
            {
            }
        }
        else if (size != 1 || at[0] != '.')
        {
            if (length + size + 2 > sizeof done)
            {
                errno = ENAMETOOLONG;
                return NULL;
            }
            const size_t parent = length;
            done[length++]      = '/';
            memcpy(done + length, at, size);
            length += size;
            done[length] = '\0';
            char target[PATH_MAX];
            const ssize_t target_length = readlink(done, target, sizeof target - 1);
            if (target_length >= 0)
            {
                const size_t tail = strlen(at + size);
                if (++links > SYMLOOP_MAX || (size_t)target_length + tail + 1 > sizeof target)
                {
                    errno = links > SYMLOOP_MAX ? ELOOP : ENAMETOOLONG;
                    return NULL;
                }
                memcpy(target + target_length, at + size, tail + 1);
                strcpy(rest, target);
                at     = rest;
                length = *rest == '/' ? 0 : parent;
                continue;
            }
            if (errno != EINVAL)
            {
                return NULL;
            }
            struct stat status;
            if (at[size] == '/' && stat(done, &status) == 0 && !S_ISDIR(status.st_mode))
            {
                errno = ENOTDIR;
                return NULL;
            }
        }
        at += size;
    }
    if (length == 0)
    {
        done[length++] = '/';
    }
    done[length] = '\0';
    return resolved != NULL ? strcpy(resolved, done) : strdup(done);
}

// Temporary names: the six X before the suffix become random letters.

static char *place_of_letters(char *pattern, int suffix)
{
    const size_t length = strlen(pattern);
    if (suffix < 0 || length < (size_t)suffix + 6 || memcmp(pattern + length - (size_t)suffix - 6, "XXXXXX", 6) != 0)
    {
        errno = EINVAL;
        return NULL;
    }
    return pattern + length - (size_t)suffix - 6;
}

static void choose_letters(char *place)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    unsigned char random[6];
    if (getentropy(random, sizeof random) != 0)
    {
        // Without a source of randomness uniqueness comes from trying.
        static unsigned counter;
        const unsigned number = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED) + (unsigned)getpid() * 4096;
        for (int i = 0; i < 6; i++)
        {
            random[i] = (unsigned char)(number >> 5 * i & 31);
        }
    }
    for (int i = 0; i < 6; i++)
    {
        place[i] = letters[random[i] & 63];
    }
}

enum
{
    most_tries = 200,
};

int mkostemps(char *pattern, int suffix, int flags)
{
    char *place = place_of_letters(pattern, suffix);
    for (int i = 0; place != NULL && i < most_tries; i++)
    {
        choose_letters(place);
        const int descriptor = open(pattern, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
        if (descriptor >= 0 || errno != EEXIST)
        {
            return descriptor;
        }
    }
    return -1;
}

int mkostemp(char *pattern, int flags)
{
    return mkostemps(pattern, 0, flags);
}

int mkstemps(char *pattern, int suffix)
{
    return mkostemps(pattern, suffix, 0);
}

int mkstemp(char *pattern)
{
    return mkostemps(pattern, 0, 0);
}

char *mkdtemp(char *pattern)
{
    char *place = place_of_letters(pattern, 0);
    for (int i = 0; place != NULL && i < most_tries; i++)
    {
        choose_letters(place);
        if (mkdir(pattern, 0700) == 0)
        {
            return pattern;
        }
        if (errno != EEXIST)
        {
            break;
        }
    }
    return NULL;
}

char *mktemp(char *pattern)
{
    char *place = place_of_letters(pattern, 0);
    struct stat status;
    for (int i = 0; place != NULL && i < most_tries; i++)
    {
        choose_letters(place);
        if (lstat(pattern, &status) < 0 && errno == ENOENT)
        {
            return pattern;
        }
    }
    *pattern = '\0';
    return pattern;
}

char *tmpnam(char *name)
{
    static char own[L_tmpnam];
    name = strcpy(name != NULL ? name : own, "/tmp/XXXXXX");
    mktemp(name);
    return *name != '\0' ? name : NULL;
}

char *tempnam(const char *directory, const char *prefix)
{
    char *name = NULL;
    if (asprintf(&name, "%s/%.5sXXXXXX", directory != NULL ? directory : P_tmpdir, prefix != NULL ? prefix : "") < 0)
    {
        return NULL;
    }
    if (*mktemp(name) == '\0')
    {
        free(name);
        return NULL;
    }
    return name;
}

FILE *tmpfile(void)
{
    char name[] = "/tmp/XXXXXX";
    const int descriptor = mkostemp(name, O_CLOEXEC);
    if (descriptor < 0)
    {
        return NULL;
    }
    unlink(name);
    FILE *file = fdopen(descriptor, "w+");
    if (file == NULL)
    {
        close(descriptor);
    }
    return file;
}

static int shared_memory_path(const char *name, char path[NAME_MAX + 16])
{
    name += strspn(name, "/");
    if (*name == '\0' || strchr(name, '/') != NULL || strlen(name) > NAME_MAX)
    {
        errno = EINVAL;
        return -1;
    }
    strcpy(stpcpy(path, "/dev/shm/"), name);
    return 0;
}

int shm_open(const char *name, int flags, mode_t mode)
{
    char path[NAME_MAX + 16];
    return shared_memory_path(name, path) < 0 ? -1 : open(path, flags | O_NOFOLLOW | O_CLOEXEC, mode);
}

int shm_unlink(const char *name)
{
    char path[NAME_MAX + 16];
    return shared_memory_path(name, path) < 0 ? -1 : unlink(path);
}
