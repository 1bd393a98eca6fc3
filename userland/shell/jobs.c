#include "jobs.h"

#include "redirect.h"
#include "shell.h"
#include "trap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum process_state
{
    process_running,
    process_stopped,
    process_ended,
};

struct process
{
    pid_t              number;
    enum process_state state;
    int                status; ///< as waitpid gave it
};

struct job
{
    int             number;
    pid_t           group; ///< 0 without job control
    struct process *processes;
    size_t          count;
    char           *text;
    bool            in_background;
    bool            is_news; ///< its state has changed since it was said
    struct job     *next;
};

static struct job    *jobs; ///< the one used last first
static int            terminal = -1;
static pid_t          shell_group;
static struct termios shell_modes;

/// Statuses of ended processes whose jobs are gone, for `wait`.
enum
{
    remembered_count = 32
};
static struct process remembered[remembered_count];
static size_t         next_remembered;

bool jobs_take_terminal(void)
{
    terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (terminal < 0)
    {
        terminal = dup(STDERR_FILENO);
    }
    terminal = move_away(terminal);
    while (terminal >= 0)
    {
        const pid_t foreground = tcgetpgrp(terminal);
        shell_group            = getpgrp();
        if (foreground < 0)
        {
            break;
        }
        if (foreground == shell_group)
        {
            signal(SIGTSTP, SIG_IGN);
            signal(SIGTTIN, SIG_IGN);
            signal(SIGTTOU, SIG_IGN);
            setpgid(0, 0); // fails for the leader of a session, which leads its group already
            shell_group = getpgrp();
            tcsetpgrp(terminal, shell_group);
            tcgetattr(terminal, &shell_modes);
            return true;
        }
        kill(0, SIGTTIN); // until somebody puts the shell into the foreground
    }
    close(terminal);
    terminal = -1;
    return false;
}

static enum process_state state_of(const struct job *job)
{
    enum process_state state = process_ended;
    for (size_t i = 0; i < job->count; ++i)
    {
        if (job->processes[i].state == process_running)
        {
            return process_running;
        }
        if (job->processes[i].state == process_stopped)
        {
            state = process_stopped;
        }
    }
    return state;
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status)
        : WIFSTOPPED(status) ? 128 + WSTOPSIG(status)
                             : 128 + WTERMSIG(status);
}

/// Of the last process; with pipefail, of the last that failed. A stopped one tells why.
static int job_status(const struct job *job)
{
    int status = 0;
    for (size_t i = 0; i < job->count; ++i)
    {
        const int each = exit_status(job->processes[i].status);
        if (job->processes[i].state == process_stopped)
        {
            return each;
        }
        if (each != 0 || !shell.options.pipe_failure)
        {
            status = each;
        }
    }
    return status;
}

struct job *job_new(const char *text, bool in_background)
{
    struct job *job = allocate(sizeof *job);
    *job            = (struct job) { .text = copy_of(text), .in_background = in_background };
    for (const struct job *other = jobs; other != NULL; other = other->next)
    {
        job->number = other->number > job->number ? other->number : job->number;
    }
    ++job->number;
    job->next = jobs;
    jobs      = job;
    return job;
}

static void job_free(struct job *job)
{
    for (struct job **link = &jobs; *link != NULL; link = &(*link)->next)
    {
        if (*link == job)
        {
            *link = job->next;
            break;
        }
    }
    for (size_t i = 0; i < job->count && job->in_background; ++i)
    {
        remembered[next_remembered++ % remembered_count] = job->processes[i];
    }
    free(job->processes);
    free(job->text);
    free(job);
}

pid_t job_fork(struct job *job)
{
    fflush(NULL);
    const bool  has_group = shell.options.job_control;
    const pid_t process   = fork();
    if (process < 0)
    {
        report("cannot start a process: %s", strerror(errno));
        return -1;
    }
    const pid_t number = process == 0 ? getpid() : process;
    const pid_t group  = job->group != 0 ? job->group : number;
    if (has_group)
    {
        // Both do it, so that neither depends on who comes first.
        setpgid(number, group);
        if (!job->in_background && terminal >= 0)
        {
            tcsetpgrp(terminal, group);
        }
    }
    if (process == 0)
    {
        become_child(job->in_background);
        return 0;
    }
    if (has_group)
    {
        job->group = group;
    }
    job->processes               = reallocate(job->processes, (job->count + 1) * sizeof *job->processes);
    job->processes[job->count++] = (struct process) { .number = process };
    return process;
}

void jobs_forget(void)
{
    while (jobs != NULL)
    {
        job_free(jobs);
    }
    shell.options.job_control = false;
}

/// Writes down what waitpid said.
static void record(pid_t number, int status)
{
    for (struct job *job = jobs; job != NULL; job = job->next)
    {
        for (size_t i = 0; i < job->count; ++i)
        {
            struct process *process = &job->processes[i];
            if (process->number == number && process->state != process_ended)
            {
                process->status = status;
                process->state  = WIFSTOPPED(status) ? process_stopped
                     : WIFCONTINUED(status)          ? process_running
                                                     : process_ended;
                job->is_news    = state_of(job) != process_running;
                return;
            }
        }
    }
}

static void take_terminal_back(void)
{
    if (terminal >= 0 && shell.options.job_control)
    {
        tcsetpgrp(terminal, shell_group);
        tcsetattr(terminal, TCSADRAIN, &shell_modes);
    }
}

static void say_signal(const struct job *job)
{
    const int status = job->count == 0 ? 0 : job->processes[job->count - 1].status;
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGINT && WTERMSIG(status) != SIGPIPE)
    {
        fprintf(stderr, "%s\n", strsignal(WTERMSIG(status)));
    }
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT && shell.options.interactive)
    {
        fputc('\n', stderr);
    }
}

int job_wait(struct job *job)
{
    while (state_of(job) == process_running)
    {
        int         status = 0;
        const pid_t number = waitpid(-1, &status, shell.options.job_control ? WUNTRACED : 0);
        if (number > 0)
        {
            record(number, status);
        }
        else if (errno == ECHILD)
        {
            break;
        }
    }
    take_terminal_back();
    const int status = job_status(job);
    if (state_of(job) == process_stopped)
    {
        job->in_background = true;
        job->is_news       = true;
        fputc('\n', stderr);
        jobs_report();
        return status;
    }
    say_signal(job);
    job_free(job);
    return status;
}

void job_leave(struct job *job)
{
    if (job->count == 0)
    {
        job_free(job);
        return;
    }
    job->in_background    = true;
    shell.last_background = job->processes[job->count - 1].number;
    if (shell.options.interactive)
    {
        fprintf(stderr, "[%d] %d\n", job->number, (int)shell.last_background);
    }
}

void jobs_update(void)
{
    int   status = 0;
    pid_t number = 0;
    while ((number = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
    {
        record(number, status);
    }
}

static void print_job(const struct job *job, enum job_listing listing, FILE *stream)
{
    if (listing == list_only_groups)
    {
        fprintf(stream, "%d\n", (int)job_group(job));
        return;
    }
    const int   last  = job->count == 0 ? 0 : job->processes[job->count - 1].status;
    char        state[64];
    switch (state_of(job))
    {
        case process_running: snprintf(state, sizeof state, "Running"); break;
        case process_stopped: snprintf(state, sizeof state, "Stopped"); break;
        case process_ended:
            if (WIFSIGNALED(last))
            {
                snprintf(state, sizeof state, "%s", strsignal(WTERMSIG(last)));
            }
            else if (WEXITSTATUS(last) != 0)
            {
                snprintf(state, sizeof state, "Done(%d)", WEXITSTATUS(last));
            }
            else
            {
                snprintf(state, sizeof state, "Done");
            }
            break;
    }
    const char mark = job == jobs ? '+' : jobs != NULL && job == jobs->next ? '-' : ' ';
    fprintf(stream, "[%d] %c ", job->number, mark);
    if (listing == list_processes)
    {
        fprintf(stream, "%d ", (int)job_group(job));
    }
    fprintf(stream, "%-10s %s\n", state, job->text);
}

void jobs_report(void)
{
    for (struct job *job = jobs, *next = NULL; job != NULL; job = next)
    {
        next = job->next;
        if (job->is_news && job->in_background)
        {
            job->is_news = false;
            if (shell.options.interactive)
            {
                print_job(job, list_ordinary, stderr);
            }
            if (state_of(job) == process_ended)
            {
                job_free(job);
            }
        }
    }
}

void jobs_print(enum job_listing listing)
{
    jobs_update();
    int highest = 0;
    for (const struct job *job = jobs; job != NULL; job = job->next)
    {
        highest = job->number > highest ? job->number : highest;
    }
    for (int number = 1; number <= highest; ++number)
    {
        for (struct job *job = jobs, *next = NULL; job != NULL; job = next)
        {
            next = job->next;
            if (job->number == number && job->in_background)
            {
                job->is_news = false;
                print_job(job, listing, stdout);
                if (state_of(job) == process_ended)
                {
                    job_free(job);
                }
            }
        }
    }
}

struct job *job_find(const char *name, const char *command)
{
    jobs_update();
    if (name == NULL || strcmp(name, "%%") == 0 || strcmp(name, "%+") == 0 || strcmp(name, "%") == 0)
    {
        if (jobs == NULL)
        {
            report("%s: there is no job", command);
        }
        return jobs;
    }
    struct job *found = NULL;
    for (struct job *job = jobs; job != NULL && name[0] == '%'; job = job->next)
    {
        const bool matches = name[1] == '-' && name[2] == '\0' ? jobs != NULL && job == jobs->next
            : name[1] >= '0' && name[1] <= '9'                 ? job->number == atoi(name + 1)
            : name[1] == '?'                                   ? strstr(job->text, name + 2) != NULL
                                                               : strncmp(job->text, name + 1, strlen(name + 1)) == 0;
        if (matches && found == NULL)
        {
            found = job;
        }
    }
    if (found == NULL)
    {
        report("%s: %s: there is no such job", command, name);
    }
    return found;
}

pid_t job_group(const struct job *job)
{
    return job->group != 0 ? job->group : job->count == 0 ? 0 : job->processes[0].number;
}

int job_continue(struct job *job, bool in_foreground)
{
    for (size_t i = 0; i < job->count; ++i)
    {
        if (job->processes[i].state == process_stopped)
        {
            job->processes[i].state = process_running;
        }
    }
    job->is_news       = false;
    job->in_background = !in_foreground;
    if (in_foreground)
    {
        puts(job->text);
        fflush(stdout);
        if (terminal >= 0)
        {
            tcsetpgrp(terminal, job_group(job));
        }
    }
    else
    {
        printf("[%d] %s\n", job->number, job->text);
    }
    kill(shell.options.job_control ? -job_group(job) : job_group(job), SIGCONT);
    return in_foreground ? job_wait(job) : 0;
}

/// One more child has changed; false if there is none, or a trap's signal has come.
static bool wait_for_news(void)
{
    int         status = 0;
    const pid_t number = waitpid(-1, &status, 0);
    if (number > 0)
    {
        record(number, status);
    }
    return number > 0;
}

int wait_for_process(pid_t number)
{
    for (;;)
    {
        bool is_known = false;
        for (struct job *job = jobs; job != NULL; job = job->next)
        {
            for (size_t i = 0; i < job->count; ++i)
            {
                if (job->processes[i].number != number)
                {
                    continue;
                }
                if (job->processes[i].state == process_ended)
                {
                    const int status = exit_status(job->processes[i].status);
                    if (state_of(job) == process_ended)
                    {
                        job_free(job);
                    }
                    return status;
                }
                is_known = true;
            }
        }
        for (size_t i = 0; i < remembered_count && !is_known; ++i)
        {
            if (remembered[i].number == number)
            {
                return exit_status(remembered[i].status);
            }
        }
        if (!is_known)
        {
            return 127;
        }
        if (!wait_for_news())
        {
            return 128 + pending_signal();
        }
    }
}

int wait_for_all(void)
{
    for (;;)
    {
        bool is_running = false;
        for (struct job *job = jobs, *next = NULL; job != NULL; job = next)
        {
            next = job->next;
            if (state_of(job) == process_ended)
            {
                job_free(job);
            }
            else
            {
                is_running = is_running || state_of(job) == process_running;
            }
        }
        if (!is_running)
        {
            return 0;
        }
        if (!wait_for_news())
        {
            return pending_signal() == 0 ? 0 : 128 + pending_signal();
        }
    }
}

bool has_stopped_jobs(void)
{
    for (const struct job *job = jobs; job != NULL; job = job->next)
    {
        if (state_of(job) == process_stopped)
        {
            return true;
        }
    }
    return false;
}

// ---- What `jobs` shows ---------------------------------------------------------------------------------------------

static void describe_words(const struct word *words, struct text *text)
{
    for (; words != NULL; words = words->next)
    {
        text_add(text, words->text);
        if (words->next != NULL)
        {
            text_add_character(text, ' ');
        }
    }
}

void describe_command(const struct node *node, struct text *text)
{
    switch (node->kind)
    {
        case node_simple: describe_words(node->words, text); break;
        case node_pipeline:
            for (const struct node *each = node->left; each != NULL; each = each->next)
            {
                describe_command(each, text);
                text_add(text, each->next == NULL ? "" : " | ");
            }
            break;
        case node_and:
        case node_or:
        case node_sequence:
            describe_command(node->left, text);
            text_add(text, node->kind == node_and ? " && " : node->kind == node_or ? " || " : "; ");
            describe_command(node->right, text);
            break;
        case node_background:
            describe_command(node->left, text);
            text_add(text, " &");
            break;
        case node_group: text_add(text, "{ … }"); break;
        case node_subshell:
            text_add(text, "(");
            describe_command(node->left, text);
            text_add(text, ")");
            break;
        case node_if: text_add(text, "if … fi"); break;
        case node_while: text_add(text, "while … done"); break;
        case node_until: text_add(text, "until … done"); break;
        case node_for: text_add(text, "for … done"); break;
        case node_case: text_add(text, "case … esac"); break;
        case node_function:
            text_add(text, node->name);
            text_add(text, "()");
            break;
    }
}
