// Processes, users, groups and limits: calls of the system as functions.
#include "../internal/lock.h"
#include "../internal/system.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

uid_t getuid(void)
{
    return (uid_t)result(system_call(SYS_getuid));
}

uid_t geteuid(void)
{
    return (uid_t)result(system_call(SYS_geteuid));
}

gid_t getgid(void)
{
    return (gid_t)result(system_call(SYS_getgid));
}

gid_t getegid(void)
{
    return (gid_t)result(system_call(SYS_getegid));
}

pid_t getpid(void)
{
    return (pid_t)result(system_call(SYS_getpid));
}

pid_t getppid(void)
{
    return (pid_t)result(system_call(SYS_getppid));
}

pid_t getpgid(pid_t process)
{
    return (pid_t)result(system_call(SYS_getpgid, process));
}

pid_t getpgrp(void)
{
    return (pid_t)result(system_call(SYS_getpgid, 0));
}

pid_t getsid(pid_t process)
{
    return (pid_t)result(system_call(SYS_getsid, process));
}

pid_t gettid(void)
{
    return (pid_t)result(system_call(SYS_gettid));
}

int setuid(uid_t user)
{
    return (int)result(system_call(SYS_setuid, user));
}

int setgid(gid_t group)
{
    return (int)result(system_call(SYS_setgid, group));
}

int seteuid(uid_t user)
{
    return (int)result(system_call(SYS_setresuid, -1, user, -1));
}

int setegid(gid_t group)
{
    return (int)result(system_call(SYS_setresgid, -1, group, -1));
}

int setreuid(uid_t real, uid_t effective)
{
    return (int)result(system_call(SYS_setreuid, real, effective));
}

int setregid(gid_t real, gid_t effective)
{
    return (int)result(system_call(SYS_setregid, real, effective));
}

int setresuid(uid_t real, uid_t effective, uid_t saved)
{
    return (int)result(system_call(SYS_setresuid, real, effective, saved));
}

int setresgid(gid_t real, gid_t effective, gid_t saved)
{
    return (int)result(system_call(SYS_setresgid, real, effective, saved));
}

int getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    return (int)result(system_call(SYS_getresuid, real, effective, saved));
}

int getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
    return (int)result(system_call(SYS_getresgid, real, effective, saved));
}

int getgroups(int count, gid_t groups[])
{
    return (int)result(system_call(SYS_getgroups, count, groups));
}

int setgroups(size_t count, const gid_t *groups)
{
    return (int)result(system_call(SYS_setgroups, count, groups));
}

int setpgid(pid_t process, pid_t group)
{
    return (int)result(system_call(SYS_setpgid, process, group));
}

pid_t setpgrp(void)
{
    return (pid_t)result(system_call(SYS_setpgid, 0, 0));
}

pid_t setsid(void)
{
    return (pid_t)result(system_call(SYS_setsid));
}

int execve(const char *path, char *const arguments[], char *const environment[])
{
    return (int)result(system_call(SYS_execve, path, arguments, environment));
}

int fexecve(int descriptor, char *const arguments[], char *const environment[])
{
    return (int)result(system_call(SYS_execveat, descriptor, "", arguments, environment, AT_EMPTY_PATH));
}

pid_t wait(int *status)
{
    return (pid_t)result(system_call(SYS_wait4, -1, status, 0, NULL));
}

pid_t waitpid(pid_t process, int *status, int options)
{
    return (pid_t)result(system_call(SYS_wait4, process, status, options, NULL));
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
    return (pid_t)result(system_call(SYS_wait4, -1, status, options, usage));
}

pid_t wait4(pid_t process, int *status, int options, struct rusage *usage)
{
    return (pid_t)result(system_call(SYS_wait4, process, status, options, usage));
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    return (int)result(system_call(SYS_waitid, type, id, info, options, NULL));
}

int pause(void)
{
    return (int)result(system_call(SYS_pause));
}

unsigned int alarm(unsigned int seconds)
{
    return (unsigned int)result(system_call(SYS_alarm, seconds));
}

int getrlimit(int resource, struct rlimit *limit)
{
    return (int)result(system_call(SYS_prlimit64, 0, resource, NULL, limit));
}

int setrlimit(int resource, const struct rlimit *limit)
{
    return (int)result(system_call(SYS_prlimit64, 0, resource, limit, NULL));
}

int prlimit(pid_t process, int resource, const struct rlimit *limit, struct rlimit *before)
{
    return (int)result(system_call(SYS_prlimit64, process, resource, limit, before));
}

int getrusage(int who, struct rusage *usage)
{
    return (int)result(system_call(SYS_getrusage, who, usage));
}

int setpriority(int which, id_t who, int priority)
{
    return (int)result(system_call(SYS_setpriority, which, who, priority));
}

int getitimer(int which, struct itimerval *value)
{
    return (int)result(system_call(SYS_getitimer, which, value));
}

int setitimer(int which, const struct itimerval *restrict value, struct itimerval *restrict before)
{
    return (int)result(system_call(SYS_setitimer, which, value, before));
}

clock_t times(struct tms *times)
{
    return result(system_call(SYS_times, times));
}

int uname(struct utsname *names)
{
    return (int)result(system_call(SYS_uname, names));
}

int sethostname(const char *name, size_t size)
{
    return (int)result(system_call(SYS_sethostname, name, size));
}

int sysinfo(struct sysinfo *info)
{
    return (int)result(system_call(SYS_sysinfo, info));
}

int sched_yield(void)
{
    return (int)result(system_call(SYS_sched_yield));
}

int sched_get_priority_max(int policy)
{
    return (int)result(system_call(SYS_sched_get_priority_max, policy));
}

int sched_get_priority_min(int policy)
{
    return (int)result(system_call(SYS_sched_get_priority_min, policy));
}

int vhangup(void)
{
    return (int)result(system_call(SYS_vhangup));
}

int kill(pid_t process, int signal)
{
    return (int)result(system_call(SYS_kill, process, signal));
}

// Locks that a child must not find held by a thread it does not have.
extern lock_t __malloc_lock, __files_lock;
void __run_fork_handlers(int when);

pid_t fork(void)
{
    __run_fork_handlers(-1);
    lock(&__files_lock);
    lock(&__malloc_lock);
    const long child = system_call(SYS_fork);
    if (child == 0)
    {
        struct thread *self = this_thread();
        self->id            = (int)system_call(SYS_set_tid_address, &self->id);
        self->next = self->previous = self;
    }
    unlock(&__malloc_lock);
    unlock(&__files_lock);
    __run_fork_handlers(child == 0);
    return (pid_t)result(child);
}

int getpriority(int which, id_t who)
{
    const long value = result(system_call(SYS_getpriority, which, who));
    return value < 0 ? -1 : 20 - (int)value;
}

int nice(int increment)
{
    errno            = 0;
    const int before = getpriority(PRIO_PROCESS, 0);
    if (before == -1 && errno != 0)
    {
        return -1;
    }
    int value = before + increment;
    value     = value < -20 ? -20 : value > 19 ? 19 : value;
    if (setpriority(PRIO_PROCESS, 0, value) < 0)
    {
        errno = errno == EACCES ? EPERM : errno;
        return -1;
    }
    return value;
}

int gethostname(char *name, size_t size)
{
    struct utsname names;
    if (uname(&names) < 0)
    {
        return -1;
    }
    if (strlcpy(name, names.nodename, size) >= size)
    {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

int getdomainname(char *name, size_t size)
{
    struct utsname names;
    if (uname(&names) < 0)
    {
        return -1;
    }
    if (strlcpy(name, names.domainname, size) >= size)
    {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

long gethostid(void)
{
    return 0;
}

int prctl(int option, ...)
{
    va_list arguments;
    va_start(arguments, option);
    long a[4];
    for (int i = 0; i < 4; i++)
    {
        a[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    return (int)result(system_call(SYS_prctl, option, a[0], a[1], a[2], a[3]));
}

useconds_t ualarm(useconds_t first, useconds_t interval)
{
    struct itimerval value = { { interval / 1000000, interval % 1000000 }, { first / 1000000, first % 1000000 } };
    struct itimerval before;
    setitimer(ITIMER_REAL, &value, &before);
    return (useconds_t)(before.it_value.tv_sec * 1000000 + before.it_value.tv_usec);
}

int brk(void *end)
{
    if (system_call(SYS_brk, end) < (long)end)
    {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

void *sbrk(intptr_t increment)
{
    const long end = system_call(SYS_brk, 0);
    if (increment != 0 && system_call(SYS_brk, end + increment) != end + increment)
    {
        errno = ENOMEM;
        return (void *)-1;
    }
    return (void *)end;
}

// Programs.

extern char **environ;

int execv(const char *path, char *const arguments[])
{
    return execve(path, arguments, environ);
}

/// Runs a file that is no executable format of the system's as a script.
static void run_script(const char *path, char *const arguments[], char *const environment[])
{
    size_t count = 0;
    while (arguments[count] != NULL)
    {
        count++;
    }
    char *shell[count + 3];
    shell[0] = (char *)"/bin/sh";
    shell[1] = (char *)path;
    for (size_t i = 1; i <= count; i++)
    {
        shell[i + 1] = arguments[i];
    }
    shell[count + (count == 0) + 1] = NULL;
    execve(shell[0], shell, environment);
}

int execvpe(const char *file, char *const arguments[], char *const environment[])
{
    if (*file == '\0')
    {
        errno = ENOENT;
        return -1;
    }
    if (strchr(file, '/') != NULL)
    {
        execve(file, arguments, environment);
        if (errno == ENOEXEC)
        {
            run_script(file, arguments, environment);
        }
        return -1;
    }
    const char *path = getenv("PATH");
    if (path == NULL)
    {
        path = "/bin:/usr/bin";
    }
    bool denied = false;
    for (;; path++)
    {
        const size_t length = strcspn(path, ":");
        char whole[PATH_MAX];
        if (length + strlen(file) + 2 <= sizeof whole)
        {
            char *end = mempcpy(whole, path, length);
            if (length > 0)
            {
                *end++ = '/';
            }
            strcpy(end, file);
            execve(whole, arguments, environment);
            switch (errno)
            {
            case EACCES: denied = true; break;
            case ENOENT:
            case ENOTDIR: break;
            case ENOEXEC: run_script(whole, arguments, environment); return -1;
            default: return -1;
            }
        }
        path += length;
        if (*path == '\0')
        {
            errno = denied ? EACCES : ENOENT;
            return -1;
        }
    }
}

int execvp(const char *file, char *const arguments[])
{
    return execvpe(file, arguments, environ);
}

enum exec_form
{
    exec_path,
    exec_path_environment,
    exec_file,
};

static int execute_list(enum exec_form form, const char *path, const char *first, va_list list)
{
    va_list counting;
    va_copy(counting, list);
    size_t count = 1;
    while (va_arg(counting, char *) != NULL)
    {
        count++;
    }
    va_end(counting);
    char *arguments[count + 1];
    arguments[0] = (char *)first;
    for (size_t i = 1; i <= count; i++)
    {
        arguments[i] = va_arg(list, char *);
    }
    switch (form)
    {
    case exec_path: return execve(path, arguments, environ);
    case exec_path_environment: return execve(path, arguments, va_arg(list, char **));
    case exec_file: return execvp(path, arguments);
    }
    return -1;
}

int execl(const char *path, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    const int outcome = execute_list(exec_path, path, first, list);
    va_end(list);
    return outcome;
}

int execle(const char *path, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    const int outcome = execute_list(exec_path_environment, path, first, list);
    va_end(list);
    return outcome;
}

int execlp(const char *file, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    const int outcome = execute_list(exec_file, file, first, list);
    va_end(list);
    return outcome;
}

int daemon(int keep_directory, int keep_streams)
{
    switch (fork())
    {
    case -1: return -1;
    case 0: break;
    default: _exit(0);
    }
    if (setsid() < 0)
    {
        return -1;
    }
    if (!keep_directory)
    {
        chdir("/");
    }
    if (!keep_streams)
    {
        const int null = open("/dev/null", O_RDWR);
        for (int i = 0; null >= 0 && i < 3; i++)
        {
            dup2(null, i);
        }
        if (null > 2)
        {
            close(null);
        }
    }
    return 0;
}
