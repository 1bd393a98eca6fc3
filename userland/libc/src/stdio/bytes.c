// Reading and writing bytes and lines.
#include "../internal/file.h"

#include <stdlib.h>
#include <string.h>

int fgetc(FILE *file)
{
    if (!__threaded)
    {
        return get_byte(file);
    }
    __lock_file(file);
    const int byte = get_byte(file);
    __unlock_file(file);
    return byte;
}

int getc(FILE *file) alias(fgetc);

int getchar(void)
{
    return fgetc(stdin);
}

int fgetc_unlocked(FILE *file)
{
    return get_byte(file);
}

int getc_unlocked(FILE *file) alias(fgetc_unlocked);

int getchar_unlocked(void)
{
    return get_byte(stdin);
}

int ungetc(int byte, FILE *file)
{
    __lock_file(file);
    const int outcome = __unget_byte(byte, file);
    __unlock_file(file);
    return outcome;
}

int fputc_unlocked(int c, FILE *file)
{
    const unsigned char byte = (unsigned char)c;
    if ((file->flags & (file_writing | file_line_mode | file_unbuffered)) == file_writing
        && file->position < file->limit)
    {
        return *file->position++ = byte;
    }
    return __write_bytes(&byte, 1, file) == 1 ? byte : EOF;
}

int putc_unlocked(int c, FILE *file) alias(fputc_unlocked);

int putchar_unlocked(int c)
{
    return fputc_unlocked(c, stdout);
}

int fputc(int c, FILE *file)
{
    __lock_file(file);
    const int outcome = fputc_unlocked(c, file);
    __unlock_file(file);
    return outcome;
}

int putc(int c, FILE *file) alias(fputc);

int putchar(int c)
{
    return fputc(c, stdout);
}

/// Appends up to `limit` bytes, to `stop` inclusive; the number of bytes.
static size_t read_until(char *to, size_t limit, int stop, FILE *file)
{
    size_t done = 0;
    while (done < limit)
    {
        if (!(file->flags & file_reading) || file->position == file->limit)
        {
            const int byte = __get_byte(file);
            if (byte == EOF)
            {
                break;
            }
            to[done++] = (char)byte;
            if (byte == stop)
            {
                break;
            }
            continue;
        }
        size_t count      = (size_t)(file->limit - file->position);
        count             = count < limit - done ? count : limit - done;
        const char *found = memchr(file->position, stop, count);
        if (found != NULL)
        {
            count = (size_t)((const unsigned char *)found - file->position) + 1;
        }
        memcpy(to + done, file->position, count);
        file->position += count;
        done += count;
        if (found != NULL)
        {
            break;
        }
    }
    return done;
}

char *fgets_unlocked(char *restrict line, int size, FILE *restrict file)
{
    if (size <= 0)
    {
        return NULL;
    }
    const unsigned before = file->flags & file_error;
    file->flags &= ~(unsigned)file_error;
    const size_t length = read_until(line, (size_t)size - 1, '\n', file);
    const bool failed   = file->flags & file_error;
    file->flags |= before;
    if ((length == 0 && size > 1) || failed)
    {
        return NULL;
    }
    line[length] = '\0';
    return line;
}

char *fgets(char *restrict line, int size, FILE *restrict file)
{
    __lock_file(file);
    char *outcome = fgets_unlocked(line, size, file);
    __unlock_file(file);
    return outcome;
}

ssize_t getdelim(char **restrict line, size_t *restrict capacity, int stop, FILE *restrict file)
{
    if (line == NULL || capacity == NULL)
    {
        errno = EINVAL;
        return -1;
    }
    if (*line == NULL)
    {
        *capacity = 0;
    }
    __lock_file(file);
    size_t length = 0;
    for (;;)
    {
        if (*capacity < length + 2)
        {
            const size_t more = *capacity < 120 ? 120 : *capacity * 2;
            char *moved       = realloc(*line, more);
            if (moved == NULL)
            {
                __unlock_file(file);
                return -1;
            }
            *line     = moved;
            *capacity = more;
        }
        const size_t room  = *capacity - length - 1;
        const size_t count = read_until(*line + length, room, stop, file);
        length += count;
        if (count < room || (*line)[length - 1] == (char)stop)
        {
            break;
        }
    }
    const bool failed = file->flags & file_error;
    __unlock_file(file);
    (*line)[length] = '\0';
    return length == 0 || failed ? -1 : (ssize_t)length;
}

ssize_t getline(char **restrict line, size_t *restrict capacity, FILE *restrict file)
{
    return getdelim(line, capacity, '\n', file);
}

size_t fread_unlocked(void *restrict to, size_t size, size_t count, FILE *restrict file)
{
    size_t total;
    if (size == 0 || count == 0 || __builtin_mul_overflow(size, count, &total))
    {
        return 0;
    }
    const size_t done = __read_bytes(to, total, file);
    return done == total ? count : done / size;
}

size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict file)
{
    __lock_file(file);
    const size_t done = fread_unlocked(to, size, count, file);
    __unlock_file(file);
    return done;
}

size_t fwrite_unlocked(const void *restrict from, size_t size, size_t count, FILE *restrict file)
{
    size_t total;
    if (size == 0 || count == 0 || __builtin_mul_overflow(size, count, &total))
    {
        return 0;
    }
    const size_t done = __write_bytes(from, total, file);
    return done == total ? count : done / size;
}

size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict file)
{
    __lock_file(file);
    const size_t done = fwrite_unlocked(from, size, count, file);
    __unlock_file(file);
    return done;
}

int fputs_unlocked(const char *restrict text, FILE *restrict file)
{
    const size_t length = strlen(text);
    return __write_bytes(text, length, file) == length ? 1 : EOF;
}

int fputs(const char *restrict text, FILE *restrict file)
{
    __lock_file(file);
    const int outcome = fputs_unlocked(text, file);
    __unlock_file(file);
    return outcome;
}

int puts(const char *text)
{
    __lock_file(stdout);
    const int outcome = fputs_unlocked(text, stdout) < 0 || fputc_unlocked('\n', stdout) < 0 ? EOF : 1;
    __unlock_file(stdout);
    return outcome;
}

int getw(FILE *file)
{
    int word;
    return fread(&word, sizeof word, 1, file) == 1 ? word : EOF;
}

int putw(int word, FILE *file)
{
    return fwrite(&word, sizeof word, 1, file) == 1 ? 0 : EOF;
}

void perror(const char *prefix)
{
    const int error = errno;
    if (prefix != NULL && *prefix != '\0')
    {
        fprintf(stderr, "%s: %s\n", prefix, strerror(error));
    }
    else
    {
        fprintf(stderr, "%s\n", strerror(error));
    }
}
