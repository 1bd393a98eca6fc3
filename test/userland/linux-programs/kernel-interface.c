// What Linux promises an ordinary program beyond what shells use: threads, signal handlers, faults, shared memory, timers. Its output is the
// same on Linux.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

extern char **environ;

static const char *why;

/// The result of a call, its error kept.
static long result(long value)
{
    why = value == -1 ? strerror(errno) : "no error";
    return value;
}

static const char *is(int holds)
{
    return holds ? "yes" : "NO";
}

// ---- Threads ------------------------------------------------------------------------------------------------------------------

static pthread_mutex_t lock  = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  ready = PTHREAD_COND_INITIALIZER;
static int             counter, turn;
static __thread int    own;

static void *count(void *argument)
{
    for (int i = 0; i < 2000; ++i)
    {
        pthread_mutex_lock(&lock);
        ++counter;
        pthread_mutex_unlock(&lock);
        own += i % 2;
    }
    return (void *)(intptr_t)(own + (int)(intptr_t)argument);
}

static void *take_turns(void *argument)
{
    const int me = (int)(intptr_t)argument;
    for (int i = 0; i < 50; ++i)
    {
        pthread_mutex_lock(&lock);
        while (turn % 2 != me)
            pthread_cond_wait(&ready, &lock);
        ++turn;
        pthread_cond_broadcast(&ready);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[4];
    int       sum = 0;
    for (int i = 0; i < 4; ++i)
        pthread_create(&threads[i], NULL, count, (void *)(intptr_t)i);
    for (int i = 0; i < 4; ++i)
    {
        void *result;
        pthread_join(threads[i], &result);
        sum += (int)(intptr_t)result;
    }
    printf("threads: %d counted, %d in their own storage, main's %d\n", counter, sum, own);
    for (int i = 0; i < 2; ++i)
        pthread_create(&threads[i], NULL, take_turns, (void *)(intptr_t)i);
    for (int i = 0; i < 2; ++i)
        pthread_join(threads[i], NULL);
    printf("turns: %d\n", turn);

    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000;
    if (until.tv_nsec >= 1000000000)
        until.tv_sec += 1, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&lock);
    printf("timed wait: %s\n", strerror(pthread_cond_timedwait(&ready, &lock, &until)));
    pthread_mutex_unlock(&lock);

    pthread_mutexattr_t robust;
    pthread_mutexattr_init(&robust);
    pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
    static pthread_mutex_t left;
    pthread_mutex_init(&left, &robust);
    pthread_create(&threads[0], NULL, (void *(*)(void *))pthread_mutex_lock, &left);
    pthread_join(threads[0], NULL);
    printf("a dead owner's lock: %s\n", strerror(pthread_mutex_lock(&left)));
}

// ---- Signals ------------------------------------------------------------------------------------------------------------------

static sigjmp_buf             back;
static volatile sig_atomic_t  caught;
static volatile siginfo_t     information;
static volatile double        in_handler = 1.5;

static void note(int number, siginfo_t *given, void *context)
{
    (void)context;
    caught      = number;
    information = *given;
    for (int i = 0; i < 20; ++i)
        in_handler = in_handler * 1.0001 + 0.5;
}

static void jump(int number, siginfo_t *given, void *context)
{
    note(number, given, context);
    siglongjmp(back, 1);
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = handler;
    action.sa_flags     = SA_SIGINFO | flags;
    sigaction(number, &action, NULL);
}

static volatile int zero;
static int          sink;

static void overflow_stack(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    overflow_stack(depth + 1);
    sink += room[0];
}

static void skip_instruction(int number, siginfo_t *given, void *context)
{
    (void)number, (void)given;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2; // UD2
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RBX] = 77;
}

static void test_faults(void)
{
    handle(SIGSEGV, jump, SA_ONSTACK);
    if (sigsetjmp(back, 1) == 0)
        *(volatile int *)0x123450 = 1;
    printf("write to nowhere: %s, address %p, code %d\n", strsignal(caught), information.si_addr, information.si_code);
    if (sigsetjmp(back, 1) == 0)
        *(volatile char *)test_faults = 1;
    printf("write to code: code %d, address right: %s\n", information.si_code, is(information.si_addr == (void *)test_faults));
    handle(SIGFPE, jump, 0);
    if (sigsetjmp(back, 1) == 0)
        asm volatile("cltd\n\tidivl %1" : "+a"(sink) : "m"(zero) : "edx");
    printf("division by zero: %s, code %d\n", strsignal(caught), information.si_code);
    handle(SIGILL, jump, 0);
    if (sigsetjmp(back, 1) == 0)
        asm volatile("ud2");
    printf("undefined instruction: %s, code %d\n", strsignal(caught), information.si_code);
    handle(SIGTRAP, note, 0);
    asm volatile("int3");
    printf("breakpoint: %s\n", strsignal(caught));
    handle(SIGILL, skip_instruction, 0);
    long rbx;
    asm volatile("movl $1, %%ebx\n\tud2" : "=b"(rbx));
    printf("a handler changed RIP and RBX: %ld\n", rbx);

    stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
    sigaltstack(&stack, NULL);
    if (sigsetjmp(back, 1) == 0)
        overflow_stack(0);
    printf("stack overflow: %s on the alternate stack\n", strsignal(caught));
    signal(SIGSEGV, SIG_DFL);
    int status;
    if (fork() == 0)
        *(volatile int *)8 = 1;
    wait(&status);
    printf("without handler: signal %d\n", WTERMSIG(status));
    signal(SIGFPE, SIG_DFL);
    signal(SIGILL, SIG_DFL);
}

static void test_signals(void)
{
    handle(SIGUSR1, note, 0);
    double before = 1.25, sum = 0;
    for (int i = 0; i < 10; ++i)
    {
        sum += before * i;
        raise(SIGUSR1);
        sum -= before / (i + 1);
    }
    printf("floating point across handlers: %.10f\n", sum);

    union sigval value = { .sival_int = 4711 };
    sigqueue(getpid(), SIGUSR1, value);
    printf("queued: code %d, value %d, from itself: %s\n", information.si_code, information.si_value.sival_int,
        is(information.si_pid == getpid()));

    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    caught = 0;
    kill(getpid(), SIGUSR1);
    sigpending(&pending);
    printf("blocked: caught %d, pending %d\n", caught, sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("unblocked: caught %s\n", is(caught == SIGUSR1));

    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGUSR1);
    siginfo_t taken;
    printf("sigwaitinfo: %d\n", sigwaitinfo(&set, &taken) == SIGUSR1);
    struct timespec soon = { 0, 1000000 };
    printf("sigtimedwait: %d\n", sigtimedwait(&set, &taken, &soon) == -1 && errno == EAGAIN);
    sigprocmask(SIG_SETMASK, &old, NULL);

    handle(SIGALRM, note, 0);
    const struct itimerval timer = { .it_value = { 0, 2000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    char      byte;
    int       ends[2];
    pipe(ends);
    const long got = read(ends[0], &byte, 1);
    result(got);
    printf("interrupted read: %ld, %s\n", got, why);
    handle(SIGALRM, note, SA_RESTART);
    caught = 0;
    const struct itimerval later = { .it_value = { 0, 30000 } };
    setitimer(ITIMER_REAL, &later, NULL);
    if (fork() == 0)
    {
        usleep(100000);
        write(ends[1], "x", 1);
        _exit(0);
    }
    result(read(ends[0], &byte, 1));
    printf("restarted read: %s, %s\n", why, is(caught == SIGALRM));
    wait(NULL);

    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    result(write(ends[1], "x", 1));
    printf("a pipe without reader: %s\n", why);
    close(ends[1]);
}

// ---- Processes and memory --------------------------------------------------------------------------------------------------------

static void test_memory(void)
{
    int *shared  = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *shared = *private = 1;
    if (fork() == 0)
    {
        *shared  = 2;
        *private = 2;
        _exit(0);
    }
    wait(NULL);
    printf("after fork: shared %d, private %d\n", *shared, *private);

    char *large = malloc(300000);
    memset(large, 'm', 300000);
    large = realloc(large, 5000000);
    large[4999999] = 1;
    printf("realloc: %c%c\n", large[0], large[299999]);
    free(large);

    const int file = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    write(file, "some text", 9);
    char *text = mmap(NULL, 9, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    text[0]    = 'S';
    char again[10] = "";
    pread(file, again, 9, 0);
    printf("private file mapping: %.9s, file: %s, behind it: %d\n", text, again, text[9]);
    munmap(text, 9);
    close(file);
    unlink("mapped");

    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 7, 3 * 4096);
    madvise(pages, 4096, MADV_DONTNEED);
    printf("DONTNEED: %d %d\n", pages[0], pages[4096]);
    printf("mprotect: %d\n", mprotect(pages, 4096, PROT_NONE));
    result(write(1, pages, 1));
    printf("write(2) from there: %s\n", why);
    munmap(pages, 4096);
    printf("munmap twice: %d\n", munmap(pages, 4096));
    result((long)mmap(NULL, 1ul << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    printf("too much: %s\n", why);
}

static void test_processes(char *self)
{
    pid_t  child;
    char  *arguments[] = { self, "child", "of spawn", NULL };
    int    status;
    posix_spawn(&child, self, NULL, NULL, arguments, environ);
    waitpid(child, &status, 0);
    printf("spawned: %d\n", WEXITSTATUS(status));

    child = vfork();
    if (child == 0)
    {
        execl(self, self, "child", "of vfork", NULL);
        _exit(127);
    }
    waitpid(child, &status, 0);
    printf("vfork: %d\n", WEXITSTATUS(status));

    child = fork();
    if (child == 0)
    {
        raise(SIGSTOP);
        _exit(9);
    }
    siginfo_t report;
    waitid(P_PID, (id_t)child, &report, WSTOPPED);
    printf("stopped: code %d, status %d\n", report.si_code, report.si_status);
    kill(child, SIGCONT);
    waitid(P_PID, (id_t)child, &report, WCONTINUED);
    printf("continued: code %d\n", report.si_code);
    waitid(P_PID, (id_t)child, &report, WEXITED | WNOWAIT);
    waitid(P_PID, (id_t)child, &report, WEXITED);
    printf("exited: code %d, status %d\n", report.si_code, report.si_status);
    result(waitid(P_PID, (id_t)child, &report, WEXITED));
    printf("and then: %s\n", why);

    child = fork();
    if (child == 0)
    {
        printf("setsid: %s\n", is(setsid() == getpid()));
        printf("its group: %s\n", is(getpgrp() == getpid()));
            _exit(0);
    }
    waitpid(child, NULL, 0);

    const int many = 30;
    int       sum  = 0;
    for (int i = 0; i < many; ++i)
        if (fork() == 0)
            _exit(i);
    for (int i = 0; i < many; ++i)
    {
        wait(&status);
        sum += WEXITSTATUS(status);
    }
    printf("children: %d, then %s\n", sum, wait(&status) == -1 ? strerror(errno) : "another");

    struct rlimit files = { 5, 5 };
    if (fork() == 0)
    {
        setrlimit(RLIMIT_NOFILE, &files);
        int descriptor = 0;
        while ((descriptor = open("/dev/null", O_RDONLY)) >= 0 && descriptor < 100)
        {
        }
        printf("limit of files: %s\n", strerror(errno));
            _exit(0);
    }
    wait(NULL);

    printf("bad pointers: %ld %ld %ld %ld\n", syscall(SYS_write, 1, 8, 1), syscall(SYS_execve, 8, 0, 0),
        syscall(SYS_rt_sigaction, SIGUSR1, 8, 0, 8), syscall(SYS_clock_gettime, 0, -1));
    result(syscall(511));
    printf("unknown call: %s\n", why);
}

int main(int count, char **arguments)
{
    if (count > 1)
    {
        printf("a child %s\n", arguments[2]);
        return count + 3;
    }
    setvbuf(stdout, NULL, _IOLBF, 1 << 16); // nothing is left over at a fork
    test_threads();
    test_faults();
    test_signals();
    test_memory();
    test_processes(arguments[0]);
    return 0;
}
