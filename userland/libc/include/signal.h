#ifndef _SIGNAL_H
#define _SIGNAL_H

#include <bits/signal-set.h>
#include <bits/thread-types.h>

__C_BEGIN

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGIOT SIGABRT
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPOLL SIGIO
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 35
#define SIGRTMAX 64
#define NSIG 65
#define _NSIG NSIG

#define SIG_ERR ((void (*)(int)) - 1)
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 1
#define SA_NOCLDWAIT 2
#define SA_SIGINFO 4
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_NOMASK SA_NODEFER
#define SA_RESETHAND 0x80000000
#define SA_ONESHOT SA_RESETHAND

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

typedef int sig_atomic_t;
typedef void (*sighandler_t)(int);
typedef sighandler_t __sighandler_t;

union sigval
{
    int sival_int;
    void *sival_ptr;
};

typedef struct
{
    int si_signo;
    int si_errno;
    int si_code;
    int __padding;
    union
    {
        char __bytes[112];
        struct
        {
            pid_t __pid;
            uid_t __uid;
            union
            {
                union sigval __value;
                struct
                {
                    int __status;
                    clock_t __utime;
                    clock_t __stime;
                } __child;
            } __more;
        } __sender;
        struct
        {
            void *__address;
        } __fault;
        struct
        {
            int __timer;
            int __overrun;
            union sigval __value;
        } __timer;
    } __u;
} siginfo_t;

#define si_pid __u.__sender.__pid
#define si_uid __u.__sender.__uid
#define si_status __u.__sender.__more.__child.__status
#define si_utime __u.__sender.__more.__child.__utime
#define si_stime __u.__sender.__more.__child.__stime
#define si_value __u.__sender.__more.__value
#define si_int si_value.sival_int
#define si_ptr si_value.sival_ptr
#define si_addr __u.__fault.__address

struct sigaction
{
    union
    {
        void (*__handler)(int);
        void (*__action)(int, siginfo_t *, void *);
    } __u;
    sigset_t sa_mask;
    int sa_flags;
};
#define sa_handler __u.__handler
#define sa_sigaction __u.__action

typedef struct
{
    void *ss_sp;
    int ss_flags;
    size_t ss_size;
} stack_t;

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1

struct sigevent
{
    union sigval sigev_value;
    int sigev_signo;
    int sigev_notify;
    void (*sigev_notify_function)(union sigval);
    pthread_attr_t *sigev_notify_attributes;
    long __reserved[4];
};

#define REG_R8 0
#define REG_R9 1
#define REG_R10 2
#define REG_R11 3
#define REG_R12 4
#define REG_R13 5
#define REG_R14 6
#define REG_R15 7
#define REG_RDI 8
#define REG_RSI 9
#define REG_RBP 10
#define REG_RBX 11
#define REG_RDX 12
#define REG_RAX 13
#define REG_RCX 14
#define REG_RSP 15
#define REG_RIP 16
#define REG_EFL 17

typedef struct
{
    long gregs[23];
    void *fpregs;
    unsigned long __reserved[8];
} mcontext_t;

typedef struct __ucontext
{
    unsigned long uc_flags;
    struct __ucontext *uc_link;
    stack_t uc_stack;
    mcontext_t uc_mcontext;
    sigset_t uc_sigmask;
} ucontext_t;

void (*signal(int, void (*)(int)))(int);
int raise(int);
int kill(pid_t, int);
int killpg(pid_t, int);
int sigaction(int, const struct sigaction *__restrict, struct sigaction *__restrict);
int sigaltstack(const stack_t *__restrict, stack_t *__restrict);
int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigaddset(sigset_t *, int);
int sigdelset(sigset_t *, int);
int sigismember(const sigset_t *, int);
int sigisemptyset(const sigset_t *);
int siginterrupt(int, int);
int sigpending(sigset_t *);
int sigprocmask(int, const sigset_t *__restrict, sigset_t *__restrict);
int sigqueue(pid_t, int, union sigval);
int sigsuspend(const sigset_t *);
int sigtimedwait(const sigset_t *__restrict, siginfo_t *__restrict, const struct timespec *__restrict);
int sigwait(const sigset_t *__restrict, int *__restrict);
int sigwaitinfo(const sigset_t *__restrict, siginfo_t *__restrict);
int sigblock(int);
int sigsetmask(int);
int siggetmask(void);
#define sigmask(signal) (1 << ((signal)-1))
void psignal(int, const char *);
void psiginfo(const siginfo_t *, const char *);
int pthread_kill(pthread_t, int);
int pthread_sigmask(int, const sigset_t *__restrict, sigset_t *__restrict);

extern const char *const sys_siglist[NSIG];

__C_END

#endif
