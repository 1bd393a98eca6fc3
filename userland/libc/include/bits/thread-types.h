/* The objects of <pthread.h>, which <sys/types.h> and <signal.h> declare too. All-zero bytes are their initial state. */
#ifndef _BITS_THREAD_TYPES_H
#define _BITS_THREAD_TYPES_H

#include <bits/types.h>

typedef unsigned long pthread_t;
typedef unsigned int pthread_key_t;
typedef int pthread_once_t;
typedef int pthread_spinlock_t;

typedef struct
{
    int __kind;
    int __shared;
} pthread_mutexattr_t;

typedef struct
{
    int __shared;
    clockid_t __clock;
} pthread_condattr_t;

typedef struct
{
    int __shared;
} pthread_rwlockattr_t;

typedef struct
{
    int __shared;
} pthread_barrierattr_t;

typedef struct
{
    int __state; /* 0 free, 1 held, 2 held and waited for */
    int __owner;
    int __kind;
    int __depth;
    int __shared;
    int __reserved[3];
} pthread_mutex_t;

typedef struct
{
    int __sequence;
    int __waiters;
    clockid_t __clock;
    int __shared;
    int __reserved[4];
} pthread_cond_t;

typedef struct
{
    int __state; /* number of readers, or -1 for a writer */
    int __waiting_writers;
    int __sequence;
    int __shared;
    int __lock;
    int __reserved[3];
} pthread_rwlock_t;

typedef struct
{
    int __lock;
    int __arrived;
    int __generation;
    unsigned int __needed;
    int __leaving;
    int __reserved[3];
} pthread_barrier_t;

typedef struct
{
    size_t __stack_size;
    size_t __guard_size;
    void *__stack;
    int __detached;
    int __scope;
    int __policy;
    int __priority;
    int __inherit;
    int __reserved[3];
} pthread_attr_t;

#endif
