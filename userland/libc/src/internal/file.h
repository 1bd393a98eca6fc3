// A stream: a buffer over operations, which are those of a file descriptor unless the stream is one in memory.
#pragma once

#include "lock.h"

#include <stdio.h>

enum file_flags
{
    file_readable     = 1,
    file_writable     = 2,
    file_append       = 4,
    file_reading      = 8,  ///< the buffer holds bytes that were read
    file_writing      = 16, ///< the buffer holds bytes to be written
    file_end          = 32,
    file_error        = 64,
    file_line_mode    = 128,
    file_unbuffered   = 256,
    file_own_buffer   = 512,  ///< to be freed
    file_mode_unknown = 1024, ///< line-buffered if it turns out to be a terminal
    file_static       = 2048, ///< not to be freed
};

enum
{
    pushback_size = 8, ///< room for ungetc before the buffer's start
};

struct __file
{
    unsigned char *position; ///< next byte to read, or to write at
    unsigned char *limit;    ///< reading: end of what was read; writing: end of the room
    unsigned char *buffer;
    size_t capacity;
    unsigned flags;
    int descriptor; ///< -1 for none
    int orientation; ///< as fwide's
    int process;    ///< of popen
    void *cookie;
    cookie_io_functions_t operations; ///< null functions: the descriptor's
    lock_t lock;
    int depth; ///< of the lock
    struct thread *owner;
    struct __file *next, *previous;
    unsigned char small_buffer[pushback_size + 1];
};

void __lock_file(FILE *file);
void __unlock_file(FILE *file);

/// Of locked streams; the results are as those of the standard's functions.
int __get_byte(FILE *file);
int __unget_byte(int byte, FILE *file);
size_t __read_bytes(void *to, size_t size, FILE *file);
size_t __write_bytes(const void *from, size_t size, FILE *file);
int __flush_file(FILE *file);

/// A stream with the operations of `cookie`, or of a descriptor; `mode` is fopen's. Null with errno set on failure.
FILE *__make_file(int descriptor, const char *mode, void *cookie, const cookie_io_functions_t *operations);

/// fopen's mode as flags of open(), or -1.
int __open_flags(const char *mode);

static inline int get_byte(FILE *file)
{
    return file->flags & file_reading && file->position < file->limit ? *file->position++ : __get_byte(file);
}
