// The threads of C11, over those of POSIX.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

static int outcome(int error)
{
    switch (error)
    {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ENOMEM:
    case EAGAIN: return thrd_nomem;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
    }
}

struct start
{
    thrd_start_t function;
    void *argument;
};

static void *call(void *memory)
{
    const struct start start = *(struct start *)memory;
    free(memory);
    return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    struct start *start = malloc(sizeof *start);
    if (start == NULL)
    {
        return thrd_nomem;
    }
    *start          = (struct start) { function, argument };
    const int error = pthread_create(thread, NULL, call, start);
    if (error != 0)
    {
        free(start);
    }
    return outcome(error);
}

thrd_t thrd_current(void)
{
    return pthread_self();
}

int thrd_detach(thrd_t thread)
{
    return outcome(pthread_detach(thread));
}

int thrd_equal(thrd_t left, thrd_t right)
{
    return left == right;
}

void thrd_exit(int value)
{
    pthread_exit((void *)(intptr_t)value);
}

int thrd_join(thrd_t thread, int *value)
{
    void *own       = NULL;
    const int error = pthread_join(thread, &own);
    if (error == 0 && value != NULL)
    {
        *value = (int)(intptr_t)own;
    }
    return outcome(error);
}

int thrd_sleep(const struct timespec *time, struct timespec *rest)
{
    const int error = clock_nanosleep(CLOCK_REALTIME, 0, time, rest);
    return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

void thrd_yield(void)
{
    sched_yield();
}

int mtx_init(mtx_t *mutex, int kind)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, kind & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    return outcome(pthread_mutex_init(mutex, &attributes));
}

void mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy(mutex);
}

int mtx_lock(mtx_t *mutex)
{
    return outcome(pthread_mutex_lock(mutex));
}

int mtx_trylock(mtx_t *mutex)
{
    return outcome(pthread_mutex_trylock(mutex));
}

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
{
    return outcome(pthread_mutex_timedlock(mutex, until));
}

int mtx_unlock(mtx_t *mutex)
{
    return outcome(pthread_mutex_unlock(mutex));
}

int cnd_init(cnd_t *condition)
{
    return outcome(pthread_cond_init(condition, NULL));
}

void cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy(condition);
}

int cnd_signal(cnd_t *condition)
{
    return outcome(pthread_cond_signal(condition));
}

int cnd_broadcast(cnd_t *condition)
{
    return outcome(pthread_cond_broadcast(condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return outcome(pthread_cond_wait(condition, mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until)
{
    return outcome(pthread_cond_timedwait(condition, mutex, until));
}

int tss_create(tss_t *key, tss_dtor_t destructor)
{
    return outcome(pthread_key_create(key, destructor));
}

void tss_delete(tss_t key)
{
    pthread_key_delete(key);
}

void *tss_get(tss_t key)
{
    return pthread_getspecific(key);
}

int tss_set(tss_t key, void *value)
{
    return outcome(pthread_setspecific(key, value));
}

void call_once(once_flag *once, void (*function)(void))
{
    pthread_once(once, function);
}
