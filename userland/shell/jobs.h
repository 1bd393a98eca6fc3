// Pipelines as jobs: process groups, the terminal, waiting.
#pragma once

#include "tree.h"

#include <sys/types.h>

struct job;

/// Takes the terminal for the shell, which then gives it to each job in the foreground. False if there is none.
bool jobs_take_terminal(void);

/// A job without processes. `text` is what `jobs` shows; it is copied.
struct job *job_new(const char *text, bool in_background);

/// Starts a process of the job: 0 in it, its number in the shell, −1 after a message.
pid_t job_fork(struct job *job);

/// Waits until the job has ended or stopped; its status.
int job_wait(struct job *job);

/// Leaves the job running.
void job_leave(struct job *job);

/// Learns what has happened to children without waiting, and says it if the shell is interactive.
void jobs_update(void);
void jobs_report(void);

/// In a child the shell's jobs are not its own.
void jobs_forget(void);

void describe_command(const struct node *node, struct text *text);

/// The job that `%…` names (NULL: the present one); NULL, with a message, if there is none.
struct job *job_find(const char *name, const char *command);

/// Group or process for kill.
pid_t job_group(const struct job *job);

/// `fg` and `bg`.
int job_continue(struct job *job, bool in_foreground);

enum job_listing
{
    list_ordinary,
    list_processes, ///< with the numbers of their groups
    list_only_groups,
};

void jobs_print(enum job_listing listing);

/// `wait`: for one process, or all in the background. 127 for a process that is no child.
int wait_for_process(pid_t process);
int wait_for_all(void);
bool has_stopped_jobs(void);
