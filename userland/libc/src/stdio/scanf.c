// The scanf family, over the engine in scan.c.
#include "../internal/file.h"
#include "../internal/scan.h"

#include <stddef.h>

struct string_source
{
    struct scan_source source;
    const char *at;
};

static int next_of_string(struct scan_source *source)
{
    struct string_source *string = (struct string_source *)source;
    return *string->at == '\0' ? -1 : (unsigned char)*string->at++;
}

static void back_to_string(struct scan_source *source, int byte)
{
    (void)byte;
    ((struct string_source *)source)->at--;
}

struct file_source
{
    struct scan_source source;
    FILE *file;
};

static int next_of_file(struct scan_source *source)
{
    return get_byte(((struct file_source *)source)->file);
}

static void back_to_file(struct scan_source *source, int byte)
{
    __unget_byte(byte, ((struct file_source *)source)->file);
}

int vsscanf(const char *restrict text, const char *restrict format, va_list arguments)
{
    struct string_source string = { { next_of_string, back_to_string }, text };
    return __scan(&string.source, format, arguments, false);
}

int vfscanf(FILE *restrict file, const char *restrict format, va_list arguments)
{
    struct file_source source = { { next_of_file, back_to_file }, file };
    __lock_file(file);
    const int result = __scan(&source.source, format, arguments, false);
    __unlock_file(file);
    return result;
}

int vscanf(const char *restrict format, va_list arguments)
{
    return vfscanf(stdin, format, arguments);
}

int sscanf(const char *restrict text, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = vsscanf(text, format, arguments);
    va_end(arguments);
    return result;
}

int fscanf(FILE *restrict file, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = vfscanf(file, format, arguments);
    va_end(arguments);
    return result;
}

int scanf(const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = vfscanf(stdin, format, arguments);
    va_end(arguments);
    return result;
}
