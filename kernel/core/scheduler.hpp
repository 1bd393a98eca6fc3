// Who runs: 32 priorities, first in first out within one, a quantum of timer ticks.
#pragma once

#include "process.hpp"

namespace a9n
{
    /// The process whose registers were saved when the kernel was entered, until another is chosen; nullptr while the
    /// processor idles. It is ready, but in no queue.
    extern process_control_block* current_process;

    /// Ready processes that do not run, by priority.
    extern process_queue ready_queues[abi::priority_count];

    namespace scheduler
    {
        /// Puts a process that was blocked at the tail of its queue.
        void make_ready(process_control_block& process);

        /// Takes a ready process out of its queue; the current one just stops to be.
        void remove(process_control_block& process);

        /// The process is being reset: no state of it survives.
        void forget(process_control_block& process);

        /// Changes the priority; a queued process goes to the tail of its new queue.
        void set_priority(process_control_block& process, word priority);

        /// The current process has just blocked on `target`, which is blocked too and may now run: at once if nobody
        /// ready is more important, with the remaining quantum added to its own.
        void switch_directly(process_control_block& target);

        /// The current process gives up the processor with a new quantum.
        void yield();

        /// A timer tick has passed.
        void tick();

        /// Chooses who runs next and makes it current; nullptr if nobody can.
        process_control_block* choose();
    }
}
