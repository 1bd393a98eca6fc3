// Calls to the operating system. Everything in the library goes through one function, __system_call, which has two
// versions: KOITO's IPC door and Linux's `syscall`. Arguments and results are those of Linux on x86-64.
#pragma once

#include <errno.h>
#include <sys/syscall.h>

/// The result, or minus an error number.
long __system_call(long number, long a, long b, long c, long d, long e, long f);

#define __SYSTEM_CALL(number, a, b, c, d, e, f, ...)                                                                   \
    __system_call((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/// With as many arguments as the call has.
#define system_call(...) __SYSTEM_CALL(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/// What a C function returns for a system call's result: itself, or -1 with errno set.
static inline long result(long value)
{
    if (value < 0 && value >= -4095)
    {
        errno = (int)-value;
        return -1;
    }
    return value;
}

#define hidden __attribute__((visibility("hidden")))
#define alias(name) __attribute__((alias(#name)))
#define length_of(array) (sizeof(array) / sizeof((array)[0]))
