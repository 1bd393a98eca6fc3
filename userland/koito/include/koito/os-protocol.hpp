// What a process that KOITO started asks of KOITO through the port in slot 7. Numbers below 256 are those of the POSIX requests of
// the KOITO conventions. Payload word 0 is the request; the reply's payload word 0 is an `os_reply`.
#pragma once

#include <a9n/abi.hpp>

namespace koito
{
    using a9n::abi::word;

    enum class os_request : word
    {
        write              = 1,  ///< file descriptor (1 or 2: the console), byte count; text as message-text.hpp says
        process_identifier = 39, ///< → identifier
        exit               = 60, ///< code; no reply

        /// Unused word, byte count; text: to the kernel's console, which works when no driver does.
        log = 0x100,
        /// Identifier: describes the first process with an identifier ≥ that one → identifier, `process_summary` bits, exit code (128 + fault number
        /// after a fault), name in two words. `no_such_process` after the last.
        describe_process = 0x101,
        /// Code, or `main_exit_code`. Ends the system. Needs the right `shut-down` in the manifest.
        shut_down = 0x102,
        /// Memory limit in bytes (0: as the manifest says), byte count; text: a process of the manifest that is marked
        /// `template`, then its arguments, each after a zero byte → identifier. It does not run yet, but is a client of ULMM, so that
        /// objects can be shared with it. Needs the right `start-servers`; so do the next two.
        make_server = 0x103,
        /// Identifier, ULMM object handle of the new process or 0, size in bytes: what it finds as `archive_object`. Starts it.
        start_server = 0x104,
        /// Identifier of a process that you made. All it had is free again.
        kill_server = 0x105,
    };

    enum class os_reply : word
    {
        ok                = 0,
        unknown_request   = 1,
        invalid_argument  = 2,
        permission_denied = 3, ///< the manifest does not give the right, or the process is not yours
        no_such_process   = 4, ///< no such name or identifier, or it is not in the state the request needs
        cannot_start      = 5, ///< memory, or too many processes; the reason is in the log
    };

    /// Code of shut_down: that of the process which the manifest marks `main`, once it has ended.
    inline constexpr word main_exit_code = ~word { 0 };

    enum class summary_state : word
    {
        prepared = 1, ///< made, not yet started
        running  = 2,
        ended    = 3, ///< and will not be started again
    };

    /// Word 2 of describe_process's reply.
    struct process_summary
    {
        word bits = 0;

        constexpr process_summary(word bits) : bits(bits)
        {
        }

        constexpr process_summary(summary_state state, word priority, word restarts, word creator)
            : bits(static_cast<word>(state) | priority << 8 | restarts << 16 | creator << 32)
        {
        }

        constexpr summary_state state() const
        {
            return static_cast<summary_state>(bits & 0xff);
        }

        constexpr word priority() const
        {
            return bits >> 8 & 0xff;
        }

        /// How often it has been started again.
        constexpr word restarts() const
        {
            return bits >> 16 & 0xffff;
        }

        /// Identifier of the process that had it made; 0 is KOITO.
        constexpr word creator() const
        {
            return bits >> 32;
        }
    };

    inline constexpr word summary_name_words = 2;
}
