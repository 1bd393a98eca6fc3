// What the process side does for the file side.
#pragma once

#include "call.hpp"

namespace posix
{
    struct inode; // file side

    /// Sends a signal to every process of the group, as the terminal does (SIGINT, SIGTSTP, SIGHUP, SIGWINCH, …).
    void signal_group(int32_t group, int signal);

    /// Sends a signal to the calling thread (SIGPIPE, SIGTTIN, SIGTTOU, SIGXFSZ). The call then returns the error, or −EINTR.
    void signal_caller(call &from, int signal);

    /// Whether the caller blocks or ignores the signal: a background read is then EIO, a background write goes on.
    bool caller_ignores(const call &from, int signal);

    /// Whether no member of the group has a parent in the same session but another group.
    bool is_orphaned_group(int32_t group);

    /// Whether the group exists and belongs to the session (tcsetpgrp).
    bool is_group_of_session(int32_t group, int32_t session);

    /// A signal mask that holds during one waiting call (ppoll, pselect6): set on its first run, put back when it ends.
    void set_mask_during_call(call &from, uint64_t mask);

    /// For /proc. `state` is a letter as in /proc/PID/stat.
    struct process_description
    {
        int32_t  identifier, parent, group, session;
        char     state;
        char     name[16];
        uint32_t thread_count;
        uint32_t user, group_of_user;
        word     virtual_size, resident_size; ///< bytes
        instant  started, cpu_time;
        int32_t  terminal_group;
    };

    /// The process with the smallest identifier > `after`; false if there is none.
    bool next_process(int32_t after, process_description &description);
    bool describe_process(int32_t identifier, process_description &description);

    /// Its arguments, or environment, as /proc/PID/cmdline has them; as many bytes as fit from `offset` on.
    result<word> read_process_arguments(int32_t identifier, bool environment, word offset, uint8_t *buffer, word size);

    /// The file that it runs, for /proc/PID/exe; nullptr if it is gone.
    inode *process_executable(int32_t identifier);

    /// Its mappings, row by row, as /proc/PID/maps needs them: the first that ends above `from`.
    struct mapping_description
    {
        word start, end;
        bool readable, writable, executable, shared;
        char name[64];
    };
    bool next_mapping(int32_t identifier, word from, mapping_description &description);

    /// The process's own state, for /proc/PID/fd; nullptr if it is gone.
    process_state *find_process_state(int32_t identifier);

    /// For /proc/uptime, /proc/stat and /proc/meminfo.
    clock_reading read_clocks();
    struct memory_description
    {
        word total, free;
    };
    memory_description describe_memory();
}
