// The printf family: where formatted text goes.
#include "../internal/file.h"
#include "../internal/format.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct file_sink
{
    struct sink sink;
    FILE *file;
};

static bool put_file(struct sink *sink, const char *text, size_t size)
{
    return __write_bytes(text, size, ((struct file_sink *)sink)->file) == size;
}

int __print(FILE *file, const char *format, va_list arguments, bool wide)
{
    struct file_sink sink = { { put_file, 0 }, file };
    __lock_file(file);
    int count;
    if (file->flags & file_unbuffered && file->capacity == 1 && file->cookie == NULL)
    {
        // One write for all of it, not one for each piece.
        unsigned char buffer[512], *const own = file->buffer;
        file->flags &= ~(unsigned)(file_unbuffered | file_writing);
        file->buffer = file->position = buffer;
        file->capacity                = sizeof buffer;
        count                         = __format(&sink.sink, format, arguments, wide);
        if (__flush_file(file) != 0)
        {
            count = -1;
        }
        file->flags = (file->flags & ~(unsigned)file_writing) | file_unbuffered;
        file->buffer = file->position = file->limit = own;
        file->capacity                              = 1;
    }
    else
    {
        count = __format(&sink.sink, format, arguments, wide);
    }
    __unlock_file(file);
    return count;
}

int vfprintf(FILE *restrict file, const char *restrict format, va_list arguments)
{
    return __print(file, format, arguments, false);
}

int vprintf(const char *restrict format, va_list arguments)
{
    return vfprintf(stdout, format, arguments);
}

struct memory_sink
{
    struct sink sink;
    char *at, *end; ///< the last byte is for the terminating zero
};

static bool put_memory(struct sink *sink, const char *text, size_t size)
{
    struct memory_sink *memory = (struct memory_sink *)sink;
    const size_t room          = (size_t)(memory->end - memory->at);
    memory->at                 = mempcpy(memory->at, text, size < room ? size : room);
    return true;
}

int vsnprintf(char *restrict text, size_t size, const char *restrict format, va_list arguments)
{
    char none;
    if (size == 0)
    {
        text = &none;
        size = 1;
    }
    struct memory_sink sink = { { put_memory, 0 }, text, text + size - 1 };
    if ((uintptr_t)text > UINTPTR_MAX - size)
    {
        sink.end = (char *)UINTPTR_MAX; // as vsprintf does it
    }
    const int count = __format(&sink.sink, format, arguments, false);
    *sink.at        = '\0';
    return count;
}

int vsprintf(char *restrict text, const char *restrict format, va_list arguments)
{
    return vsnprintf(text, SIZE_MAX, format, arguments);
}

struct growing_sink
{
    struct sink sink;
    char *text;
    size_t size, capacity;
};

static bool put_growing(struct sink *sink, const char *text, size_t size)
{
    struct growing_sink *growing = (struct growing_sink *)sink;
    if (growing->capacity - growing->size <= size)
    {
        const size_t capacity = growing->capacity * 2 + size + 64;
        char *moved           = realloc(growing->text, capacity);
        if (moved == NULL)
        {
            return false;
        }
        growing->text     = moved;
        growing->capacity = capacity;
    }
    memcpy(growing->text + growing->size, text, size);
    growing->size += size;
    return true;
}

int vasprintf(char **text, const char *format, va_list arguments)
{
    struct growing_sink sink = { .sink = { put_growing, 0 } };
    const int count          = __format(&sink.sink, format, arguments, false);
    if (count < 0 || !put_growing(&sink.sink, "", 1))
    {
        free(sink.text);
        *text = NULL;
        return -1;
    }
    *text = sink.text;
    return count;
}

struct descriptor_sink
{
    struct sink sink;
    int descriptor;
    size_t size;
    char buffer[512];
};

static bool flush_descriptor(struct descriptor_sink *sink)
{
    for (size_t done = 0; done < sink->size;)
    {
        const long count = result(system_call(SYS_write, sink->descriptor, sink->buffer + done, sink->size - done));
        if (count < 0)
        {
            return false;
        }
        done += (size_t)count;
    }
    sink->size = 0;
    return true;
}

static bool put_descriptor(struct sink *sink, const char *text, size_t size)
{
    struct descriptor_sink *descriptor = (struct descriptor_sink *)sink;
    while (size > 0)
    {
        const size_t room  = sizeof descriptor->buffer - descriptor->size;
        const size_t count = size < room ? size : room;
        memcpy(descriptor->buffer + descriptor->size, text, count);
        descriptor->size += count;
        text += count;
        size -= count;
        if (descriptor->size == sizeof descriptor->buffer && !flush_descriptor(descriptor))
        {
            return false;
        }
    }
    return true;
}

int vdprintf(int descriptor, const char *restrict format, va_list arguments)
{
    struct descriptor_sink sink = { .sink = { put_descriptor, 0 }, .descriptor = descriptor };
    const int count             = __format(&sink.sink, format, arguments, false);
    return flush_descriptor(&sink) ? count : -1;
}

int printf(const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int count = vprintf(format, arguments);
    va_end(arguments);
    return count;
}

int fprintf(FILE *restrict file, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int count = vfprintf(file, format, arguments);
    va_end(arguments);
    return count;
}

int dprintf(int descriptor, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int count = vdprintf(descriptor, format, arguments);
    va_end(arguments);
    return count;
}

int sprintf(char *restrict text, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int count = vsprintf(text, format, arguments);
    va_end(arguments);
    return count;
}

int snprintf(char *restrict text, size_t size, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int count = vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return count;
}

int asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int count = vasprintf(text, format, arguments);
    va_end(arguments);
    return count;
}
