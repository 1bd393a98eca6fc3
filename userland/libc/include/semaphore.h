#ifndef _SEMAPHORE_H
#define _SEMAPHORE_H

#include <bits/types.h>

__C_BEGIN

typedef struct
{
    int __value;
    int __waiters;
    int __shared;
    int __reserved[5];
} sem_t;

#define SEM_FAILED ((sem_t *)0)

int sem_init(sem_t *, int, unsigned int);
int sem_destroy(sem_t *);
int sem_getvalue(sem_t *__restrict, int *__restrict);
int sem_post(sem_t *);
int sem_wait(sem_t *);
int sem_trywait(sem_t *);
int sem_timedwait(sem_t *__restrict, const struct timespec *__restrict);

__C_END

#endif
