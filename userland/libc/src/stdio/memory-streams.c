// Streams in memory: fmemopen on bytes of the caller's, open_memstream on bytes that grow.
#include "../internal/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/// Where a seek leads, or -1 with errno set.
static off_t seek_target(off_t offset, int whence, size_t position, size_t end)
{
    const off_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (off_t)position : whence == SEEK_END ? (off_t)end : -1;
    off_t target;
    if (base < 0 || __builtin_add_overflow(base, offset, &target) || target < 0)
    {
        errno = EINVAL;
        return -1;
    }
    return target;
}

struct fixed
{
    char *bytes;
    size_t size;     ///< room
    size_t end;      ///< of what is there
    size_t position;
    bool appends;
    bool text;       ///< not opened with b: a zero byte follows what was written
    bool own;        ///< the bytes are ours
};

static ssize_t fixed_read(void *cookie, char *to, size_t size)
{
    struct fixed *fixed = cookie;
    const size_t left   = fixed->position < fixed->end ? fixed->end - fixed->position : 0;
    const size_t count  = size < left ? size : left;
    memcpy(to, fixed->bytes + fixed->position, count);
    fixed->position += count;
    return (ssize_t)count;
}

static ssize_t fixed_write(void *cookie, const char *from, size_t size)
{
    struct fixed *fixed = cookie;
    if (fixed->appends)
    {
        fixed->position = fixed->end;
    }
    const size_t room  = fixed->position < fixed->size ? fixed->size - fixed->position : 0;
    const size_t count = size < room ? size : room;
    if (count == 0)
    {
        errno = ENOSPC;
        return -1;
    }
    memcpy(fixed->bytes + fixed->position, from, count);
    fixed->position += count;
    if (fixed->position > fixed->end)
    {
        fixed->end = fixed->position;
        if (fixed->end < fixed->size)
        {
            fixed->bytes[fixed->end] = '\0';
        }
        else if (fixed->text && fixed->size > 0)
        {
            fixed->bytes[fixed->size - 1] = '\0';
        }
    }
    return (ssize_t)count;
}

static int fixed_seek(void *cookie, off_t *offset, int whence)
{
    struct fixed *fixed = cookie;
    const off_t target  = seek_target(*offset, whence, fixed->position, fixed->end);
    if (target < 0 || (size_t)target > fixed->size)
    {
        errno = EINVAL;
        return -1;
    }
    fixed->position = (size_t)target;
    *offset         = target;
    return 0;
}

static int fixed_close(void *cookie)
{
    struct fixed *fixed = cookie;
    if (fixed->own)
    {
        free(fixed->bytes);
    }
    free(fixed);
    return 0;
}

FILE *fmemopen(void *restrict bytes, size_t size, const char *restrict mode)
{
    static const cookie_io_functions_t operations = { fixed_read, fixed_write, fixed_seek, fixed_close };
    const int flags                               = __open_flags(mode);
    if (flags < 0)
    {
        return NULL;
    }
    struct fixed *fixed = malloc(sizeof *fixed);
    if (fixed == NULL)
    {
        return NULL;
    }
    *fixed = (struct fixed) { .bytes = bytes, .size = size, .appends = flags & O_APPEND, .own = bytes == NULL };
    fixed->text = strchr(mode, 'b') == NULL;
    if (bytes == NULL)
    {
        fixed->bytes = calloc(1, size + (size == 0));
        if (fixed->bytes == NULL)
        {
            free(fixed);
            return NULL;
        }
    }
    if (*mode == 'r')
    {
        fixed->end = size;
    }
    else if (*mode == 'a')
    {
        fixed->end = fixed->position = strnlen(fixed->bytes, size);
    }
    else if (size > 0)
    {
        fixed->bytes[0] = '\0';
    }
    FILE *file = __make_file(-1, mode, fixed, &operations);
    if (file == NULL)
    {
        fixed_close(fixed);
    }
    return file;
}

struct growing
{
    char **bytes; ///< the caller's variables, true after a flush
    size_t *size;
    char *own;
    size_t room, end, position;
};

static void publish(struct growing *growing)
{
    *growing->bytes = growing->own;
    *growing->size  = growing->position < growing->end ? growing->position : growing->end;
}

static ssize_t growing_write(void *cookie, const char *from, size_t size)
{
    struct growing *growing = cookie;
    size_t needed;
    if (__builtin_add_overflow(growing->position, size, &needed) || needed >= SIZE_MAX / 2)
    {
        errno = EFBIG;
        return -1;
    }
    if (needed + 1 > growing->room)
    {
        const size_t room = needed + needed / 2 + 64;
        char *larger      = realloc(growing->own, room);
        if (larger == NULL)
        {
            return -1;
        }
        memset(larger + growing->room, 0, room - growing->room);
        growing->own  = larger;
        growing->room = room;
    }
    memcpy(growing->own + growing->position, from, size);
    growing->position = needed;
    if (needed > growing->end)
    {
        growing->end              = needed;
        growing->own[growing->end] = '\0';
    }
    publish(growing);
    return (ssize_t)size;
}

static int growing_seek(void *cookie, off_t *offset, int whence)
{
    struct growing *growing = cookie;
    const off_t target      = seek_target(*offset, whence, growing->position, growing->end);
    if (target < 0)
    {
        return -1;
    }
    growing->position = (size_t)target;
    *offset           = target;
    publish(growing);
    return 0;
}

static int growing_close(void *cookie)
{
    publish(cookie);
    free(cookie);
    return 0;
}

FILE *open_memstream(char **bytes, size_t *size)
{
    static const cookie_io_functions_t operations = { NULL, growing_write, growing_seek, growing_close };
    struct growing *growing                       = malloc(sizeof *growing);
    char *own                                     = calloc(1, 64);
    FILE *file                                    = NULL;
    if (growing != NULL && own != NULL)
    {
        *growing = (struct growing) { bytes, size, own, 64, 0, 0 };
        file     = __make_file(-1, "w", growing, &operations);
    }
    if (file == NULL)
    {
        free(growing);
        free(own);
        return NULL;
    }
    publish(growing);
    return file;
}
