// Messages of programs about errors.
#include <err.h>
#include <errno.h>
#include <error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned int error_message_count;

static void message(const char *format, va_list arguments, const char *reason)
{
    flockfile(stderr);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (format != NULL)
    {
        vfprintf(stderr, format, arguments);
        fputs(reason != NULL ? ": " : "", stderr);
    }
    fprintf(stderr, "%s\n", reason != NULL ? reason : "");
    funlockfile(stderr);
}

void vwarn(const char *format, va_list arguments)
{
    message(format, arguments, strerror(errno));
}

void vwarnx(const char *format, va_list arguments)
{
    message(format, arguments, NULL);
}

void verr(int status, const char *format, va_list arguments)
{
    vwarn(format, arguments);
    exit(status);
}

void verrx(int status, const char *format, va_list arguments)
{
    vwarnx(format, arguments);
    exit(status);
}

void warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vwarn(format, arguments);
    va_end(arguments);
}

void warnx(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vwarnx(format, arguments);
    va_end(arguments);
}

void err(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    verr(status, format, arguments);
}

void errx(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    verrx(status, format, arguments);
}

void error(int status, int number, const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    flockfile(stderr);
    fprintf(stderr, "%s: ", program_invocation_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (number != 0)
    {
        fprintf(stderr, ": %s", strerror(number));
    }
    fputc('\n', stderr);
    funlockfile(stderr);
    error_message_count++;
    if (status != 0)
    {
        exit(status);
    }
}
