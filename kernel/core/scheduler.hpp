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

        /// Whether a process of higher priority is ready.
        inline bool is_outranked(const process_control_block& process)
        {
            return this_processor().ready_priorities >> process.priority > 1;
        }

        /// Whether no process of the same or a higher priority is ready.
        inline bool is_most_important(const process_control_block& process)
        {
            return this_processor().ready_priorities >> process.priority == 0;
        }

        /// Makes a process current that is in no queue. The one that was has blocked.
        inline void run(process_control_block& process)
        {
            process.state                    = process_state::ready;
            this_processor().current_process = &process;
        }

        /// The same, with the remaining quantum of the current process added to its own.
        inline void run_with_gained_quantum(process_control_block& process)
        {
            const process_control_block* current = this_processor().current_process;
            const word                   gained  = process.quantum + (current != nullptr ? current->quantum : 0);

            process.quantum = gained < full_quantum ? gained : full_quantum;
            run(process);
        }

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
