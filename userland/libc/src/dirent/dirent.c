// Directories: a buffer over getdents64, whose records are struct dirent as they are.
#include "../internal/lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct __directory
{
    int descriptor;
    lock_t lock;
    size_t position, end; ///< in the buffer
    long offset;          ///< of the entry that comes next, as the system numbers them
    struct dirent entry;  ///< the one last returned
    _Alignas(struct dirent) char buffer[4096];
};

ssize_t getdents64(int descriptor, void *to, size_t size)
{
    return result(system_call(SYS_getdents64, descriptor, to, size));
}

static DIR *make_directory(int descriptor)
{
    DIR *directory = malloc(sizeof *directory);
    if (directory != NULL)
    {
        directory->descriptor = descriptor;
        directory->lock       = 0;
        directory->position = directory->end = 0;
        directory->offset                    = 0;
    }
    return directory;
}

DIR *opendir(const char *path)
{
    const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
    {
        return NULL;
    }
    DIR *directory = make_directory(descriptor);
    if (directory == NULL)
    {
        close(descriptor);
    }
    return directory;
}

DIR *fdopendir(int descriptor)
{
    struct stat status;
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fstat(descriptor, &status) < 0)
    {
        return NULL;
    }
    if (!S_ISDIR(status.st_mode))
    {
        errno = ENOTDIR;
        return NULL;
    }
    if ((flags & O_ACCMODE) == O_WRONLY)
    {
        errno = EINVAL;
        return NULL;
    }
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    DIR *directory = make_directory(descriptor);
    if (directory != NULL)
    {
        const off_t offset = lseek(descriptor, 0, SEEK_CUR);
        directory->offset  = offset < 0 ? 0 : offset;
    }
    return directory;
}

int closedir(DIR *directory)
{
    const int descriptor = directory->descriptor;
    free(directory);
    return close(descriptor);
}

int dirfd(DIR *directory)
{
    return directory->descriptor;
}

/// The next entry in `to`; 1, 0 at the end, or minus an error.
static int next_entry(DIR *directory, struct dirent *to)
{
    if (directory->position == directory->end)
    {
        const long count
            = system_call(SYS_getdents64, directory->descriptor, directory->buffer, sizeof directory->buffer);
        if (count <= 0)
        {
            // A directory that was removed while open has no entries.
            return count == -ENOENT ? 0 : (int)count;
        }
        directory->position = 0;
        directory->end      = (size_t)count;
    }
    const struct dirent *entry = (const struct dirent *)(directory->buffer + directory->position);
    memcpy(to, entry, entry->d_reclen < sizeof *to ? entry->d_reclen : sizeof *to);
    directory->position += entry->d_reclen;
    directory->offset = entry->d_off;
    return 1;
}

struct dirent *readdir(DIR *directory)
{
    lock(&directory->lock);
    const int outcome = next_entry(directory, &directory->entry);
    unlock(&directory->lock);
    if (outcome < 0)
    {
        errno = -outcome;
    }
    return outcome > 0 ? &directory->entry : NULL;
}

int readdir_r(DIR *restrict directory, struct dirent *restrict to, struct dirent **restrict found)
{
    lock(&directory->lock);
    const int outcome = next_entry(directory, to);
    unlock(&directory->lock);
    *found = outcome > 0 ? to : NULL;
    return outcome < 0 ? -outcome : 0;
}

void seekdir(DIR *directory, long offset)
{
    lock(&directory->lock);
    lseek(directory->descriptor, offset, SEEK_SET);
    directory->offset   = offset;
    directory->position = directory->end = 0;
    unlock(&directory->lock);
}

long telldir(DIR *directory)
{
    return directory->offset;
}

void rewinddir(DIR *directory)
{
    seekdir(directory, 0);
}

int scandir(const char *path, struct dirent ***entries, int (*select)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **))
{
    DIR *directory = opendir(path);
    if (directory == NULL)
    {
        return -1;
    }
    struct dirent **list = NULL;
    size_t count = 0, room = 0;
    int outcome;
    struct dirent entry;
    while ((outcome = next_entry(directory, &entry)) > 0)
    {
        if (select != NULL && !select(&entry))
        {
            continue;
        }
        if (count == room)
        {
            room                = room == 0 ? 16 : room * 2;
            struct dirent **more = reallocarray(list, room, sizeof *list);
            if (more == NULL)
            {
                outcome = -ENOMEM;
                break;
            }
            list = more;
        }
        const size_t size = offsetof(struct dirent, d_name) + strlen(entry.d_name) + 1;
        list[count]       = malloc(size < entry.d_reclen ? entry.d_reclen : size);
        if (list[count] == NULL)
        {
            outcome = -ENOMEM;
            break;
        }
        memcpy(list[count++], &entry, size);
    }
    closedir(directory);
    if (outcome < 0)
    {
        while (count > 0)
        {
            free(list[--count]);
        }
        free(list);
        errno = -outcome;
        return -1;
    }
    if (compare != NULL && count > 0)
    {
        qsort(list, count, sizeof *list, (int (*)(const void *, const void *))compare);
    }
    *entries = list;
    return (int)count;
}

int alphasort(const struct dirent **a, const struct dirent **b)
{
    return strcoll((*a)->d_name, (*b)->d_name);
}

int versionsort(const struct dirent **a, const struct dirent **b)
{
    return strverscmp((*a)->d_name, (*b)->d_name);
}
