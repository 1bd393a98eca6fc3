#ifndef _SYS_FILE_H
#define _SYS_FILE_H
#include <fcntl.h>
__C_BEGIN
int flock(int, int);
__C_END
#endif
