// env, sleep, time, timeout, kill: programs and their ends.
#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// Does not come back.
static _Noreturn void become(char **arguments)
{
    fflush(stdout);
    execvp(arguments[0], arguments);
    const int status = errno == ENOENT ? 127 : 126;
    complain_about(arguments[0]);
    _exit(status);
}

int env_tool(int count, char **arguments)
{
    for (int option; (option = getopt(count, arguments, "+iu:")) != -1;)
    {
        static char *nothing[] = { NULL };
        switch (option)
        {
            case 'i': environ = nothing; break;
            case 'u':
                if (unsetenv(optarg) != 0)
                {
                    fail(125, "%s: %s", optarg, strerror(errno));
                }
                break;
            default: return 125;
        }
    }
    if (optind < count && strcmp(arguments[optind], "-") == 0)
    {
        static char *nothing[] = { NULL };
        environ                = nothing;
        ++optind;
    }
    for (; optind < count && strchr(arguments[optind], '=') != NULL; ++optind)
    {
        if (putenv(arguments[optind]) != 0)
        {
            fail(125, "%s: %s", arguments[optind], strerror(errno));
        }
    }
    if (optind < count)
    {
        become(arguments + optind);
    }
    for (char **variable = environ; *variable != NULL; ++variable)
    {
        puts(*variable);
    }
    return 0;
}

/// Seconds, perhaps with a fraction and a unit s, m, h or d; negative if the text is none.
static double duration(const char *text)
{
    char  *end;
    double value = strtod(text, &end);
    if (end == text || !(value >= 0))
    {
        return -1;
    }
    switch (*end)
    {
        case 's': ++end; break;
        case 'm': value *= 60, ++end; break;
        case 'h': value *= 3600, ++end; break;
        case 'd': value *= 86400, ++end; break;
    }
    return *end == '\0' ? value : -1;
}

static struct timespec time_of_duration(double seconds)
{
    const double most = 1e9;
    seconds           = seconds > most ? most : seconds;
    return (struct timespec) { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
}

int sleep_tool(int count, char **arguments)
{
    double total = 0;
    if (count < 2)
    {
        return complain("a time is wanted");
    }
    for (int i = 1; i < count; ++i)
    {
        const double one = duration(arguments[i]);
        if (one < 0)
        {
            return complain("%s: no time", arguments[i]);
        }
        total += one;
    }
    struct timespec left = time_of_duration(total);
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
    {
    }
    return 0;
}

static pid_t start(char **arguments)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child < 0)
    {
        fail(125, "%s: %s", arguments[0], strerror(errno));
    }
    if (child == 0)
    {
        become(arguments);
    }
    return child;
}

int time_tool(int count, char **arguments)
{
    for (int option; (option = getopt(count, arguments, "+p")) != -1;)
    {
        if (option == '?')
        {
            return 125;
        }
    }
    if (optind == count)
    {
        fail(125, "a command is wanted");
    }
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    const pid_t child = start(arguments + optind);
    int         status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    {
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    fprintf(stderr, "real %.2f\nuser %.2f\nsys %.2f\n", (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9,
        (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
        (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const struct
{
    const char *name;
    int         number;
} signals[] = { { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL }, { "TRAP", SIGTRAP }, { "ABRT", SIGABRT },
    { "BUS", SIGBUS }, { "FPE", SIGFPE }, { "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
    { "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM }, { "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP },
    { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU }, { "URG", SIGURG }, { "WINCH", SIGWINCH } };

enum
{
    signal_count = sizeof signals / sizeof signals[0]
};

/// A number, or a name with or without SIG; -1 if it is none.
static int signal_number(const char *text)
{
    char      *end;
    const long number = strtol(text, &end, 10);
    if (isdigit((unsigned char)*text) && *end == '\0')
    {
        return number < 65 ? (int)number : -1;
    }
    text += strncmp(text, "SIG", 3) == 0 ? 3 : 0;
    for (int i = 0; i < signal_count; ++i)
    {
        if (strcmp(signals[i].name, text) == 0)
        {
            return signals[i].number;
        }
    }
    return -1;
}

int kill_tool(int count, char **arguments)
{
    int signal = SIGTERM, next = 1;
    if (count > 1 && strcmp(arguments[1], "-l") == 0)
    {
        for (int i = 2; i < count; ++i)
        {
            const int number = signal_number(arguments[i]);
            int       which  = 0;
            while (which < signal_count && signals[which].number != (number > 128 ? number - 128 : number))
            {
                ++which;
            }
            if (which == signal_count)
            {
                return complain("%s: no signal", arguments[i]);
            }
            if (isdigit((unsigned char)arguments[i][0]))
            {
                puts(signals[which].name);
            }
            else
            {
                printf("%d\n", signals[which].number);
            }
        }
        for (int i = 0; count == 2 && i < signal_count; ++i)
        {
            puts(signals[i].name);
        }
        return 0;
    }
    if (count > 1 && arguments[1][0] == '-' && strcmp(arguments[1], "--") != 0)
    {
        const bool  separate = strcmp(arguments[1], "-s") == 0 && count > 2;
        const char *text     = separate ? arguments[2] : arguments[1] + 1;
        signal               = signal_number(text);
        next                 = separate ? 3 : 2;
        if (signal < 0)
        {
            return complain("%s: no signal; `kill -l` lists them", text);
        }
    }
    next += next < count && strcmp(arguments[next], "--") == 0;
    if (next == count)
    {
        return complain("a process is wanted");
    }
    int status = 0;
    for (; next < count; ++next)
    {
        char      *end;
        const long process = strtol(arguments[next], &end, 10);
        if (end == arguments[next] || *end != '\0')
        {
            status = complain("%s: no process number", arguments[next]);
        }
        else if (kill((pid_t)process, signal) != 0)
        {
            status = complain_about(arguments[next]);
        }
    }
    return status;
}

static volatile sig_atomic_t is_late;

static void note_alarm(int signal)
{
    (void)signal;
    is_late = 1;
}

static void set_alarm(double seconds)
{
    const struct timespec  when  = time_of_duration(seconds);
    const struct itimerval timer = { .it_value = { .tv_sec = when.tv_sec, .tv_usec = when.tv_nsec / 1000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
}

int timeout_tool(int count, char **arguments)
{
    int    signal = SIGTERM;
    double grace  = 0;
    for (int option; (option = getopt(count, arguments, "+k:s:")) != -1;)
    {
        switch (option)
        {
            case 'k': grace = duration(optarg); break;
            case 's': signal = signal_number(optarg); break;
            default: return 125;
        }
    }
    const double limit = count - optind < 2 ? -1 : duration(arguments[optind]);
    if (limit < 0 || grace < 0 || signal < 0)
    {
        fail(125, "[-k TIME] [-s SIGNAL] TIME COMMAND is wanted");
    }
    struct sigaction action = { .sa_handler = note_alarm }; // no SA_RESTART: it ends the wait
    sigaction(SIGALRM, &action, NULL);
    const pid_t child = start(arguments + optind + 1);
    if (limit > 0)
    {
        set_alarm(limit);
    }
    int  status;
    bool was_late = false, was_killed = false;
    while (waitpid(child, &status, 0) < 0)
    {
        if (is_late != 0)
        {
            is_late    = 0;
            was_killed = was_late || signal == SIGKILL;
            kill(child, was_late ? SIGKILL : signal);
            kill(child, SIGCONT);
            was_late = true;
            if (grace > 0)
            {
                set_alarm(grace);
            }
        }
    }
    if (was_late)
    {
        return was_killed ? 137 : 124;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
