// Mutexes, condition variables, semaphores, barriers, read-write locks and spin locks.
#include "wait.h"

#include <pthread.h>
#include <semaphore.h>

// Mutexes: 0 free, 1 held, 2 held and perhaps waited for.

int pthread_mutex_init(pthread_mutex_t *restrict mutex, const pthread_mutexattr_t *restrict attributes)
{
    *mutex = (pthread_mutex_t) { .__kind = attributes != NULL ? attributes->__kind : PTHREAD_MUTEX_NORMAL };
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return mutex->__state != 0 ? EBUSY : 0;
}

static int owned(pthread_mutex_t *mutex)
{
    return mutex->__kind != PTHREAD_MUTEX_NORMAL
           && __atomic_load_n(&mutex->__owner, __ATOMIC_RELAXED) == this_thread()->id;
}

static int take(pthread_mutex_t *mutex)
{
    if (mutex->__kind != PTHREAD_MUTEX_NORMAL)
    {
        __atomic_store_n(&mutex->__owner, this_thread()->id, __ATOMIC_RELAXED);
    }
    return 0;
}

/// What the kind says when the holder locks again; -1 if the caller is not the holder.
static int lock_again(pthread_mutex_t *mutex, int deadlock)
{
    if (!owned(mutex))
    {
        return -1;
    }
    if (mutex->__kind == PTHREAD_MUTEX_ERRORCHECK)
    {
        return deadlock;
    }
    mutex->__depth++;
    return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    const int again = lock_again(mutex, EBUSY);
    if (again >= 0)
    {
        return again;
    }
    int expected = 0;
    return __atomic_compare_exchange_n(&mutex->__state, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
               ? take(mutex)
               : EBUSY;
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
    const int again = lock_again(mutex, EDEADLK);
    if (again >= 0)
    {
        return again;
    }
    int expected = 0;
    if (__atomic_compare_exchange_n(&mutex->__state, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    {
        return take(mutex);
    }
    while (__atomic_exchange_n(&mutex->__state, 2, __ATOMIC_ACQUIRE) != 0)
    {
        const int error = wait_for_change(&mutex->__state, 2, CLOCK_REALTIME, until);
        if (error != 0)
        {
            return error;
        }
    }
    return take(mutex);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return pthread_mutex_timedlock(mutex, NULL);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (mutex->__kind != PTHREAD_MUTEX_NORMAL)
    {
        if (!owned(mutex))
        {
            return EPERM;
        }
        if (mutex->__depth > 0)
        {
            mutex->__depth--;
            return 0;
        }
        __atomic_store_n(&mutex->__owner, 0, __ATOMIC_RELAXED);
    }
    if (__atomic_exchange_n(&mutex->__state, 0, __ATOMIC_RELEASE) == 2)
    {
        wake(&mutex->__state, 1);
    }
    return 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
    *attributes = (pthread_mutexattr_t) { 0 };
    return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *restrict attributes, int *restrict kind)
{
    *kind = attributes->__kind;
    return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int kind)
{
    if (kind < PTHREAD_MUTEX_NORMAL || kind > PTHREAD_MUTEX_ERRORCHECK)
    {
        return EINVAL;
    }
    attributes->__kind = kind;
    return 0;
}

// Condition variables: a waiter waits for the sequence number to change.

int pthread_cond_init(pthread_cond_t *restrict condition, const pthread_condattr_t *restrict attributes)
{
    *condition = (pthread_cond_t) { .__clock = attributes != NULL ? attributes->__clock : CLOCK_REALTIME };
    return 0;
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
    const int sequence = __atomic_load_n(&condition->__sequence, __ATOMIC_ACQUIRE);
    const int depth    = mutex->__depth; // a recursive mutex is given up as a whole
    __atomic_add_fetch(&condition->__waiters, 1, __ATOMIC_SEQ_CST);
    mutex->__depth = 0;
    int error      = pthread_mutex_unlock(mutex);
    if (error != 0)
    {
        mutex->__depth = depth;
        __atomic_sub_fetch(&condition->__waiters, 1, __ATOMIC_SEQ_CST);
        return error;
    }
    error = wait_for_change(&condition->__sequence, sequence, condition->__clock, until);
    __atomic_sub_fetch(&condition->__waiters, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(mutex);
    mutex->__depth = depth;
    return error;
}

int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
    return pthread_cond_timedwait(condition, mutex, NULL);
}

static int wake_waiters(pthread_cond_t *condition, int count)
{
    __atomic_add_fetch(&condition->__sequence, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&condition->__waiters, __ATOMIC_SEQ_CST) > 0)
    {
        wake(&condition->__sequence, count);
    }
    return 0;
}

int pthread_cond_signal(pthread_cond_t *condition)
{
    return wake_waiters(condition, 1);
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    return wake_waiters(condition, INT_MAX);
}

int pthread_condattr_init(pthread_condattr_t *attributes)
{
    *attributes = (pthread_condattr_t) { 0 };
    return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *restrict attributes, clockid_t *restrict clock)
{
    *clock = attributes->__clock;
    return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
    {
        return EINVAL;
    }
    attributes->__clock = clock;
    return 0;
}

// Semaphores.

int sem_init(sem_t *semaphore, int shared, unsigned value)
{
    if (value > SEM_VALUE_MAX)
    {
        errno = EINVAL;
        return -1;
    }
    *semaphore = (sem_t) { .__value = (int)value, .__shared = shared };
    return 0;
}

int sem_destroy(sem_t *semaphore)
{
    (void)semaphore;
    return 0;
}

int sem_getvalue(sem_t *restrict semaphore, int *restrict value)
{
    *value = __atomic_load_n(&semaphore->__value, __ATOMIC_RELAXED);
    return 0;
}

int sem_post(sem_t *semaphore)
{
    int value = __atomic_load_n(&semaphore->__value, __ATOMIC_RELAXED);
    do
    {
        if (value == SEM_VALUE_MAX)
        {
            errno = EOVERFLOW;
            return -1;
        }
    } while (!__atomic_compare_exchange_n(&semaphore->__value, &value, value + 1, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if (__atomic_load_n(&semaphore->__waiters, __ATOMIC_SEQ_CST) > 0)
    {
        wake(&semaphore->__value, 1);
    }
    return 0;
}

int sem_trywait(sem_t *semaphore)
{
    int value = __atomic_load_n(&semaphore->__value, __ATOMIC_RELAXED);
    while (value > 0)
    {
        if (__atomic_compare_exchange_n(&semaphore->__value, &value, value - 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return 0;
        }
    }
    errno = EAGAIN;
    return -1;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    const int before = errno;
    while (sem_trywait(semaphore) < 0)
    {
        errno = before;
        __atomic_add_fetch(&semaphore->__waiters, 1, __ATOMIC_SEQ_CST);
        const int error = wait_for_change(&semaphore->__value, 0, CLOCK_REALTIME, until);
        __atomic_sub_fetch(&semaphore->__waiters, 1, __ATOMIC_SEQ_CST);
        if (error != 0)
        {
            errno = error;
            return -1;
        }
    }
    return 0;
}

int sem_wait(sem_t *semaphore)
{
    return sem_timedwait(semaphore, NULL);
}

// Read-write locks: a writer that waits goes before new readers.

int pthread_rwlock_init(pthread_rwlock_t *restrict rwlock, const pthread_rwlockattr_t *restrict attributes)
{
    (void)attributes;
    *rwlock = (pthread_rwlock_t) { 0 };
    return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *rwlock)
{
    return rwlock->__state != 0 ? EBUSY : 0;
}

static int acquire(pthread_rwlock_t *rwlock, bool writes, bool waits, const struct timespec *until)
{
    int error   = 0;
    bool counted = false;
    for (;;)
    {
        lock(&rwlock->__lock);
        const bool free = writes ? rwlock->__state == 0 : rwlock->__state >= 0 && rwlock->__waiting_writers == 0;
        if (free)
        {
            rwlock->__state += writes ? -1 : 1;
        }
        const bool ends = free || !waits || error != 0;
        if (writes && waits && counted == ends)
        {
            rwlock->__waiting_writers += ends ? -1 : 1;
            counted = !ends;
        }
        const int sequence = rwlock->__sequence;
        unlock(&rwlock->__lock);
        if (ends)
        {
            if (!free && writes)
            {
                // Readers that this writer held up may go on.
                __atomic_add_fetch(&rwlock->__sequence, 1, __ATOMIC_SEQ_CST);
                wake(&rwlock->__sequence, INT_MAX);
            }
            return free ? 0 : error != 0 ? error : EBUSY;
        }
        error = wait_for_change(&rwlock->__sequence, sequence, CLOCK_REALTIME, until);
    }
}

int pthread_rwlock_rdlock(pthread_rwlock_t *rwlock)
{
    return acquire(rwlock, false, true, NULL);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *rwlock)
{
    return acquire(rwlock, false, false, NULL);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict rwlock, const struct timespec *restrict until)
{
    return acquire(rwlock, false, true, until);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *rwlock)
{
    return acquire(rwlock, true, true, NULL);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *rwlock)
{
    return acquire(rwlock, true, false, NULL);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict rwlock, const struct timespec *restrict until)
{
    return acquire(rwlock, true, true, until);
}

int pthread_rwlock_unlock(pthread_rwlock_t *rwlock)
{
    lock(&rwlock->__lock);
    rwlock->__state += rwlock->__state < 0 ? 1 : -1;
    const bool free = rwlock->__state == 0;
    rwlock->__sequence += free;
    unlock(&rwlock->__lock);
    if (free)
    {
        wake(&rwlock->__sequence, INT_MAX);
    }
    return 0;
}

int pthread_rwlockattr_init(pthread_rwlockattr_t *attributes)
{
    *attributes = (pthread_rwlockattr_t) { 0 };
    return 0;
}

int pthread_rwlockattr_destroy(pthread_rwlockattr_t *attributes)
{
    (void)attributes;
    return 0;
}

// Barriers.

int pthread_barrier_init(
    pthread_barrier_t *restrict barrier, const pthread_barrierattr_t *restrict attributes, unsigned count)
{
    (void)attributes;
    if (count == 0)
    {
        return EINVAL;
    }
    *barrier = (pthread_barrier_t) { .__needed = count };
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    // Those that are on their way out still look at it.
    while (__atomic_load_n(&barrier->__leaving, __ATOMIC_ACQUIRE) > 0)
    {
        system_call(SYS_sched_yield);
    }
    return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    __atomic_add_fetch(&barrier->__leaving, 1, __ATOMIC_ACQ_REL);
    lock(&barrier->__lock);
    const int generation = barrier->__generation;
    const bool last      = (unsigned)++barrier->__arrived == barrier->__needed;
    if (last)
    {
        barrier->__arrived = 0;
        __atomic_store_n(&barrier->__generation, generation + 1, __ATOMIC_RELEASE);
    }
    unlock(&barrier->__lock);
    if (last)
    {
        wake(&barrier->__generation, INT_MAX);
    }
    while (!last && __atomic_load_n(&barrier->__generation, __ATOMIC_ACQUIRE) == generation)
    {
        wait_for_change(&barrier->__generation, generation, CLOCK_MONOTONIC, NULL);
    }
    __atomic_sub_fetch(&barrier->__leaving, 1, __ATOMIC_ACQ_REL);
    return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

int pthread_barrierattr_init(pthread_barrierattr_t *attributes)
{
    *attributes = (pthread_barrierattr_t) { 0 };
    return 0;
}

int pthread_barrierattr_destroy(pthread_barrierattr_t *attributes)
{
    (void)attributes;
    return 0;
}

// Spin locks: whoever cannot have it lets others run.

int pthread_spin_init(pthread_spinlock_t *spin, int shared)
{
    (void)shared;
    *spin = 0;
    return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *spin)
{
    (void)spin;
    return 0;
}

int pthread_spin_trylock(pthread_spinlock_t *spin)
{
    return __atomic_exchange_n(spin, 1, __ATOMIC_ACQUIRE) != 0 ? EBUSY : 0;
}

int pthread_spin_lock(pthread_spinlock_t *spin)
{
    while (pthread_spin_trylock(spin) != 0)
    {
        system_call(SYS_sched_yield);
    }
    return 0;
}

int pthread_spin_unlock(pthread_spinlock_t *spin)
{
    __atomic_store_n(spin, 0, __ATOMIC_RELEASE);
    return 0;
}
