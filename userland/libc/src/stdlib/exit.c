// The ends of a program.
#include "../internal/lock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct handler
{
    void (*function)(void *);
    void *argument;
};

/// Handlers in blocks: the first, without an allocation, is the 32 that the standard asks for.
struct block
{
    struct block *before;
    unsigned count;
    struct handler handlers[32];
};

static struct block first_at_exit, first_at_quick_exit;
static struct block *at_exit_blocks = &first_at_exit, *at_quick_exit_blocks = &first_at_quick_exit;
static lock_t handlers_lock;

extern hidden void (*const __fini_array_start[])(void) __attribute__((weak));
extern hidden void (*const __fini_array_end[])(void) __attribute__((weak));
void __flush_at_exit(void);

static int add(struct block **blocks, void (*function)(void *), void *argument)
{
    lock(&handlers_lock);
    if ((*blocks)->count == length_of((*blocks)->handlers))
    {
        struct block *block = calloc(1, sizeof *block);
        if (block == NULL)
        {
            unlock(&handlers_lock);
            return -1;
        }
        block->before = *blocks;
        *blocks       = block;
    }
    (*blocks)->handlers[(*blocks)->count++] = (struct handler) { function, argument };
    unlock(&handlers_lock);
    return 0;
}

/// Runs the handlers from the last one on; a handler may add others.
static void run(struct block **blocks)
{
    for (;;)
    {
        lock(&handlers_lock);
        if ((*blocks)->count == 0 && (*blocks)->before != NULL)
        {
            *blocks = (*blocks)->before;
        }
        if ((*blocks)->count == 0)
        {
            unlock(&handlers_lock);
            return;
        }
        const struct handler handler = (*blocks)->handlers[--(*blocks)->count];
        unlock(&handlers_lock);
        handler.function(handler.argument);
    }
}

static void call(void *function)
{
    ((void (*)(void))function)();
}

int atexit(void (*function)(void))
{
    return add(&at_exit_blocks, call, (void *)function);
}

int at_quick_exit(void (*function)(void))
{
    return add(&at_quick_exit_blocks, call, (void *)function);
}

/// For destructors of C++'s global objects.
void *__dso_handle = &__dso_handle;
int __cxa_atexit(void (*function)(void *), void *argument, void *library)
{
    (void)library;
    return add(&at_exit_blocks, function, argument);
}

void exit(int status)
{
    run(&at_exit_blocks);
    for (void (*const *f)(void) = __fini_array_end; f > __fini_array_start;)
    {
        (*--f)();
    }
    __flush_at_exit();
    _exit(status);
}

void quick_exit(int status)
{
    run(&at_quick_exit_blocks);
    _exit(status);
}

void _exit(int status)
{
    for (;;)
    {
        system_call(SYS_exit_group, status);
    }
}

void _Exit(int status)
{
    _exit(status);
}

void abort(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGABRT);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGABRT);
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    _exit(127);
}

_Noreturn void __stack_chk_fail(void)
{
    static const char message[] = "stack smashing detected\n";
    system_call(SYS_write, 2, message, sizeof message - 1);
    abort();
}

_Noreturn void __assert_fail(const char *condition, const char *file, int line, const char *function)
{
    extern char *program_invocation_short_name;
    fprintf(stderr, "%s: %s:%d: %s: Assertion `%s' failed.\n", program_invocation_short_name, file, line, function,
        condition);
    abort();
}
