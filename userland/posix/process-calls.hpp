// fork, execve, exit, wait, and who a process is.
#pragma once

#include "call.hpp"
#include "program-loader.hpp"

namespace posix
{
    outcome fork(call &made);
    outcome vfork(call &made);
    outcome clone(call &made);
    outcome execve(call &made);
    outcome execveat(call &made);
    outcome exit(call &made);
    outcome exit_group(call &made);
    outcome wait4(call &made);
    outcome waitid(call &made);

    outcome set_tid_address(call &made);
    outcome set_robust_list(call &made);
    outcome get_robust_list(call &made);
    outcome arch_prctl(call &made);
    outcome prctl(call &made);

    outcome getpid(call &made);
    outcome gettid(call &made);
    outcome getppid(call &made);
    outcome getpgid(call &made);
    outcome getpgrp(call &made);
    outcome setpgid(call &made);
    outcome getsid(call &made);
    outcome setsid(call &made);

    /// The first process, from a file: status, or why not.
    status start_first_process(const char *path, const string_list &arguments, const string_list &environment);
}
