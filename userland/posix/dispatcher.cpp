#include "dispatcher.hpp"

#include "file-service.hpp"
#include "futex.hpp"
#include "identity-calls.hpp"
#include "memory-calls.hpp"
#include "process-calls.hpp"
#include "signal-calls.hpp"
#include "time-calls.hpp"

namespace posix
{
    namespace
    {
        /// Calls of the process side. Those of the file side are in its own table. The list of calls in docs/ is made from both.
        constexpr call_entry process_calls[] = {
            // Memory
            { 9, "mmap", mmap, "MAP_SHARED of a file is read-only; MAP_GROWSDOWN, MAP_HUGETLB; beyond a file's end SIGSEGV instead of SIGBUS" },
            { 10, "mprotect", mprotect },
            { 11, "munmap", munmap },
            { 12, "brk", brk },
            { 25, "mremap", mremap, "MREMAP_FIXED; shared and file mappings do not grow; moves at most 16 MiB" },
            { 26, "msync", msync },
            { 28, "madvise", madvise, "advice is taken as such; DONTNEED of file mappings keeps private changes" },
            { 149, "mlock", memory_lock },
            { 150, "munlock", memory_lock },
            { 151, "mlockall", memory_lock },
            { 152, "munlockall", memory_lock },

            // Signals
            { 13, "rt_sigaction", rt_sigaction },
            { 14, "rt_sigprocmask", rt_sigprocmask },
            { 15, "rt_sigreturn", rt_sigreturn, "vector state beyond SSE is not saved" },
            { 34, "pause", pause },
            { 62, "kill", kill },
            { 127, "rt_sigpending", rt_sigpending },
            { 128, "rt_sigtimedwait", rt_sigtimedwait },
            { 129, "rt_sigqueueinfo", rt_sigqueueinfo, "real-time signals do not queue" },
            { 130, "rt_sigsuspend", rt_sigsuspend },
            { 131, "sigaltstack", sigaltstack },
            { 200, "tkill", tkill },
            { 234, "tgkill", tgkill },

            // Time
            { 35, "nanosleep", nanosleep },
            { 36, "getitimer", getitimer, "ITIMER_REAL only" },
            { 37, "alarm", alarm },
            { 38, "setitimer", setitimer, "ITIMER_REAL only" },
            { 96, "gettimeofday", gettimeofday },
            { 98, "getrusage", getrusage, "times and resident size only" },
            { 100, "times", times },
            { 201, "time", time },
            { 227, "clock_settime", clock_settime, "refused" },
            { 228, "clock_gettime", clock_gettime, "thread clocks are the process's" },
            { 229, "clock_getres", clock_getres },
            { 230, "clock_nanosleep", clock_nanosleep },

            // Processes and threads
            { 24, "sched_yield", sched_yield },
            { 39, "getpid", getpid },
            { 56, "clone", clone, "namespaces, CLONE_PTRACE, CLONE_PIDFD, CLONE_SIGHAND without CLONE_THREAD; the vector state is not copied" },
            { 57, "fork", fork, "the vector state is not copied" },
            { 58, "vfork", vfork },
            { 59, "execve", execve, "dynamically linked programs; set-user-id" },
            { 60, "exit", exit },
            { 61, "wait4", wait4, "of the usage times only" },
            { 109, "setpgid", setpgid },
            { 110, "getppid", getppid },
            { 111, "getpgrp", getpgrp },
            { 112, "setsid", setsid },
            { 121, "getpgid", getpgid },
            { 124, "getsid", getsid },
            { 140, "getpriority", getpriority, "always 0" },
            { 141, "setpriority", setpriority, "only to 0" },
            { 157, "prctl", prctl, "names, dumpable" },
            { 158, "arch_prctl", arch_prctl, "bases only" },
            { 186, "gettid", gettid },
            { 202, "futex", futex, "shared futexes of different address spaces; priority inheritance" },
            { 204, "sched_getaffinity", sched_getaffinity },
            { 218, "set_tid_address", set_tid_address },
            { 231, "exit_group", exit_group },
            { 247, "waitid", waitid, "P_PIDFD" },
            { 273, "set_robust_list", set_robust_list },
            { 274, "get_robust_list", get_robust_list },
            { 309, "getcpu", getcpu },
            { 322, "execveat", execveat, "as execve" },

            // Users, limits, the system
            { 63, "uname", uname },
            { 97, "getrlimit", getrlimit },
            { 99, "sysinfo", sysinfo },
            { 102, "getuid", getuid },
            { 104, "getgid", getgid },
            { 105, "setuid", setuid },
            { 106, "setgid", setgid },
            { 107, "geteuid", geteuid },
            { 108, "getegid", getegid },
            { 113, "setreuid", setreuid },
            { 114, "setregid", setregid },
            { 115, "getgroups", getgroups },
            { 116, "setgroups", setgroups },
            { 117, "setresuid", setresuid },
            { 118, "getresuid", getresuid },
            { 119, "setresgid", setresgid },
            { 120, "getresgid", getresgid },
            { 122, "setfsuid", setfsuid },
            { 123, "setfsgid", setfsgid },
            { 160, "setrlimit", setrlimit, "limits of open files and file sizes are obeyed, others kept" },
            { 302, "prlimit64", prlimit64, "as setrlimit" },
            { 318, "getrandom", getrandom },
        };

        /// By number; filled at the first call.
        struct call_index
        {
            const call_entry *entries[call_count] {};
            bool              is_filled = false;

            void add(const call_entry *first, size_t count)
            {
                for (size_t i = 0; i < count; ++i)
                {
                    entries[first[i].number] = &first[i];
                }
            }

            const call_entry *find(word number)
            {
                if (!is_filled)
                {
                    is_filled = true;
                    add(process_calls, sizeof(process_calls) / sizeof(process_calls[0]));
                    add(file_calls.entries, file_calls.count);
                }
                return number < call_count ? entries[number] : nullptr;
            }
        };

        constinit call_index index;
    }

    outcome dispatch(call &made)
    {
        const call_entry *entry = index.find(made.number);
        return entry == nullptr ? outcome { error::enosys } : entry->handler(made);
    }

    const char *name_of_call(word number)
    {
        const call_entry *entry = index.find(number);
        return entry == nullptr ? nullptr : entry->name;
    }
}
