// Limits and features of the system.
#include "../internal/system.h"

#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static long limit_of(int resource)
{
    struct rlimit limit;
    return getrlimit(resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ? -1 : (long)limit.rlim_cur;
}

static long pages(int free)
{
    struct sysinfo info;
    return sysinfo(&info) < 0 ? -1 : (long)((free ? info.freeram : info.totalram) * info.mem_unit / PAGE_SIZE);
}

static long processors(void)
{
    unsigned char set[128] = { 0 };
    const long size        = system_call(SYS_sched_getaffinity, 0, sizeof set, set);
    long count             = 0;
    for (long i = 0; i < size; i++)
    {
        for (unsigned bits = set[i]; bits != 0; bits &= bits - 1)
        {
            count++;
        }
    }
    return count > 0 ? count : 1;
}

long sysconf(int name)
{
    switch (name)
    {
    case _SC_ARG_MAX: return ARG_MAX;
    case _SC_CHILD_MAX: return limit_of(RLIMIT_NPROC);
    case _SC_CLK_TCK: return 100;
    case _SC_NGROUPS_MAX: return NGROUPS_MAX;
    case _SC_OPEN_MAX: return limit_of(RLIMIT_NOFILE);
    case _SC_STREAM_MAX: return -1;
    case _SC_TZNAME_MAX: return TZNAME_MAX;
    case _SC_JOB_CONTROL:
    case _SC_SAVED_IDS: return 1;
    case _SC_VERSION: return _POSIX_VERSION;
    case _SC_PAGESIZE: return PAGE_SIZE;
    case _SC_LINE_MAX: return LINE_MAX;
    case _SC_RE_DUP_MAX: return RE_DUP_MAX;
    case _SC_IOV_MAX: return IOV_MAX;
    case _SC_THREADS: return _POSIX_THREADS;
    case _SC_MONOTONIC_CLOCK: return _POSIX_MONOTONIC_CLOCK;
    case _SC_GETGR_R_SIZE_MAX:
    case _SC_GETPW_R_SIZE_MAX: return 1024;
    case _SC_LOGIN_NAME_MAX: return LOGIN_NAME_MAX;
    case _SC_TTY_NAME_MAX: return TTY_NAME_MAX;
    case _SC_THREAD_KEYS_MAX: return PTHREAD_KEYS_MAX;
    case _SC_THREAD_STACK_MIN: return PTHREAD_STACK_MIN;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN: return processors();
    case _SC_PHYS_PAGES: return pages(0);
    case _SC_AVPHYS_PAGES: return pages(1);
    case _SC_ATEXIT_MAX: return -1;
    case _SC_SYMLOOP_MAX: return SYMLOOP_MAX;
    case _SC_HOST_NAME_MAX: return HOST_NAME_MAX;
    default: errno = EINVAL; return -1;
    }
}

int get_nprocs(void)
{
    return (int)processors();
}

int get_nprocs_conf(void)
{
    return (int)processors();
}

long pathconf(const char *path, int name)
{
    (void)path;
    return fpathconf(-1, name);
}

long fpathconf(int descriptor, int name)
{
    (void)descriptor;
    switch (name)
    {
    case _PC_LINK_MAX: return 127;
    case _PC_MAX_CANON:
    case _PC_MAX_INPUT: return 255;
    case _PC_NAME_MAX: return NAME_MAX;
    case _PC_PATH_MAX: return PATH_MAX;
    case _PC_PIPE_BUF: return PIPE_BUF;
    case _PC_CHOWN_RESTRICTED:
    case _PC_NO_TRUNC: return 1;
    case _PC_VDISABLE: return 0;
    default: errno = EINVAL; return -1;
    }
}

size_t confstr(int name, char *buffer, size_t size)
{
    if (name != _CS_PATH)
    {
        errno = EINVAL;
        return 0;
    }
    return strlcpy(buffer, "/bin:/usr/bin", size) + 1;
}

int getpagesize(void)
{
    return PAGE_SIZE;
}

int getdtablesize(void)
{
    return (int)sysconf(_SC_OPEN_MAX);
}

static void convert(const struct statfs *from, struct statvfs *to)
{
    *to = (struct statvfs) {
        .f_bsize   = from->f_bsize,
        .f_frsize  = from->f_frsize != 0 ? from->f_frsize : from->f_bsize,
        .f_blocks  = from->f_blocks,
        .f_bfree   = from->f_bfree,
        .f_bavail  = from->f_bavail,
        .f_files   = from->f_files,
        .f_ffree   = from->f_ffree,
        .f_favail  = from->f_ffree,
        .f_fsid    = (unsigned)from->f_fsid.__val[0] | (unsigned long)(unsigned)from->f_fsid.__val[1] << 32,
        .f_flag    = from->f_flags,
        .f_namemax = from->f_namelen,
    };
}

int statvfs(const char *restrict path, struct statvfs *restrict status)
{
    struct statfs own;
    if (statfs(path, &own) < 0)
    {
        return -1;
    }
    convert(&own, status);
    return 0;
}

int fstatvfs(int descriptor, struct statvfs *status)
{
    struct statfs own;
    if (fstatfs(descriptor, &own) < 0)
    {
        return -1;
    }
    convert(&own, status);
    return 0;
}
