#include "trap.h"

#include "jobs.h"
#include "shell.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char                 *commands[signal_count];
static bool                  ignored_at_start[signal_count];
static volatile sig_atomic_t pending[signal_count];
static volatile sig_atomic_t any_pending;
static volatile sig_atomic_t interrupted;

static const struct
{
    const char *name;
    int         number;
} names[] = {
    { "EXIT", 0 }, { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL }, { "TRAP", SIGTRAP },
    { "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE }, { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
    { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
    { "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
    { "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM },
    { "PROF", SIGPROF }, { "WINCH", SIGWINCH }, { "SYS", SIGSYS },
};

int signal_number(const char *name)
{
    if (isdigit((unsigned char)*name))
    {
        char      *end    = NULL;
        const long number = strtol(name, &end, 10);
        return *end == '\0' && number < signal_count ? (int)number : -1;
    }
    if (strncasecmp(name, "SIG", 3) == 0)
    {
        name += 3;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
    {
        if (strcasecmp(names[i].name, name) == 0)
        {
            return names[i].number;
        }
    }
    return -1;
}

const char *signal_name(int number)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
    {
        if (names[i].number == number)
        {
            return names[i].name;
        }
    }
    return NULL;
}

static void note(int number)
{
    pending[number] = 1;
    any_pending     = 1;
    if (number == SIGINT && commands[SIGINT] == NULL)
    {
        interrupted = 1;
    }
}

/// Without SA_RESTART: a read at the prompt and a wait end, so that the trap can run.
static void install(int number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void learn_ignored_signals(void)
{
    for (int number = 1; number < signal_count; ++number)
    {
        struct sigaction action;
        ignored_at_start[number] = sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    }
}

void prepare_interactive_signals(void)
{
    install(SIGINT, note);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}

void become_child(bool in_background)
{
    const bool has_job_control = shell.options.job_control;
    shell.is_subshell          = true;
    for (int number = 1; number < signal_count; ++number)
    {
        if (commands[number] != NULL && *commands[number] != '\0')
        {
            signal(number, SIG_DFL);
            free(commands[number]);
            commands[number] = NULL;
        }
    }
    free(commands[exit_trap]);
    commands[exit_trap] = NULL;
    any_pending         = 0;
    if (shell.options.interactive)
    {
        static const int own[] = { SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU };
        for (size_t i = 0; i < sizeof own / sizeof own[0]; ++i)
        {
            if (commands[own[i]] == NULL)
            {
                signal(own[i], SIG_DFL);
            }
        }
    }
    shell.options.interactive = false;
    if (in_background && !has_job_control)
    {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
    }
    jobs_forget();
}

void set_trap(int number, const char *command)
{
    free(commands[number]);
    commands[number] = command == NULL ? NULL : copy_of(command);
    if (number == exit_trap || ignored_at_start[number])
    {
        return;
    }
    if (command != NULL)
    {
        install(number, *command == '\0' ? SIG_IGN : note);
    }
    else if (number == SIGINT && shell.options.interactive)
    {
        install(number, note);
    }
    else
    {
        const bool stays_ignored = shell.options.interactive && (number == SIGQUIT || number == SIGTERM);
        install(number, stays_ignored ? SIG_IGN : SIG_DFL);
    }
}

const char *get_trap(int number)
{
    return commands[number];
}

static void run(const char *command)
{
    const int status = shell.status;
    char     *copy   = copy_of(command); // it may change its own trap
    execute_text(copy);
    free(copy);
    if (shell.unwinding != unwinding_exit)
    {
        shell.status = status;
    }
}

void run_traps(void)
{
    while (any_pending && shell.unwinding == unwinding_none)
    {
        any_pending = 0;
        for (int number = 1; number < signal_count; ++number)
        {
            if (pending[number])
            {
                pending[number] = 0;
                if (commands[number] != NULL)
                {
                    run(commands[number]);
                }
            }
        }
    }
}

void run_exit_trap(void)
{
    char *command       = commands[exit_trap];
    commands[exit_trap] = NULL;
    if (command != NULL)
    {
        const int status = shell.status;
        shell.unwinding  = unwinding_none;
        execute_text(command);
        shell.status = shell.unwinding == unwinding_exit ? shell.status : status;
        free(command);
    }
}

int pending_signal(void)
{
    for (int number = 1; number < signal_count; ++number)
    {
        if (pending[number])
        {
            return number;
        }
    }
    return 0;
}

bool take_interrupt(void)
{
    const bool was_interrupted = interrupted;
    interrupted                = 0;
    if (was_interrupted)
    {
        pending[SIGINT] = 0;
    }
    return was_interrupted;
}
