#ifndef _SYS_PRCTL_H
#define _SYS_PRCTL_H
#include <bits/c.h>
__C_BEGIN
#define PR_SET_PDEATHSIG 1
#define PR_SET_NAME 15
#define PR_GET_NAME 16
int prctl(int, ...);
__C_END
#endif
