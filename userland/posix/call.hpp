// A call of a program, whichever door it came through, and what its handler says.
#pragma once

#include "process-state.hpp"
#include "user-memory.hpp"
#include "wait-queue.hpp"

namespace posix
{
    struct thread; // process side

    /// A call's result: a value, an error, or that it waits (its thread is on queues, or has a deadline).
    struct [[nodiscard]] outcome
    {
        enum class kind : uint8_t
        {
            value,
            failure,
            wait, ///< run again when woken; a signal ends it: `progress`, or again if SA_RESTART, or EINTR
            wait_once, ///< as `wait`, but a signal that has a handler always ends it with EINTR (poll, nanosleep, pause)
            wait_killable, ///< as `wait`, but only what ends the process ends it (process side only)
            no_reply, ///< the handler has seen to the registers itself, or the thread is no more (process side only)
        };

        kind  what   = kind::value;
        error reason = error::none;
        word  value  = 0;

        constexpr outcome(word result_value) : value(result_value)
        {
        }

        constexpr outcome(error why) : what(kind::failure), reason(why)
        {
        }

        constexpr outcome(status done) : what(done ? kind::value : kind::failure), reason(done.reason)
        {
        }

        constexpr outcome(result<word> done)
            : what(done ? kind::value : kind::failure), reason(done.reason), value(done.value)
        {
        }

        constexpr outcome(kind other) : what(other)
        {
        }

        /// What the program sees: the value, or −errno.
        constexpr word encoded() const
        {
            return what == kind::failure ? static_cast<word>(-static_cast<int64_t>(reason)) : value;
        }
    };

    inline constexpr outcome wait_until_woken { outcome::kind::wait };

    struct clock_reading
    {
        instant  monotonic = 0; ///< nanoseconds since boot
        uint64_t real_time = 0; ///< nanoseconds since 1970
    };

    struct call
    {
        word           number;
        word           arguments[6];
        process_state &process;
        user_memory   &memory;
        waiter        &wait;
        clock_reading  now;
        thread        &caller; ///< opaque to the file side

        bool deadline_passed() const
        {
            return now.monotonic >= wait.deadline;
        }
    };

    using call_handler = outcome (*)(call &);

    /// One row of the table of calls; a document is generated from it.
    struct call_entry
    {
        uint16_t     number;
        const char  *name;
        call_handler handler;
        const char  *missing = nullptr; ///< what of the call is not there; nullptr: complete
    };

    /// Rows of one part of the server.
    struct call_table
    {
        const call_entry *entries;
        size_t            count;
    };
}
