#ifndef _SYS_RANDOM_H
#define _SYS_RANDOM_H

#include <bits/types.h>

__C_BEGIN

#define GRND_NONBLOCK 1
#define GRND_RANDOM 2

ssize_t getrandom(void *, size_t, unsigned int);
int getentropy(void *, size_t);

__C_END

#endif
