#ifndef _UTIME_H
#define _UTIME_H
#include <bits/types.h>
__C_BEGIN
struct utimbuf
{
    time_t actime;
    time_t modtime;
};
int utime(const char *, const struct utimbuf *);
__C_END
#endif
