// Waiting without a thread: a call that cannot finish puts its thread on the queues of what it waits for and returns.
// When one of them wakes, or the deadline passes, the call is run again from its beginning.
#pragma once

#include "errors.hpp"

namespace posix
{
    struct thread; // process side
    struct waiter;
    struct wait_queue;

    /// Nanoseconds of the monotonic clock.
    using instant = uint64_t;

    inline constexpr instant never = ~instant { 0 };

    /// One place of one waiter in one queue.
    struct wait_place
    {
        wait_place *next     = nullptr; ///< in the queue
        wait_place *previous = nullptr;
        wait_queue *queue    = nullptr;
        waiter     *owner    = nullptr;
        wait_place *sibling  = nullptr; ///< the owner's other places
    };

    /// Waiters whose calls are to be run again, oldest first.
    struct ready_list
    {
        waiter *first = nullptr;
        waiter *last  = nullptr;

        /// Takes the oldest; nullptr if there is none.
        waiter *take();
    };

    /// What a thread carries while its call waits. It is cleared when a new call begins, not when a call runs again.
    struct waiter
    {
        explicit constexpr waiter(ready_list &list, thread *of = nullptr) : ready(list), owner(of)
        {
        }

        ~waiter();
        waiter(const waiter &)            = delete;
        waiter &operator=(const waiter &) = delete;

        /// Joins `queue`. For a place beyond the third, memory may lack: then ENOMEM, and the call ends with it.
        status join(wait_queue &queue);

        /// Sets the deadline unless this call has set it on an earlier run.
        void set_deadline(instant when);

        /// Leaves all queues and the ready list.
        void leave();

        /// Leaves all queues and becomes ready to run again.
        void wake();

        /// For a new call.
        void clear();

        instant deadline = never;

        /// What the call has done so far, for example bytes written. It is the call's result if a signal ends its wait;
        /// 0 then means EINTR, or to start again.
        word progress = 0;

        /// Free for the handler: what it must know when it runs again.
        word memory[4] {};

        ready_list &ready;
        thread     *owner;
        waiter     *next_ready     = nullptr; ///< valid while `is_ready`
        waiter     *previous_ready = nullptr;
        bool        is_ready       = false;
        wait_place *places         = nullptr;

    private:
        static constexpr size_t own_place_count = 3;

        wait_place own_places[own_place_count];
    };

    /// Those who wait for one thing, oldest first. Its end wakes them all.
    struct wait_queue
    {
        constexpr wait_queue() = default;
        ~wait_queue();
        wait_queue(const wait_queue &)            = delete;
        wait_queue &operator=(const wait_queue &) = delete;

        bool empty() const
        {
            return first == nullptr;
        }

        void wake_all();

        /// Wakes the oldest, if any; whether there was one.
        bool wake_one();

        wait_place *first = nullptr;
        wait_place *last  = nullptr;
    };
}
