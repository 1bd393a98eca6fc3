#ifndef _MALLOC_H
#define _MALLOC_H

#include <stdlib.h>

__C_BEGIN
void *memalign(size_t, size_t);
void *valloc(size_t);
size_t malloc_usable_size(void *);
__C_END

#endif
