// Starting programs: posix_spawn, and system and popen on top of it.
#include "../internal/file.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum action
{
    action_open,
    action_close,
    action_duplicate,
    action_directory,
    action_descriptor_directory,
};

struct __spawn_action
{
    struct __spawn_action *next;
    enum action action;
    int descriptor, from;
    int flags;
    mode_t mode;
    char path[];
};

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
    actions->__first = actions->__last = NULL;
    return 0;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
    for (struct __spawn_action *action = actions->__first; action != NULL;)
    {
        struct __spawn_action *next = action->next;
        free(action);
        action = next;
    }
    actions->__first = actions->__last = NULL;
    return 0;
}

static int add_action(posix_spawn_file_actions_t *actions, struct __spawn_action values, const char *path)
{
    if (values.descriptor < 0 || values.from < 0)
    {
        return EBADF;
    }
    struct __spawn_action *action = malloc(sizeof *action + strlen(path) + 1);
    if (action == NULL)
    {
        return ENOMEM;
    }
    *action = values;
    strcpy(action->path, path);
    if (actions->__last != NULL)
    {
        actions->__last->next = action;
    }
    else
    {
        actions->__first = action;
    }
    actions->__last = action;
    return 0;
}

int posix_spawn_file_actions_addopen(
    posix_spawn_file_actions_t *restrict actions, int descriptor, const char *restrict path, int flags, mode_t mode)
{
    return add_action(actions,
        (struct __spawn_action) { .action = action_open, .descriptor = descriptor, .flags = flags, .mode = mode }, path);
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int descriptor)
{
    return add_action(actions, (struct __spawn_action) { .action = action_close, .descriptor = descriptor }, "");
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int descriptor)
{
    return add_action(
        actions, (struct __spawn_action) { .action = action_duplicate, .from = from, .descriptor = descriptor }, "");
}

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict actions, const char *restrict path)
{
    return add_action(actions, (struct __spawn_action) { .action = action_directory }, path);
}

int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *actions, int descriptor)
{
    return add_action(
        actions, (struct __spawn_action) { .action = action_descriptor_directory, .descriptor = descriptor }, "");
}

int posix_spawnattr_init(posix_spawnattr_t *attributes)
{
    memset(attributes, 0, sizeof *attributes);
    return 0;
}

int posix_spawnattr_destroy(posix_spawnattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int posix_spawnattr_getflags(const posix_spawnattr_t *restrict attributes, short *restrict flags)
{
    *flags = attributes->__flags;
    return 0;
}

int posix_spawnattr_setflags(posix_spawnattr_t *attributes, short flags)
{
    if (flags
        & ~(POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID))
    {
        return EINVAL;
    }
    attributes->__flags = flags;
    return 0;
}

int posix_spawnattr_getpgroup(const posix_spawnattr_t *restrict attributes, pid_t *restrict group)
{
    *group = attributes->__group;
    return 0;
}

int posix_spawnattr_setpgroup(posix_spawnattr_t *attributes, pid_t group)
{
    attributes->__group = group;
    return 0;
}

int posix_spawnattr_getsigdefault(const posix_spawnattr_t *restrict attributes, sigset_t *restrict signals)
{
    *signals = attributes->__defaults;
    return 0;
}

int posix_spawnattr_setsigdefault(posix_spawnattr_t *restrict attributes, const sigset_t *restrict signals)
{
    attributes->__defaults = *signals;
    return 0;
}

int posix_spawnattr_getsigmask(const posix_spawnattr_t *restrict attributes, sigset_t *restrict signals)
{
    *signals = attributes->__mask;
    return 0;
}

int posix_spawnattr_setsigmask(posix_spawnattr_t *restrict attributes, const sigset_t *restrict signals)
{
    attributes->__mask = *signals;
    return 0;
}

// The child.

static int run_action(const struct __spawn_action *action)
{
    switch (action->action)
    {
    case action_open: {
        const int opened = open(action->path, action->flags, action->mode);
        if (opened < 0)
        {
            return -1;
        }
        if (opened == action->descriptor)
        {
            return 0;
        }
        const int outcome = dup2(opened, action->descriptor);
        close(opened);
        return outcome;
    }
    case action_close: close(action->descriptor); return 0;
    case action_duplicate:
        if (action->from == action->descriptor)
        {
            const int flags = fcntl(action->from, F_GETFD);
            return flags < 0 ? -1 : fcntl(action->from, F_SETFD, flags & ~FD_CLOEXEC);
        }
        return dup2(action->from, action->descriptor);
    case action_directory: return chdir(action->path);
    case action_descriptor_directory: return fchdir(action->descriptor);
    }
    return -1;
}

/// Prepares the child as asked; false with errno set if that fails.
static bool prepare_child(const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, int report)
{
    const int flags = attributes != NULL ? attributes->__flags : 0;
    // What the parent catches would be caught by code the new program does not have; exec resets it.
    if (flags & POSIX_SPAWN_SETSIGDEF)
    {
        for (int signal = 1; signal < 65; signal++)
        {
            if (sigismember(&attributes->__defaults, signal) == 1)
            {
                const struct sigaction by_default = { .sa_handler = SIG_DFL };
                sigaction(signal, &by_default, NULL);
            }
        }
    }
    if (flags & POSIX_SPAWN_SETSIGMASK && sigprocmask(SIG_SETMASK, &attributes->__mask, NULL) < 0)
    {
        return false;
    }
    if (flags & POSIX_SPAWN_SETSID && setsid() < 0)
    {
        return false;
    }
    if (flags & POSIX_SPAWN_SETPGROUP && setpgid(0, attributes->__group) < 0)
    {
        return false;
    }
    if (flags & POSIX_SPAWN_RESETIDS && (setegid(getgid()) < 0 || seteuid(getuid()) < 0))
    {
        return false;
    }
    for (const struct __spawn_action *action = actions != NULL ? actions->__first : NULL; action != NULL;
         action                              = action->next)
    {
        if (action->action != action_directory && action->descriptor == report)
        {
            errno = EBADF; // the descriptor that reports to the parent is not the program's
            return false;
        }
        if (run_action(action) < 0)
        {
            return false;
        }
    }
    return true;
}

/// A descriptor that no file action names: the pipe's writing end moves above them.
static int above_actions(int descriptor, const posix_spawn_file_actions_t *actions)
{
    int highest = 2;
    for (const struct __spawn_action *action = actions != NULL ? actions->__first : NULL; action != NULL;
         action                              = action->next)
    {
        highest = action->descriptor > highest ? action->descriptor : highest;
        highest = action->from > highest ? action->from : highest;
    }
    if (descriptor > highest)
    {
        return descriptor;
    }
    const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, highest + 1);
    if (moved >= 0)
    {
        close(descriptor);
    }
    return moved;
}

typedef int execute_t(const char *, char *const[], char *const[]);

/// The result is an error number. A child that cannot start the program says why through a pipe, which exec closes.
static int spawn(execute_t *execute, pid_t *process, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[])
{
    int ends[2];
    const int errno_before = errno;
    if (pipe2(ends, O_CLOEXEC) < 0)
    {
        const int error = errno;
        errno           = errno_before;
        return error;
    }
    int error         = 0;
    const int report  = above_actions(ends[1], actions);
    pid_t child       = -1;
    sigset_t all, before;
    if (report < 0)
    {
        error = errno;
        close(ends[1]);
    }
    else
    {
        // No handler of the parent's may run in the child.
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, &before);
        child = fork();
        if (child == 0)
        {
            for (int signal = 1; signal < 65; signal++)
            {
                struct sigaction present;
                if (sigaction(signal, NULL, &present) == 0 && present.sa_handler != SIG_DFL
                    && present.sa_handler != SIG_IGN)
                {
                    present = (struct sigaction) { .sa_handler = SIG_DFL };
                    sigaction(signal, &present, NULL);
                }
            }
            sigprocmask(SIG_SETMASK, &before, NULL);
            if (prepare_child(actions, attributes, report))
            {
                execute(path, arguments, environment);
            }
            error = errno;
            signal(SIGPIPE, SIG_IGN);
            write(report, &error, sizeof error);
            _exit(127);
        }
        error = child < 0 ? errno : 0;
        sigprocmask(SIG_SETMASK, &before, NULL);
        close(report);
    }
    if (child > 0)
    {
        ssize_t count;
        do
        {
            count = read(ends[0], &error, sizeof error);
        } while (count < 0 && errno == EINTR);
        if (count == sizeof error)
        {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            {
            }
        }
        else
        {
            error = 0;
            if (process != NULL)
            {
                *process = child;
            }
        }
    }
    close(ends[0]);
    errno = errno_before;
    return error;
}

static char *no_environment[] = { NULL };

int posix_spawn(pid_t *restrict process, const char *restrict path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *restrict attributes, char *const arguments[], char *const environment[])
{
    return spawn(execve, process, path, actions, attributes, arguments, environment != NULL ? environment : no_environment);
}

int posix_spawnp(pid_t *restrict process, const char *restrict file, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *restrict attributes, char *const arguments[], char *const environment[])
{
    return spawn(execvpe, process, file, actions, attributes, arguments, environment != NULL ? environment : no_environment);
}

int system(const char *command)
{
    if (command == NULL)
    {
        return access("/bin/sh", X_OK) == 0;
    }
    // While the command runs, the keyboard's signals are its own, and its end is nobody else's to wait for.
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction interrupt, quit;
    sigset_t child, mask, defaults;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    sigprocmask(SIG_BLOCK, &child, &mask);

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigemptyset(&defaults);
    if (interrupt.sa_handler != SIG_IGN)
    {
        sigaddset(&defaults, SIGINT);
    }
    if (quit.sa_handler != SIG_IGN)
    {
        sigaddset(&defaults, SIGQUIT);
    }
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    char *const arguments[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
    pid_t process;
    const int error = posix_spawn(&process, "/bin/sh", NULL, &attributes, arguments, environ);
    int status      = error == EAGAIN || error == ENOMEM ? -1 : 127 << 8; // no shell counts as exit 127
    if (error == 0)
    {
        while (waitpid(process, &status, 0) < 0)
        {
            if (errno != EINTR)
            {
                status = -1;
                break;
            }
        }
    }
    else if (status == -1)
    {
        errno = error;
    }
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return status;
}

// popen: its streams are known, for a later one's child must not hold an earlier one's pipe.

struct piped
{
    FILE *file;
    int descriptor;
    struct piped *next;
};

static struct piped *piped;
static lock_t piped_lock;

FILE *popen(const char *command, const char *mode)
{
    const bool reads = *mode == 'r';
    bool stays_open  = true;
    if (!reads && *mode != 'w')
    {
        errno = EINVAL;
        return NULL;
    }
    for (const char *more = mode + 1; *more != '\0'; more++)
    {
        if (*more != 'e')
        {
            errno = EINVAL;
            return NULL;
        }
        stays_open = false;
    }
    int ends[2];
    struct piped *entry = malloc(sizeof *entry);
    if (entry == NULL || pipe2(ends, O_CLOEXEC) < 0)
    {
        free(entry);
        return NULL;
    }
    const int own = ends[reads ? 0 : 1], other = ends[reads ? 1 : 0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    FILE *file = fdopen(own, reads ? "r" : "w");
    int error  = file == NULL ? errno : 0;
    pid_t process;
    if (error == 0)
    {
        char *const arguments[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
        lock(&piped_lock);
        for (const struct piped *earlier = piped; earlier != NULL && error == 0; earlier = earlier->next)
        {
            // The child's end may have the number of an earlier stream that was given that of standard input.
            if (earlier->descriptor != (reads ? 1 : 0))
            {
                error = posix_spawn_file_actions_addclose(&actions, earlier->descriptor);
            }
        }
        if (error == 0)
        {
            error = posix_spawn_file_actions_adddup2(&actions, other, reads ? 1 : 0);
        }
        if (error == 0)
        {
            error = posix_spawn(&process, "/bin/sh", &actions, NULL, arguments, environ);
        }
        if (error == 0)
        {
            if (stays_open)
            {
                fcntl(own, F_SETFD, 0);
            }
            file->process = process;
            *entry        = (struct piped) { file, own, piped };
            piped         = entry;
        }
        unlock(&piped_lock);
    }
    posix_spawn_file_actions_destroy(&actions);
    close(other);
    if (error != 0)
    {
        free(entry);
        if (file != NULL)
        {
            fclose(file);
        }
        else
        {
            close(own);
        }
        errno = error;
        return NULL;
    }
    return file;
}

int pclose(FILE *file)
{
    struct piped *entry = NULL;
    lock(&piped_lock);
    for (struct piped **link = &piped; *link != NULL; link = &(*link)->next)
    {
        if ((*link)->file == file)
        {
            entry = *link;
            *link = entry->next;
            break;
        }
    }
    unlock(&piped_lock);
    if (entry == NULL)
    {
        errno = ECHILD;
        return -1;
    }
    const pid_t process = file->process;
    free(entry);
    fclose(file);
    int status;
    while (waitpid(process, &status, 0) < 0)
    {
        if (errno != EINTR)
        {
            return -1;
        }
    }
    return status;
}
