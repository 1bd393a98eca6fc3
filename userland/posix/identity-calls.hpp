// Users and groups, limits, and what the system says about itself.
#pragma once

#include "call.hpp"

namespace posix
{
    void set_default_limits(process_state &process);

    outcome getuid(call &made);
    outcome geteuid(call &made);
    outcome getgid(call &made);
    outcome getegid(call &made);
    outcome getresuid(call &made);
    outcome getresgid(call &made);
    outcome setuid(call &made);
    outcome setgid(call &made);
    outcome setreuid(call &made);
    outcome setregid(call &made);
    outcome setresuid(call &made);
    outcome setresgid(call &made);
    outcome setfsuid(call &made);
    outcome setfsgid(call &made);
    outcome getgroups(call &made);
    outcome setgroups(call &made);

    outcome uname(call &made);
    outcome getrandom(call &made);
    outcome sysinfo(call &made);
    outcome prlimit64(call &made);
    outcome getrlimit(call &made);
    outcome setrlimit(call &made);
    outcome sched_yield(call &made);
    outcome sched_getaffinity(call &made);
    outcome getcpu(call &made);
    outcome getpriority(call &made);
    outcome setpriority(call &made);
}
