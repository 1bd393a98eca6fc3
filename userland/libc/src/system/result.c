// errno, and what turns a system call's result into it.
#include "../internal/lock.h"
#include "../internal/thread.h"

#include <stdarg.h>
#include <unistd.h>

int *__errno_location(void)
{
    return &this_thread()->error;
}

hidden long __return_error(long value)
{
    return result(value);
}

void __lock_contended(lock_t *lock)
{
    while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE) != 0)
    {
        system_call(SYS_futex, lock, futex_wait | futex_private, 2, 0);
    }
}

long syscall(long number, ...)
{
    va_list arguments;
    va_start(arguments, number);
    long a[6];
    for (int i = 0; i < 6; i++)
    {
        a[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    return result(__system_call(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}
