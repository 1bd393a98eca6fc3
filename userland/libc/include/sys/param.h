#ifndef _SYS_PARAM_H
#define _SYS_PARAM_H
#include <endian.h>
#include <limits.h>
#include <sys/types.h>
#define MAXPATHLEN PATH_MAX
#define MAXHOSTNAMELEN 64
#define MAXSYMLINKS SYMLOOP_MAX
#define NOFILE 256
#define NGROUPS NGROUPS_MAX
#define DEV_BSIZE 512
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define howmany(count, unit) (((count) + ((unit)-1)) / (unit))
#define roundup(count, unit) (howmany(count, unit) * (unit))
#endif
