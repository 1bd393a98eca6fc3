#ifndef _ERR_H
#define _ERR_H

#include <bits/c.h>

__C_BEGIN

typedef __builtin_va_list va_list;

void warn(const char *, ...) __PRINTF(1, 2);
void vwarn(const char *, va_list) __PRINTF(1, 0);
void warnx(const char *, ...) __PRINTF(1, 2);
void vwarnx(const char *, va_list) __PRINTF(1, 0);
__NORETURN void err(int, const char *, ...) __PRINTF(2, 3);
__NORETURN void verr(int, const char *, va_list) __PRINTF(2, 0);
__NORETURN void errx(int, const char *, ...) __PRINTF(2, 3);
__NORETURN void verrx(int, const char *, va_list) __PRINTF(2, 0);

__C_END

#endif
