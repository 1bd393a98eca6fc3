#include "redirect.h"

#include "expand.h"
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum
{
    first_own_descriptor = 10,
    was_closed           = -1,
    file_mode            = 0666,
};

struct saved_descriptor
{
    int                      descriptor;
    int                      copy;
    struct saved_descriptor *next;
};

int move_away(int descriptor)
{
    const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, first_own_descriptor);
    if (moved >= 0)
    {
        close(descriptor);
        return moved;
    }
    return descriptor;
}

static void save(int descriptor, struct saved_descriptor **saved)
{
    struct saved_descriptor *entry = allocate(sizeof *entry);
    entry->descriptor              = descriptor;
    entry->copy                    = fcntl(descriptor, F_DUPFD_CLOEXEC, first_own_descriptor);
    entry->next                    = *saved;
    *saved                         = entry;
}

static int open_output(const char *path, bool clobbers)
{
    if (!shell.options.no_clobber || clobbers)
    {
        return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode);
    }
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
    {
        return open(path, O_WRONLY | O_CLOEXEC);
    }
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode);
}

/// A descriptor from which the contents can be read. What does not fit in a pipe at once is written by a child.
static int open_here_document(const struct redirection *here)
{
    char *contents = here->is_literal ? copy_of(here->target) : expand_here_document(here->target);
    int   ends[2];
    if (contents == NULL)
    {
        return -2;
    }
    if (pipe(ends) != 0)
    {
        free(contents);
        return -1;
    }
    const size_t length   = strlen(contents);
    const bool   is_short = length <= 4096;
    const pid_t  writer   = is_short ? 0 : fork();
    if (writer == 0)
    {
        for (size_t written = 0; written < length;)
        {
            const ssize_t count = write(ends[1], contents + written, length - written);
            if (count <= 0)
            {
                break;
            }
            written += (size_t)count;
        }
        if (!is_short)
        {
            _exit(0);
        }
    }
    close(ends[1]);
    free(contents);
    return ends[0];
}

/// −1 with errno set, or −2 after a message.
static int open_target(const struct redirection *redirection, const char *target)
{
    switch (redirection->kind)
    {
        case redirect_input: return open(target, O_RDONLY | O_CLOEXEC);
        case redirect_output: return open_output(target, redirection->clobbers);
        case redirect_append: return open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, file_mode);
        case redirect_read_write: return open(target, O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
        case redirect_here: return open_here_document(redirection);
        case redirect_copy: break;
    }
    return -2;
}

/// `n>&m` and `n>&-`.
static bool copy_descriptor(int descriptor, const char *target)
{
    if (strcmp(target, "-") == 0)
    {
        close(descriptor);
        return true;
    }
    char      *end    = NULL;
    const long source = strtol(target, &end, 10);
    if (end == target || *end != '\0' || source < 0 || source > 1000000)
    {
        report("%s: is not the number of a file descriptor", target);
        return false;
    }
    if (source == descriptor ? fcntl(descriptor, F_GETFD) < 0 : dup2((int)source, descriptor) < 0)
    {
        report("%s: %s", target, strerror(errno));
        return false;
    }
    return true;
}

static bool redirect_one(const struct redirection *redirection, struct saved_descriptor **saved)
{
    char *target = redirection->kind == redirect_here ? copy_of("here-document") : expand_to_text(redirection->target);
    if (target == NULL)
    {
        return false;
    }
    if (saved != NULL)
    {
        save(redirection->descriptor, saved);
    }
    bool done = false;
    if (redirection->kind == redirect_copy)
    {
        done = copy_descriptor(redirection->descriptor, target);
    }
    else
    {
        const int opened = open_target(redirection, target);
        if (opened == -1)
        {
            report("%s: %s", target, strerror(errno));
        }
        else if (opened >= 0)
        {
            if (opened != redirection->descriptor)
            {
                done = dup2(opened, redirection->descriptor) >= 0;
                if (!done)
                {
                    report("%d: %s", redirection->descriptor, strerror(errno));
                }
                close(opened);
            }
            else
            {
                fcntl(opened, F_SETFD, 0);
                done = true;
            }
        }
    }
    free(target);
    return done;
}

bool redirect(const struct redirection *redirections, struct saved_descriptor **saved)
{
    for (; redirections != NULL; redirections = redirections->next)
    {
        if (!redirect_one(redirections, saved))
        {
            return false;
        }
    }
    return true;
}

void restore_descriptors(struct saved_descriptor *saved)
{
    while (saved != NULL)
    {
        struct saved_descriptor *entry = saved;
        saved                          = saved->next;
        if (entry->copy == was_closed)
        {
            close(entry->descriptor);
        }
        else
        {
            dup2(entry->copy, entry->descriptor);
            close(entry->copy);
        }
        free(entry);
    }
}

void forget_descriptors(struct saved_descriptor *saved)
{
    while (saved != NULL)
    {
        struct saved_descriptor *entry = saved;
        saved                          = saved->next;
        if (entry->copy != was_closed)
        {
            close(entry->copy);
        }
        free(entry);
    }
}
