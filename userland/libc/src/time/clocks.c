// Clocks, and waiting for them.
#include "../internal/system.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
    return (int)result(system_call(SYS_clock_gettime, clock, time));
}

int clock_settime(clockid_t clock, const struct timespec *time)
{
    return (int)result(system_call(SYS_clock_settime, clock, time));
}

int clock_getres(clockid_t clock, struct timespec *resolution)
{
    return (int)result(system_call(SYS_clock_getres, clock, resolution));
}

int clock_getcpuclockid(pid_t process, clockid_t *clock)
{
    struct timespec resolution;
    const clockid_t id = ~process << 3 | 2;
    const long outcome = system_call(SYS_clock_getres, id, &resolution);
    if (outcome < 0)
    {
        return outcome == -EINVAL ? ESRCH : (int)-outcome;
    }
    *clock = id;
    return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *rest)
{
    return (int)-system_call(SYS_clock_nanosleep, clock, flags, time, rest);
}

int nanosleep(const struct timespec *time, struct timespec *rest)
{
    return (int)result(system_call(SYS_nanosleep, time, rest));
}

unsigned sleep(unsigned seconds)
{
    struct timespec time = { seconds, 0 };
    return nanosleep(&time, &time) == 0 ? 0 : (unsigned)time.tv_sec + (time.tv_nsec >= 500000000);
}

int usleep(useconds_t microseconds)
{
    const struct timespec time = { microseconds / 1000000, microseconds % 1000000 * 1000 };
    return nanosleep(&time, NULL);
}

time_t time(time_t *to)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    if (to != NULL)
    {
        *to = now.tv_sec;
    }
    return now.tv_sec;
}

clock_t clock(void)
{
    struct timespec used;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0 ? -1 : used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

double difftime(time_t later, time_t earlier)
{
    return (double)(later - earlier);
}

int timespec_get(struct timespec *time, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

int stime(const time_t *time)
{
    const struct timespec value = { *time, 0 };
    return clock_settime(CLOCK_REALTIME, &value);
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (time == NULL)
    {
        return 0;
    }
    const int outcome = clock_gettime(CLOCK_REALTIME, &now);
    *time             = (struct timeval) { now.tv_sec, now.tv_nsec / 1000 };
    return outcome;
}

int settimeofday(const struct timeval *time, const struct timezone *zone)
{
    (void)zone;
    const struct timespec value = { time->tv_sec, time->tv_usec * 1000 };
    return clock_settime(CLOCK_REALTIME, &value);
}

static int set_times(int directory, const char *path, const struct timeval times[2], int flags)
{
    struct timespec values[2];
    for (int i = 0; times != NULL && i < 2; i++)
    {
        if (times[i].tv_usec < 0 || times[i].tv_usec >= 1000000)
        {
            errno = EINVAL;
            return -1;
        }
        values[i] = (struct timespec) { times[i].tv_sec, times[i].tv_usec * 1000 };
    }
    return (int)result(system_call(SYS_utimensat, directory, path, times != NULL ? values : NULL, flags));
}

int utimes(const char *path, const struct timeval times[2])
{
    return set_times(AT_FDCWD, path, times, 0);
}

int lutimes(const char *path, const struct timeval times[2])
{
    return set_times(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

int futimes(int descriptor, const struct timeval times[2])
{
    return set_times(descriptor, NULL, times, 0);
}

int utime(const char *path, const struct utimbuf *times)
{
    const struct timeval values[2] = { { times != NULL ? times->actime : 0, 0 },
        { times != NULL ? times->modtime : 0, 0 } };
    return utimes(path, times != NULL ? values : NULL);
}

// Timers of a process: the kernel's identifiers, as pointers.

int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer)
{
    int id;
    if (result(system_call(SYS_timer_create, clock, event, &id)) < 0)
    {
        return -1;
    }
    *timer = (timer_t)(long)id;
    return 0;
}

int timer_delete(timer_t timer)
{
    return (int)result(system_call(SYS_timer_delete, timer));
}

int timer_settime(
    timer_t timer, int flags, const struct itimerspec *restrict value, struct itimerspec *restrict before)
{
    return (int)result(system_call(SYS_timer_settime, timer, flags, value, before));
}

int timer_gettime(timer_t timer, struct itimerspec *value)
{
    return (int)result(system_call(SYS_timer_gettime, timer, value));
}

int timer_getoverrun(timer_t timer)
{
    return (int)result(system_call(SYS_timer_getoverrun, timer));
}
