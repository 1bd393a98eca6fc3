#ifndef _SYS_SELECT_H
#define _SYS_SELECT_H

#include <bits/signal-set.h>
#include <bits/types.h>

__C_BEGIN

#define FD_SETSIZE 1024
#define NFDBITS 64
typedef unsigned long fd_mask;

typedef struct
{
    fd_mask fds_bits[FD_SETSIZE / NFDBITS];
} fd_set;

#define FD_ZERO(set) ((void)__builtin_memset((set), 0, sizeof(fd_set)))
#define FD_SET(fd, set) ((void)((set)->fds_bits[(fd) / NFDBITS] |= 1UL << ((fd) % NFDBITS)))
#define FD_CLR(fd, set) ((void)((set)->fds_bits[(fd) / NFDBITS] &= ~(1UL << ((fd) % NFDBITS))))
#define FD_ISSET(fd, set) (((set)->fds_bits[(fd) / NFDBITS] >> ((fd) % NFDBITS) & 1) != 0)

int select(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, struct timeval *__restrict);
int pselect(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, const struct timespec *__restrict,
    const sigset_t *__restrict);

__C_END

#endif
