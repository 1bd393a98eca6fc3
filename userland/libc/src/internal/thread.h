// What the library keeps for each thread. FS points at it; the program's thread-local variables lie below.
#pragma once

#include <bits/thread-types.h>
#include <limits.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

enum thread_end
{
    thread_joinable,
    thread_detached,
    thread_ended, ///< joinable, and has ended
};

struct thread
{
    struct thread *self; ///< %fs:0, by the ABI
    void *reserved[4];
    uintptr_t stack_guard; ///< %fs:0x28, by the compilers' convention
    int error;             ///< errno
    int id;                ///< the kernel clears it and wakes its waiters when the thread has ended
    _Atomic int end;       ///< enum thread_end
    bool cancel_disabled;
    _Atomic bool cancel_requested;
    void *result;
    void *(*function)(void *);
    void *argument;
    void *mapping; ///< stack, thread-local variables and this; null for the first thread
    size_t mapping_size;
    void *stack;
    size_t stack_size;
    struct __cleanup *cleanup;
    void *values[PTHREAD_KEYS_MAX];
    struct thread *next, *previous;
};

static inline struct thread *this_thread(void)
{
    struct thread *self;
    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
}

/// Whether there has ever been a second thread. Until then locks need no atomic instructions.
extern bool __threaded;

/// Bytes that a thread needs for its thread-local variables and its struct thread, and the alignment of the latter.
size_t __thread_area_size(void);

/// Lays out both in zeroed memory of that size.
struct thread *__make_thread_area(void *memory);

/// Starts a thread on `stack`; `function(argument)` must not return. The result is its identifier or minus an error.
long __clone_thread(unsigned long flags, void *stack, int *parent_id, int *child_id, void *thread_pointer,
    void (*function)(void *), void *argument);

/// Unmaps the calling thread's own stack and ends it.
_Noreturn void __unmap_and_exit(void *memory, size_t size);
