// Signals.
#include "../internal/system.h"
#include "../internal/thread.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
    kernel_set_size   = 8,
    sa_restorer       = 0x04000000,
};

struct kernel_action
{
    void *handler;
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

void __restore_from_signal(void);

int sigaction(int signal, const struct sigaction *restrict action, struct sigaction *restrict before)
{
    struct kernel_action new, old;
    if (action != NULL)
    {
        new = (struct kernel_action) {
            .handler  = (void *)action->sa_handler,
            .flags    = (unsigned)action->sa_flags | sa_restorer,
            .restorer = __restore_from_signal,
            .mask     = action->sa_mask.__bits[0],
        };
    }
    const long outcome = result(system_call(
        SYS_rt_sigaction, signal, action != NULL ? &new : NULL, before != NULL ? &old : NULL, kernel_set_size));
    if (outcome == 0 && before != NULL)
    {
        memset(before, 0, sizeof *before);
        before->sa_handler        = (void (*)(int))old.handler;
        before->sa_flags          = (int)(old.flags & ~(unsigned long)sa_restorer);
        before->sa_mask.__bits[0] = old.mask;
    }
    return (int)outcome;
}

void (*signal(int signal, void (*handler)(int)))(int)
{
    struct sigaction action = { .sa_flags = SA_RESTART }, before;
    action.sa_handler       = handler;
    return sigaction(signal, &action, &before) < 0 ? SIG_ERR : before.sa_handler;
}

int siginterrupt(int signal, int interrupts)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) < 0)
    {
        return -1;
    }
    action.sa_flags = interrupts ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
    return sigaction(signal, &action, NULL);
}

int raise(int signal)
{
    return (int)result(system_call(SYS_tkill, system_call(SYS_gettid), signal));
}

int killpg(pid_t group, int signal)
{
    if (group < 0)
    {
        errno = EINVAL;
        return -1;
    }
    return kill(-group, signal);
}

int sigaltstack(const stack_t *restrict stack, stack_t *restrict before)
{
    return (int)result(system_call(SYS_sigaltstack, stack, before));
}

static int is_signal(int signal)
{
    if (signal > 0 && signal < NSIG)
    {
        return 1;
    }
    errno = EINVAL;
    return 0;
}

int sigemptyset(sigset_t *set)
{
    memset(set, 0, sizeof *set);
    return 0;
}

int sigfillset(sigset_t *set)
{
    memset(set, 0xff, sizeof *set);
    return 0;
}

int sigaddset(sigset_t *set, int signal)
{
    if (!is_signal(signal))
    {
        return -1;
    }
    set->__bits[0] |= 1UL << (signal - 1);
    return 0;
}

int sigdelset(sigset_t *set, int signal)
{
    if (!is_signal(signal))
    {
        return -1;
    }
    set->__bits[0] &= ~(1UL << (signal - 1));
    return 0;
}

int sigismember(const sigset_t *set, int signal)
{
    return is_signal(signal) ? (int)(set->__bits[0] >> (signal - 1) & 1) : -1;
}

int sigisemptyset(const sigset_t *set)
{
    return set->__bits[0] == 0;
}

int sigpending(sigset_t *set)
{
    sigemptyset(set);
    return (int)result(system_call(SYS_rt_sigpending, set, kernel_set_size));
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict before)
{
    if (before != NULL && before != set)
    {
        sigemptyset(before);
    }
    return (int)-system_call(SYS_rt_sigprocmask, how, set, before, kernel_set_size);
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before)
{
    return (int)result(-pthread_sigmask(how, set, before));
}

int sigsuspend(const sigset_t *mask)
{
    return (int)result(system_call(SYS_rt_sigsuspend, mask, kernel_set_size));
}

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout)
{
    return (int)result(system_call(SYS_rt_sigtimedwait, set, info, timeout, kernel_set_size));
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
    return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *restrict set, int *restrict signal)
{
    int arrived;
    do
    {
        arrived = sigwaitinfo(set, NULL);
    } while (arrived < 0 && errno == EINTR);
    if (arrived < 0)
    {
        return errno;
    }
    *signal = arrived;
    return 0;
}

int sigqueue(pid_t process, int signal, union sigval value)
{
    siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };
    info.si_pid    = getpid();
    info.si_uid    = getuid();
    info.si_value  = value;
    return (int)result(system_call(SYS_rt_sigqueueinfo, process, signal, &info));
}

static int change_mask(int how, int mask)
{
    sigset_t set      = { { (unsigned)mask } }, before;
    sigprocmask(how, &set, &before);
    return (int)before.__bits[0];
}

int sigblock(int mask)
{
    return change_mask(SIG_BLOCK, mask);
}

int sigsetmask(int mask)
{
    return change_mask(SIG_SETMASK, mask);
}

int siggetmask(void)
{
    return sigblock(0);
}

void psignal(int signal, const char *prefix)
{
    if (prefix != NULL && *prefix != '\0')
    {
        fprintf(stderr, "%s: %s\n", prefix, strsignal(signal));
    }
    else
    {
        fprintf(stderr, "%s\n", strsignal(signal));
    }
}

void psiginfo(const siginfo_t *info, const char *prefix)
{
    psignal(info->si_signo, prefix);
}
