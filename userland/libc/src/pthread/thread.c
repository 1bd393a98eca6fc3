// Threads: their beginning and end.
#include "../internal/lock.h"
#include "../internal/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum
{
    // Memory, directories, files and handlers in common; one process; FS and the identifier set by the kernel.
    clone_flags   = 0x3d0f00,
    default_stack = 256 << 10,
    default_guard = 4096,
};

static int thread_count = 1;
void __run_key_destructors(struct thread *thread);

static struct thread *from_handle(pthread_t handle)
{
    return (struct thread *)handle;
}

pthread_t pthread_self(void)
{
    return (pthread_t)this_thread();
}

int pthread_equal(pthread_t left, pthread_t right)
{
    return left == right;
}

void __cleanup_push(struct __cleanup *cleanup)
{
    struct thread *self = this_thread();
    cleanup->__next     = self->cleanup;
    self->cleanup       = cleanup;
}

void __cleanup_pop(struct __cleanup *cleanup, int execute)
{
    this_thread()->cleanup = cleanup->__next;
    if (execute)
    {
        cleanup->__function(cleanup->__argument);
    }
}

_Noreturn void pthread_exit(void *value)
{
    struct thread *self = this_thread();
    self->result        = value;
    while (self->cleanup != NULL)
    {
        struct __cleanup *cleanup = self->cleanup;
        self->cleanup             = cleanup->__next;
        cleanup->__function(cleanup->__argument);
    }
    __run_key_destructors(self);
    if (__atomic_sub_fetch(&thread_count, 1, __ATOMIC_ACQ_REL) == 0)
    {
        exit(0);
    }
    // A handler would run on a stack that is about to go.
    const unsigned long all = ~0UL;
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
    int expected = thread_joinable;
    const bool joinable =
        __atomic_compare_exchange_n((int *)&self->end, &expected, thread_ended, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (!joinable && self->mapping != NULL)
    {
        system_call(SYS_set_tid_address, 0);
        __unmap_and_exit(self->mapping, self->mapping_size);
    }
    for (;;)
    {
        system_call(SYS_exit, 0);
    }
}

static void start(void *argument)
{
    struct thread *self = argument;
    pthread_exit(self->function(self->argument));
}

int pthread_create(
    pthread_t *restrict handle, const pthread_attr_t *restrict attributes, void *(*function)(void *), void *restrict argument)
{
    pthread_attr_t defaults;
    if (attributes == NULL)
    {
        pthread_attr_init(&defaults);
        attributes = &defaults;
    }
    // Guard, stack, thread-local variables. With a stack of the program's only the last is ours.
    const size_t area  = (__thread_area_size() + 4095) & -4096UL;
    const size_t guard = attributes->__stack != NULL ? 0 : (attributes->__guard_size + 4095) & -4096UL;
    const size_t stack = attributes->__stack != NULL ? 0 : (attributes->__stack_size + 4095) & -4096UL;
    const size_t size  = guard + stack + area;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
    {
        return EAGAIN;
    }
    if (guard > 0)
    {
        mprotect(memory, guard, PROT_NONE);
    }
    struct thread *thread = __make_thread_area(memory + guard + stack);
    thread->stack_guard   = this_thread()->stack_guard;
    thread->mapping       = memory;
    thread->mapping_size  = size;
    thread->function      = function;
    thread->argument      = argument;
    thread->end           = attributes->__detached ? thread_detached : thread_joinable;
    thread->stack         = attributes->__stack != NULL ? attributes->__stack : memory + guard;
    thread->stack_size    = attributes->__stack != NULL ? attributes->__stack_size : stack;
    __threaded            = true;
    __atomic_add_fetch(&thread_count, 1, __ATOMIC_ACQ_REL);
    *handle           = (pthread_t)thread;
    const long id     = __clone_thread(clone_flags, (char *)thread->stack + thread->stack_size, &thread->id, &thread->id,
            thread, start, thread);
    if (id < 0)
    {
        __atomic_sub_fetch(&thread_count, 1, __ATOMIC_ACQ_REL);
        munmap(memory, size);
        return EAGAIN;
    }
    return 0;
}

static int collect(struct thread *thread, void **value)
{
    if (value != NULL)
    {
        *value = thread->result;
    }
    if (thread->mapping != NULL)
    {
        munmap(thread->mapping, thread->mapping_size);
    }
    return 0;
}

int pthread_join(pthread_t handle, void **value)
{
    struct thread *thread = from_handle(handle);
    if (thread == this_thread())
    {
        return EDEADLK;
    }
    if (thread->end == thread_detached)
    {
        return EINVAL;
    }
    for (int id; (id = __atomic_load_n(&thread->id, __ATOMIC_ACQUIRE)) != 0;)
    {
        system_call(SYS_futex, &thread->id, futex_wait, id, 0);
    }
    return collect(thread, value);
}

int pthread_tryjoin_np(pthread_t handle, void **value)
{
    struct thread *thread = from_handle(handle);
    return __atomic_load_n(&thread->id, __ATOMIC_ACQUIRE) != 0 ? EBUSY : collect(thread, value);
}

int pthread_detach(pthread_t handle)
{
    struct thread *thread = from_handle(handle);
    int expected          = thread_joinable;
    if (__atomic_compare_exchange_n(
            (int *)&thread->end, &expected, thread_detached, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    {
        return 0;
    }
    return expected == thread_detached ? EINVAL : pthread_join(handle, NULL);
}

int pthread_kill(pthread_t handle, int signal)
{
    const int id = __atomic_load_n(&from_handle(handle)->id, __ATOMIC_ACQUIRE);
    return id == 0 ? ESRCH : (int)-system_call(SYS_tgkill, getpid(), id, signal);
}

// Cancellation is deferred, and pthread_testcancel is its only point.

int pthread_cancel(pthread_t handle)
{
    from_handle(handle)->cancel_requested = true;
    return 0;
}

void pthread_testcancel(void)
{
    struct thread *self = this_thread();
    if (self->cancel_requested && !self->cancel_disabled)
    {
        pthread_exit(PTHREAD_CANCELED);
    }
}

int pthread_setcancelstate(int state, int *before)
{
    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE)
    {
        return EINVAL;
    }
    struct thread *self = this_thread();
    if (before != NULL)
    {
        *before = self->cancel_disabled ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
    }
    self->cancel_disabled = state == PTHREAD_CANCEL_DISABLE;
    return 0;
}

int pthread_setcanceltype(int type, int *before)
{
    if (before != NULL)
    {
        *before = PTHREAD_CANCEL_DEFERRED;
    }
    return type == PTHREAD_CANCEL_DEFERRED ? 0 : type == PTHREAD_CANCEL_ASYNCHRONOUS ? ENOTSUP : EINVAL;
}

// Attributes.

int pthread_attr_init(pthread_attr_t *attributes)
{
    *attributes = (pthread_attr_t) { .__stack_size = default_stack, .__guard_size = default_guard };
    return 0;
}

int pthread_attr_destroy(pthread_attr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state)
{
    *state = attributes->__detached;
    return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
{
    if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
    {
        return EINVAL;
    }
    attributes->__detached = state;
    return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *restrict attributes, size_t *restrict size)
{
    *size = attributes->__guard_size;
    return 0;
}

int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t size)
{
    attributes->__guard_size = size;
    return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *restrict attributes, size_t *restrict size)
{
    *size = attributes->__stack_size;
    return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    if (size < PTHREAD_STACK_MIN)
    {
        return EINVAL;
    }
    attributes->__stack_size = size;
    return 0;
}

int pthread_attr_getstack(const pthread_attr_t *restrict attributes, void **restrict stack, size_t *restrict size)
{
    *stack = attributes->__stack;
    *size  = attributes->__stack_size;
    return 0;
}

int pthread_attr_setstack(pthread_attr_t *attributes, void *stack, size_t size)
{
    if (size < PTHREAD_STACK_MIN)
    {
        return EINVAL;
    }
    attributes->__stack      = stack;
    attributes->__stack_size = size;
    return 0;
}

int pthread_attr_getscope(const pthread_attr_t *restrict attributes, int *restrict scope)
{
    *scope = attributes->__scope;
    return 0;
}

int pthread_attr_setscope(pthread_attr_t *attributes, int scope)
{
    (void)attributes;
    return scope == PTHREAD_SCOPE_SYSTEM ? 0 : scope == PTHREAD_SCOPE_PROCESS ? ENOTSUP : EINVAL;
}

// Values of a thread's own, and what happens once.

static struct
{
    bool used;
    void (*destructor)(void *);
} keys[PTHREAD_KEYS_MAX];
static lock_t keys_lock;

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    lock(&keys_lock);
    for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++)
    {
        if (!keys[i].used)
        {
            keys[i].used       = true;
            keys[i].destructor = destructor;
            *key               = i;
            unlock(&keys_lock);
            return 0;
        }
    }
    unlock(&keys_lock);
    return EAGAIN;
}

int pthread_key_delete(pthread_key_t key)
{
    if (key >= PTHREAD_KEYS_MAX || !keys[key].used)
    {
        return EINVAL;
    }
    lock(&keys_lock);
    keys[key].used       = false;
    keys[key].destructor = NULL;
    unlock(&keys_lock);
    return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
    return key < PTHREAD_KEYS_MAX ? this_thread()->values[key] : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (key >= PTHREAD_KEYS_MAX || !keys[key].used)
    {
        return EINVAL;
    }
    this_thread()->values[key] = (void *)value;
    return 0;
}

hidden void __run_key_destructors(struct thread *thread)
{
    bool again = true;
    for (int round = 0; again && round < PTHREAD_DESTRUCTOR_ITERATIONS; round++)
    {
        again = false;
        for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++)
        {
            void *value       = thread->values[i];
            thread->values[i] = NULL;
            if (value != NULL && keys[i].used && keys[i].destructor != NULL)
            {
                again = true;
                keys[i].destructor(value);
            }
        }
    }
}

int pthread_once(pthread_once_t *once, void (*function)(void))
{
    // 0 not yet, 1 running, 2 running and waited for, 3 done.
    for (;;)
    {
        int state = 0;
        if (__atomic_compare_exchange_n(once, &state, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
        {
            function();
            if (__atomic_exchange_n(once, 3, __ATOMIC_RELEASE) == 2)
            {
                system_call(SYS_futex, once, futex_wake | futex_private, INT_MAX);
            }
            return 0;
        }
        if (state == 3)
        {
            return 0;
        }
        if (state == 2 || __atomic_compare_exchange_n(once, &state, 2, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
        {
            system_call(SYS_futex, once, futex_wait | futex_private, 2, 0);
        }
    }
}
