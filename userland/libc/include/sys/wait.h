#ifndef _SYS_WAIT_H
#define _SYS_WAIT_H

#include <bits/types.h>
#include <bits/wait-status.h>
#include <signal.h>
#include <sys/resource.h>

__C_BEGIN

typedef enum
{
    P_ALL,
    P_PID,
    P_PGID
} idtype_t;

pid_t wait(int *);
pid_t waitpid(pid_t, int *, int);
int waitid(idtype_t, id_t, siginfo_t *, int);
pid_t wait3(int *, int, struct rusage *);
pid_t wait4(pid_t, int *, int, struct rusage *);

__C_END

#endif
