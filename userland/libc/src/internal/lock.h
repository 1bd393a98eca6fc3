// Locks for the library's own data: 0 free, 1 held, 2 held and perhaps waited for.
#pragma once

#include "system.h"
#include "thread.h"

enum
{
    futex_wait                   = 0,
    futex_wake                   = 1,
    futex_wait_bitset            = 9,
    futex_private                = 128,
    futex_clock_realtime         = 256,
};

typedef int lock_t;

void __lock_contended(lock_t *lock);

static inline void lock(lock_t *lock)
{
    int expected = 0;
    if (!__threaded)
    {
        *lock = 1;
    }
    else if (!__atomic_compare_exchange_n(lock, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    {
        __lock_contended(lock);
    }
}

static inline void unlock(lock_t *lock)
{
    if (!__threaded)
    {
        *lock = 0;
    }
    else if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) == 2)
    {
        system_call(SYS_futex, lock, futex_wake | futex_private, 1);
    }
}
