// Streams and their buffers.
#include "../internal/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

static unsigned char input_buffer[pushback_size + BUFSIZ], output_buffer[pushback_size + BUFSIZ];

static struct __file standard_error, standard_output;
static struct __file standard_input = {
    .flags      = file_readable | file_mode_unknown | file_static,
    .descriptor = 0,
    .buffer     = input_buffer + pushback_size,
    .capacity   = BUFSIZ,
    .next       = &standard_output,
};
static struct __file standard_output = {
    .flags      = file_writable | file_mode_unknown | file_static,
    .descriptor = 1,
    .buffer     = output_buffer + pushback_size,
    .capacity   = BUFSIZ,
    .next       = &standard_error,
    .previous   = &standard_input,
};
static struct __file standard_error = {
    .flags      = file_writable | file_unbuffered | file_static,
    .descriptor = 2,
    .buffer     = standard_error.small_buffer + pushback_size,
    .capacity   = 1,
    .previous   = &standard_output,
};

#undef stdin
#undef stdout
#undef stderr
FILE *const stdin  = &standard_input;
FILE *const stdout = &standard_output;
FILE *const stderr = &standard_error;

static FILE *files = &standard_input;
hidden lock_t __files_lock;

void __lock_file(FILE *file)
{
    struct thread *self = this_thread();
    if (__atomic_load_n(&file->owner, __ATOMIC_RELAXED) != self)
    {
        lock(&file->lock);
        __atomic_store_n(&file->owner, self, __ATOMIC_RELAXED);
    }
    file->depth++;
}

void __unlock_file(FILE *file)
{
    if (--file->depth == 0)
    {
        __atomic_store_n(&file->owner, NULL, __ATOMIC_RELAXED);
        unlock(&file->lock);
    }
}

void flockfile(FILE *file)
{
    __lock_file(file);
}

int ftrylockfile(FILE *file)
{
    struct thread *self = this_thread();
    if (__atomic_load_n(&file->owner, __ATOMIC_RELAXED) != self)
    {
        int expected = 0;
        if (!__atomic_compare_exchange_n(&file->lock, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return -1;
        }
        __atomic_store_n(&file->owner, self, __ATOMIC_RELAXED);
    }
    file->depth++;
    return 0;
}

void funlockfile(FILE *file)
{
    __unlock_file(file);
}

// Operations: the cookie's, or the descriptor's.

static ssize_t read_into(FILE *file, void *to, size_t size)
{
    if (file->cookie == NULL)
    {
        return result(system_call(SYS_read, file->descriptor, to, size));
    }
    return file->operations.read != NULL ? file->operations.read(file->cookie, to, size) : 0;
}

static off_t seek_to(FILE *file, off_t offset, int whence)
{
    if (file->cookie == NULL)
    {
        return result(system_call(SYS_lseek, file->descriptor, offset, whence));
    }
    if (file->operations.seek == NULL)
    {
        errno = ESPIPE;
        return -1;
    }
    return file->operations.seek(file->cookie, &offset, whence) < 0 ? -1 : offset;
}

static bool write_all(FILE *file, const unsigned char *from, size_t size)
{
    while (size > 0)
    {
        ssize_t count;
        if (file->cookie == NULL)
        {
            count = result(system_call(SYS_write, file->descriptor, from, size));
        }
        else
        {
            count = file->operations.write != NULL ? file->operations.write(file->cookie, (const char *)from, size)
                                                   : (ssize_t)size;
        }
        if (count <= 0)
        {
            file->flags |= file_error;
            return false;
        }
        from += count;
        size -= (size_t)count;
    }
    return true;
}

// Buffers.

static void settle_mode(FILE *file)
{
    if (file->flags & file_mode_unknown)
    {
        struct termios state;
        file->flags &= ~(unsigned)file_mode_unknown;
        if (system_call(SYS_ioctl, file->descriptor, TCGETS, &state) == 0)
        {
            file->flags |= file_line_mode;
        }
    }
}

static bool flush_output(FILE *file)
{
    const size_t size = (size_t)(file->position - file->buffer);
    file->position    = file->buffer;
    return write_all(file, file->buffer, size);
}

/// Makes the stream one that reads, with an empty buffer if it was not.
static bool begin_reading(FILE *file)
{
    if (file->flags & file_reading)
    {
        return true;
    }
    if (!(file->flags & file_readable))
    {
        file->flags |= file_error;
        errno = EBADF;
        return false;
    }
    if (file->flags & file_writing && !flush_output(file))
    {
        return false;
    }
    settle_mode(file);
    file->flags    = (file->flags & ~(unsigned)file_writing) | file_reading;
    file->position = file->limit = file->buffer;
    return true;
}

/// Drops what was read ahead, so that the descriptor is where the program thinks it is.
static void forget_input(FILE *file)
{
    if (file->flags & file_reading && file->position != file->limit)
    {
        const int before = errno;
        if (seek_to(file, file->position - file->limit, SEEK_CUR) < 0)
        {
            errno = before; // a pipe or a terminal: the bytes stay
            return;
        }
    }
    if (file->flags & file_reading)
    {
        file->position = file->limit = file->buffer;
    }
}

static bool begin_writing(FILE *file)
{
    if (file->flags & file_writing)
    {
        return true;
    }
    if (!(file->flags & file_writable))
    {
        file->flags |= file_error;
        errno = EBADF;
        return false;
    }
    forget_input(file);
    settle_mode(file);
    file->flags    = (file->flags & ~(unsigned)(file_reading | file_end)) | file_writing;
    file->position = file->buffer;
    file->limit    = file->buffer + file->capacity;
    return true;
}

static bool fill(FILE *file)
{
    if (!begin_reading(file) || file->flags & file_end)
    {
        return false;
    }
    if (file->flags & (file_line_mode | file_unbuffered) && file->cookie == NULL && file != &standard_output
        && standard_output.flags & file_line_mode)
    {
        fflush(&standard_output); // a prompt, perhaps
    }
    const ssize_t count = read_into(file, file->buffer, file->capacity);
    file->position = file->limit = file->buffer;
    if (count <= 0)
    {
        file->flags |= count == 0 ? file_end : file_error;
        return false;
    }
    file->limit += count;
    return true;
}

int __get_byte(FILE *file)
{
    if (!(file->flags & file_reading) || file->position == file->limit)
    {
        if (!fill(file))
        {
            return EOF;
        }
    }
    return *file->position++;
}

int __unget_byte(int byte, FILE *file)
{
    if (byte == EOF || !begin_reading(file) || file->position == file->buffer - pushback_size)
    {
        return EOF;
    }
    file->flags &= ~(unsigned)file_end;
    return *--file->position = (unsigned char)byte;
}

size_t __read_bytes(void *to, size_t size, FILE *file)
{
    unsigned char *t = to;
    size_t done      = 0;
    if (!begin_reading(file))
    {
        return 0;
    }
    while (done < size)
    {
        const size_t ready = (size_t)(file->limit - file->position);
        if (ready > 0)
        {
            const size_t count = ready < size - done ? ready : size - done;
            memcpy(t + done, file->position, count);
            file->position += count;
            done += count;
        }
        else if (size - done >= file->capacity && !(file->flags & file_end))
        {
            const ssize_t count = read_into(file, t + done, size - done);
            if (count <= 0)
            {
                file->flags |= count == 0 ? file_end : file_error;
                break;
            }
            done += (size_t)count;
        }
        else if (!fill(file))
        {
            break;
        }
    }
    return done;
}

size_t __write_bytes(const void *from, size_t size, FILE *file)
{
    const unsigned char *f = from;
    if (!begin_writing(file))
    {
        return 0;
    }
    if (file->flags & file_unbuffered)
    {
        return write_all(file, f, size) ? size : 0;
    }
    // A line-buffered stream writes up to the last newline at once.
    size_t at_once = 0;
    if (file->flags & file_line_mode)
    {
        const unsigned char *newline = memrchr(f, '\n', size);
        at_once                      = newline == NULL ? 0 : (size_t)(newline - f) + 1;
    }
    size_t done = 0;
    while (done < size)
    {
        const size_t room = (size_t)(file->limit - file->position);
        const size_t left = size - done;
        if (left < room || (left == room && room > 0))
        {
            memcpy(file->position, f + done, left);
            file->position += left;
            done = size;
        }
        else if (file->position == file->buffer)
        {
            const size_t whole = left - left % file->capacity;
            if (!write_all(file, f + done, whole))
            {
                return done;
            }
            done += whole;
        }
        else
        {
            memcpy(file->position, f + done, room);
            file->position += room;
            done += room;
            if (!flush_output(file))
            {
                return done - room;
            }
        }
    }
    if (at_once > 0)
    {
        // What follows the last newline stays.
        size_t stays = size - at_once;
        const size_t pending = (size_t)(file->position - file->buffer);
        if (stays > pending)
        {
            stays = pending;
        }
        if (!write_all(file, file->buffer, pending - stays))
        {
            file->position = file->buffer;
            return 0;
        }
        memmove(file->buffer, file->position - stays, stays);
        file->position = file->buffer + stays;
    }
    return size;
}

int __flush_file(FILE *file)
{
    if (file->flags & file_writing)
    {
        return flush_output(file) ? 0 : EOF;
    }
    forget_input(file);
    return 0;
}

int fflush(FILE *file)
{
    if (file != NULL)
    {
        __lock_file(file);
        const int outcome = __flush_file(file);
        __unlock_file(file);
        return outcome;
    }
    int outcome = 0;
    lock(&__files_lock);
    for (FILE *f = files; f != NULL; f = f->next)
    {
        __lock_file(f);
        if (f->flags & file_writing && !flush_output(f))
        {
            outcome = EOF;
        }
        __unlock_file(f);
    }
    unlock(&__files_lock);
    return outcome;
}

int fflush_unlocked(FILE *file)
{
    return fflush(file);
}

void _flushlbf(void)
{
    fflush(NULL);
}

hidden void __flush_at_exit(void)
{
    fflush(NULL);
    forget_input(&standard_input);
}

// Opening and closing.

int __open_flags(const char *mode)
{
    int flags = *mode == 'r' ? O_RDONLY : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | O_APPEND;
    if (*mode != 'r' && *mode != 'w' && *mode != 'a')
    {
        errno = EINVAL;
        return -1;
    }
    for (mode++; *mode != '\0' && *mode != ','; mode++)
    {
        flags = *mode == '+'   ? (flags & ~O_ACCMODE) | O_RDWR
                : *mode == 'x' ? flags | O_EXCL
                : *mode == 'e' ? flags | O_CLOEXEC
                               : flags;
    }
    return flags;
}

FILE *__make_file(int descriptor, const char *mode, void *cookie, const cookie_io_functions_t *operations)
{
    const int flags = __open_flags(mode);
    if (flags < 0)
    {
        return NULL;
    }
    FILE *file             = calloc(1, sizeof *file);
    unsigned char *buffer  = malloc(pushback_size + BUFSIZ);
    if (file == NULL || buffer == NULL)
    {
        free(file);
        free(buffer);
        return NULL;
    }
    const int access = flags & O_ACCMODE;
    file->flags      = file_own_buffer | (access != O_WRONLY ? file_readable : 0) | (access != O_RDONLY ? file_writable : 0)
                  | (flags & O_APPEND ? file_append : 0) | (operations == NULL ? file_mode_unknown : 0);
    file->descriptor = descriptor;
    file->buffer     = buffer + pushback_size;
    file->capacity   = BUFSIZ;
    file->position = file->limit = file->buffer;
    if (operations != NULL)
    {
        file->cookie     = cookie != NULL ? cookie : file;
        file->operations = *operations;
    }
    lock(&__files_lock);
    file->next          = files->next;
    file->previous      = files;
    files->next         = file;
    if (file->next != NULL)
    {
        file->next->previous = file;
    }
    unlock(&__files_lock);
    return file;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    const int flags = __open_flags(mode);
    if (flags < 0)
    {
        return NULL;
    }
    const int descriptor = (int)result(system_call(SYS_openat, AT_FDCWD, path, flags, 0666));
    if (descriptor < 0)
    {
        return NULL;
    }
    FILE *file = __make_file(descriptor, mode, NULL, NULL);
    if (file == NULL)
    {
        system_call(SYS_close, descriptor);
    }
    return file;
}

FILE *fdopen(int descriptor, const char *mode)
{
    const int flags = __open_flags(mode);
    if (flags < 0)
    {
        return NULL;
    }
    const int present = fcntl(descriptor, F_GETFL);
    if (present < 0)
    {
        return NULL;
    }
    const int access = present & O_ACCMODE, wanted = flags & O_ACCMODE;
    if (access != O_RDWR && access != wanted)
    {
        errno = EINVAL;
        return NULL;
    }
    if (flags & O_APPEND && !(present & O_APPEND))
    {
        fcntl(descriptor, F_SETFL, present | O_APPEND);
    }
    if (flags & O_CLOEXEC)
    {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
    return __make_file(descriptor, mode, NULL, NULL);
}

FILE *fopencookie(void *restrict cookie, const char *restrict mode, cookie_io_functions_t operations)
{
    return __make_file(-1, mode, cookie, &operations);
}

/// Flushes and closes what lies below; the stream itself stays.
static int close_below(FILE *file)
{
    int outcome = __flush_file(file);
    if (file->cookie != NULL)
    {
        if (file->operations.close != NULL && file->operations.close(file->cookie) != 0)
        {
            outcome = EOF;
        }
    }
    else if (file->descriptor >= 0 && result(system_call(SYS_close, file->descriptor)) < 0)
    {
        outcome = EOF;
    }
    return outcome;
}

int fclose(FILE *file)
{
    lock(&__files_lock);
    if (file->previous != NULL)
    {
        file->previous->next = file->next;
    }
    if (file->next != NULL)
    {
        file->next->previous = file->previous;
    }
    if (files == file)
    {
        files = file->next;
    }
    unlock(&__files_lock);

    __lock_file(file);
    const int outcome = close_below(file);
    __unlock_file(file);
    if (file->flags & file_own_buffer)
    {
        free(file->buffer - pushback_size);
    }
    if (file->flags & file_static)
    {
        file->flags &= ~(unsigned)(file_readable | file_writable | file_reading | file_writing);
        file->descriptor = -1;
    }
    else
    {
        free(file);
    }
    return outcome;
}

FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict file)
{
    const int flags = __open_flags(mode);
    if (flags < 0)
    {
        return NULL;
    }
    __lock_file(file);
    __flush_file(file);
    int descriptor = file->descriptor;
    if (path == NULL)
    {
        // Only the mode changes; the descriptor must permit it.
        if (descriptor < 0 || fcntl(descriptor, F_SETFL, flags & ~(O_CREAT | O_EXCL | O_CLOEXEC)) < 0)
        {
            __unlock_file(file);
            return NULL;
        }
    }
    else
    {
        const int opened = (int)result(system_call(SYS_openat, AT_FDCWD, path, flags, 0666));
        if (opened < 0)
        {
            __unlock_file(file);
            fclose(file);
            return NULL;
        }
        if (file->cookie != NULL)
        {
            close_below(file);
            file->cookie = NULL;
            descriptor   = -1;
        }
        if (descriptor >= 0 && opened != descriptor)
        {
            dup3(opened, descriptor, flags & O_CLOEXEC);
            system_call(SYS_close, opened);
        }
        else
        {
            descriptor = opened;
        }
    }
    const int access = flags & O_ACCMODE;
    file->descriptor = descriptor;
    file->flags = (file->flags & (file_own_buffer | file_static | file_unbuffered | file_line_mode | file_mode_unknown))
                  | (access != O_WRONLY ? file_readable : 0) | (access != O_RDONLY ? file_writable : 0)
                  | (flags & O_APPEND ? file_append : 0);
    file->position = file->limit = file->buffer;
    file->orientation            = 0;
    __unlock_file(file);
    return file;
}

int setvbuf(FILE *restrict file, char *restrict buffer, int mode, size_t size)
{
    if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF)
    {
        errno = EINVAL;
        return -1;
    }
    __lock_file(file);
    __flush_file(file);
    file->flags &= ~(unsigned)(file_line_mode | file_unbuffered | file_mode_unknown);
    file->flags |= mode == _IOLBF ? file_line_mode : mode == _IONBF ? file_unbuffered : 0;
    unsigned char *chosen = NULL;
    size_t capacity       = 0;
    bool own              = false;
    if (mode == _IONBF)
    {
        chosen   = file->small_buffer + pushback_size;
        capacity = 1;
    }
    else if (buffer != NULL && size > pushback_size)
    {
        chosen   = (unsigned char *)buffer + pushback_size;
        capacity = size - pushback_size;
    }
    else if (size > file->capacity || file->capacity == 1)
    {
        capacity = size < BUFSIZ ? BUFSIZ : size;
        chosen   = malloc(pushback_size + capacity);
        own      = chosen != NULL;
        if (own)
        {
            chosen += pushback_size;
        }
    }
    if (chosen != NULL && file->position == (file->flags & file_reading ? file->limit : file->buffer))
    {
        if (file->flags & file_own_buffer)
        {
            free(file->buffer - pushback_size);
        }
        file->flags    = (file->flags & ~(unsigned)file_own_buffer) | (own ? file_own_buffer : 0);
        file->buffer   = chosen;
        file->capacity = capacity;
        file->position = chosen;
        file->limit    = file->flags & file_writing ? chosen + capacity : chosen;
    }
    else if (own)
    {
        free(chosen - pushback_size);
    }
    __unlock_file(file);
    return 0;
}

void setbuf(FILE *restrict file, char *restrict buffer)
{
    setvbuf(file, buffer, buffer != NULL ? _IOFBF : _IONBF, BUFSIZ);
}

void setbuffer(FILE *file, char *buffer, size_t size)
{
    setvbuf(file, buffer, buffer != NULL ? _IOFBF : _IONBF, size);
}

void setlinebuf(FILE *file)
{
    setvbuf(file, NULL, _IOLBF, 0);
}

// Positions.

int fseeko(FILE *file, off_t offset, int whence)
{
    __lock_file(file);
    int outcome = -1;
    if (!(file->flags & file_writing) || flush_output(file))
    {
        if (whence == SEEK_CUR && file->flags & file_reading)
        {
            offset -= file->limit - file->position;
        }
        if (seek_to(file, offset, whence) >= 0)
        {
            file->flags &= ~(unsigned)(file_reading | file_writing | file_end);
            file->position = file->limit = file->buffer;
            outcome                      = 0;
        }
    }
    __unlock_file(file);
    return outcome;
}

int fseek(FILE *file, long offset, int whence)
{
    return fseeko(file, offset, whence);
}

off_t ftello(FILE *file)
{
    __lock_file(file);
    const bool pending = file->flags & file_writing && file->position > file->buffer;
    off_t offset       = seek_to(file, 0, pending && file->flags & file_append ? SEEK_END : SEEK_CUR);
    if (offset >= 0)
    {
        if (file->flags & file_reading)
        {
            offset -= file->limit - file->position;
        }
        else if (file->flags & file_writing)
        {
            offset += file->position - file->buffer;
        }
    }
    __unlock_file(file);
    return offset;
}

long ftell(FILE *file)
{
    return ftello(file);
}

void rewind(FILE *file)
{
    fseeko(file, 0, SEEK_SET);
    file->flags &= ~(unsigned)file_error;
}

int fgetpos(FILE *restrict file, fpos_t *restrict position)
{
    const off_t offset = ftello(file);
    if (offset < 0)
    {
        return -1;
    }
    position->__position = offset;
    return 0;
}

int fsetpos(FILE *file, const fpos_t *position)
{
    return fseeko(file, position->__position, SEEK_SET);
}

// State.

int feof(FILE *file)
{
    return (file->flags & file_end) != 0;
}

int ferror(FILE *file)
{
    return (file->flags & file_error) != 0;
}

void clearerr(FILE *file)
{
    file->flags &= ~(unsigned)(file_end | file_error);
}

int fileno(FILE *file)
{
    if (file->descriptor < 0)
    {
        errno = EBADF;
    }
    return file->descriptor;
}

int feof_unlocked(FILE *file) alias(feof);
int ferror_unlocked(FILE *file) alias(ferror);
void clearerr_unlocked(FILE *file) alias(clearerr);
int fileno_unlocked(FILE *file) alias(fileno);

size_t __fbufsize(FILE *file)
{
    return file->capacity;
}

size_t __fpending(FILE *file)
{
    return file->flags & file_writing ? (size_t)(file->position - file->buffer) : 0;
}

int __flbf(FILE *file)
{
    return (file->flags & file_line_mode) != 0;
}

int __freadable(FILE *file)
{
    return (file->flags & file_readable) != 0;
}

int __fwritable(FILE *file)
{
    return (file->flags & file_writable) != 0;
}

int __freading(FILE *file)
{
    return (file->flags & file_reading) != 0;
}

int __fwriting(FILE *file)
{
    return (file->flags & file_writing) != 0;
}

void __fpurge(FILE *file)
{
    file->position = file->buffer;
    if (file->flags & file_reading)
    {
        file->limit = file->buffer;
    }
}
