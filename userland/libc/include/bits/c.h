/* What every header begins with: C linkage in C++, attributes by name, and NULL. */
#ifndef _BITS_C_H
#define _BITS_C_H

#ifdef __cplusplus
#define __C_BEGIN extern "C" {
#define __C_END }
#define __THREAD_LOCAL thread_local
#else
#define __C_BEGIN
#define __C_END
#define __THREAD_LOCAL _Thread_local
#endif

#define __NORETURN __attribute__((__noreturn__))
#define __PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))
#define __SCANF(format, first) __attribute__((__format__(__scanf__, format, first)))

#ifndef NULL
#ifdef __cplusplus
#define NULL 0L
#else
#define NULL ((void *)0)
#endif
#endif

#endif
