// Who runs: 32 priorities, first in first out within one, a quantum of timer ticks.
#pragma once

#include "processor.hpp"

namespace a9n
{
    // All of it concerns the processor that runs this.
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
