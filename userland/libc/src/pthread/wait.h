// Waiting for a word to change, until a moment of a clock.
#pragma once

#include "../internal/lock.h"

#include <time.h>

/// 0, ETIMEDOUT or EINVAL; may end early, so the caller looks again. Objects may be shared between processes.
static inline int wait_for_change(int *word, int value, clockid_t clock, const struct timespec *until)
{
    if (until != NULL && (until->tv_nsec < 0 || until->tv_nsec >= 1000000000))
    {
        return EINVAL;
    }
    if (until != NULL && until->tv_sec < 0)
    {
        return ETIMEDOUT;
    }
    const int operation = futex_wait_bitset | (clock == CLOCK_REALTIME ? futex_clock_realtime : 0);
    const long outcome  = system_call(SYS_futex, word, operation, value, until, 0, ~0U);
    return outcome == -ETIMEDOUT ? ETIMEDOUT : 0;
}

static inline void wake(int *word, int count)
{
    system_call(SYS_futex, word, futex_wake, count);
}
