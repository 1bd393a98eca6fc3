// pthread_atfork.
#include "../internal/lock.h"

#include <pthread.h>
#include <stdlib.h>

static struct fork_handlers
{
    void (*before)(void), (*in_parent)(void), (*in_child)(void);
    struct fork_handlers *next, *previous;
} *first, *last;
static lock_t handlers_lock;

int pthread_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
    struct fork_handlers *handlers = malloc(sizeof *handlers);
    if (handlers == NULL)
    {
        return ENOMEM;
    }
    lock(&handlers_lock);
    *handlers = (struct fork_handlers) { before, in_parent, in_child, NULL, last };
    *(last != NULL ? &last->next : &first) = handlers;
    last                                   = handlers;
    unlock(&handlers_lock);
    return 0;
}

/// -1: before the fork, from the last handler on; 0 and 1: after it, in the parent and in the child, from the first on.
hidden void __run_fork_handlers(int when)
{
    if (when < 0)
    {
        lock(&handlers_lock);
    }
    for (struct fork_handlers *h = when < 0 ? last : first; h != NULL; h = when < 0 ? h->previous : h->next)
    {
        void (*handler)(void) = when < 0 ? h->before : when == 0 ? h->in_parent : h->in_child;
        if (handler != NULL)
        {
            handler();
        }
    }
    if (when >= 0)
    {
        unlock(&handlers_lock);
    }
}
