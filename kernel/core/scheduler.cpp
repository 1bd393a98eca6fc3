#include "scheduler.hpp"

namespace a9n
{
    processor processors[processor_count];

    namespace
    {
        void enqueue(process_control_block& process)
        {
            processor& here = this_processor();
            here.ready_queues[process.priority].push_back(process);
            here.ready_priorities |= uint32_t { 1 } << process.priority;
        }

        void dequeue(process_control_block& process)
        {
            processor&     here  = this_processor();
            process_queue& queue = here.ready_queues[process.priority];
            queue.remove(process);
            if (queue.is_empty())
            {
                here.ready_priorities &= ~(uint32_t { 1 } << process.priority);
            }
        }

        process_control_block* most_important()
        {
            const processor& here = this_processor();
            return here.ready_priorities == 0 ? nullptr
                                              : here.ready_queues[31 - __builtin_clz(here.ready_priorities)].first;
        }

        /// Puts the current process at the tail of its queue with a new quantum.
        void requeue_current()
        {
            process_control_block& process   = *this_processor().current_process;
            this_processor().current_process = nullptr;
            process.quantum                  = full_quantum;
            enqueue(process);
        }
    }

    void scheduler::make_ready(process_control_block& process)
    {
        process.state = process_state::ready;
        enqueue(process);
    }

    void scheduler::remove(process_control_block& process)
    {
        if (&process != this_processor().current_process)
        {
            dequeue(process);
        }
    }

    void scheduler::forget(process_control_block& process)
    {
        if (&process == this_processor().current_process)
        {
            this_processor().current_process = nullptr;
        }
    }

    void scheduler::set_priority(process_control_block& process, word priority)
    {
        const bool is_queued
            = process.state == process_state::ready && &process != this_processor().current_process;
        if (is_queued && priority != process.priority)
        {
            dequeue(process);
            process.priority = priority;
            enqueue(process);
        }
        process.priority = priority;
    }

    void scheduler::switch_directly(process_control_block& target)
    {
        if (is_outranked(target))
        {
            make_ready(target);
            return;
        }
        run_with_gained_quantum(target);
    }

    void scheduler::yield()
    {
        requeue_current();
    }

    void scheduler::tick()
    {
        process_control_block* process = this_processor().current_process;
        if (process == nullptr)
        {
            return;
        }
        if (process->quantum > 1)
        {
            process->quantum--;
            return;
        }
        requeue_current();
    }

    process_control_block* scheduler::choose()
    {
        processor& here = this_processor();
        if (here.current_process != nullptr && here.current_process->state != process_state::ready)
        {
            here.current_process = nullptr;
        }
        process_control_block* current   = here.current_process;
        process_control_block* candidate = most_important();
        if (candidate == nullptr || (current != nullptr && candidate->priority <= current->priority))
        {
            return current;
        }
        if (current != nullptr)
        {
            // Preempted: it keeps its turn and its quantum.
            here.ready_queues[current->priority].push_front(*current);
            here.ready_priorities |= uint32_t { 1 } << current->priority;
        }
        dequeue(*candidate);
        run(*candidate);
        return candidate;
    }
}
