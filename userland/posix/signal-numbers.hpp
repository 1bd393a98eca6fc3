// Signals as Linux on x86-64 numbers and describes them.
#pragma once

#include "errors.hpp"

namespace posix
{
    enum signal : int
    {
        sighup = 1, sigint, sigquit, sigill, sigtrap, sigabrt, sigbus, sigfpe, sigkill, sigusr1, sigsegv, sigusr2, sigpipe,
        sigalrm, sigterm, sigstkflt, sigchld, sigcont, sigstop, sigtstp, sigttin, sigttou, sigurg, sigxcpu, sigxfsz,
        sigvtalrm, sigprof, sigwinch, sigio, sigpwr, sigsys,
    };

    inline constexpr int signal_count = 64; ///< 1…64

    /// Bit n − 1 stands for signal n.
    using signal_set = uint64_t;

    constexpr signal_set only(int signal)
    {
        return signal_set { 1 } << (signal - 1);
    }

    inline constexpr signal_set unblockable = only(sigkill) | only(sigstop);
    inline constexpr signal_set stopping    = only(sigstop) | only(sigtstp) | only(sigttin) | only(sigttou);
    inline constexpr signal_set ignored_by_default = only(sigchld) | only(sigurg) | only(sigwinch) | only(sigcont);
    inline constexpr signal_set synchronous
        = only(sigsegv) | only(sigbus) | only(sigill) | only(sigtrap) | only(sigfpe) | only(sigsys);

    inline constexpr word default_handler = 0; // SIG_DFL
    inline constexpr word ignore_handler  = 1; // SIG_IGN

    enum action_flags : word
    {
        sa_nocldstop = 1,
        sa_nocldwait = 2,
        sa_siginfo   = 4,
        sa_restorer  = 0x0400'0000,
        sa_onstack   = 0x0800'0000,
        sa_restart   = 0x1000'0000,
        sa_nodefer   = 0x4000'0000,
        sa_resethand = 0x8000'0000,
    };

    /// struct kernel_sigaction.
    struct signal_action
    {
        word       handler  = default_handler;
        word       flags    = 0;
        word       restorer = 0;
        signal_set mask     = 0;
    };

    enum signal_code : int32_t
    {
        si_user   = 0,
        si_kernel = 0x80,
        si_timer  = -2,
        si_queue  = -1,
        si_tkill  = -6,

        cld_exited = 1, cld_killed, cld_dumped, cld_trapped, cld_stopped, cld_continued,

        segv_mapping = 1, segv_access = 2,
        bus_address  = 2,
        ill_operand  = 2,
        fpe_divide   = 1,
        fpe_overflow = 2,
        fpe_float    = 3,
        trap_break   = 1,
        trap_trace   = 2,
    };

    /// siginfo_t.
    struct signal_information
    {
        int32_t number = 0;
        int32_t error  = 0;
        int32_t code   = 0;
        int32_t padding = 0;

        union
        {
            struct
            {
                int32_t  process;
                uint32_t user;
                word     value;
            } sender;
            struct
            {
                int32_t  process;
                uint32_t user;
                int32_t  status;
                int32_t  padding;
                int64_t  user_time, system_time;
            } child;
            struct
            {
                word address;
            } fault;
            uint8_t bytes[112] {};
        };
    };
    static_assert(sizeof(signal_information) == 128);

    inline constexpr word signal_set_size = 8;

    struct signal_stack
    {
        word    address = 0;
        int32_t flags   = 0;
        int32_t padding = 0;
        word    size    = 0;
    };

    inline constexpr int32_t ss_onstack = 1;
    inline constexpr int32_t ss_disable = 2;
    inline constexpr word minimum_signal_stack = 2048;
}
