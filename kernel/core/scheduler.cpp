#include "scheduler.hpp"

namespace a9n
{
    process_control_block* current_process = nullptr;
    process_queue          ready_queues[abi::priority_count];

    namespace
    {
        /// Bit p: ready_queues[p] is not empty.
        uint32_t ready_priorities = 0;

        void enqueue(process_control_block& process)
        {
            ready_queues[process.priority].push_back(process);
            ready_priorities |= uint32_t { 1 } << process.priority;
        }

        void dequeue(process_control_block& process)
        {
            process_queue& queue = ready_queues[process.priority];
            queue.remove(process);
            if (queue.is_empty())
            {
                ready_priorities &= ~(uint32_t { 1 } << process.priority);
            }
        }

        process_control_block* most_important()
        {
            return ready_priorities == 0 ? nullptr : ready_queues[31 - __builtin_clz(ready_priorities)].first;
        }

        /// Puts the current process at the tail of its queue with a new quantum.
        void requeue_current()
        {
            process_control_block* process = current_process;
            current_process                = nullptr;
            process->quantum               = full_quantum;
            enqueue(*process);
        }

        void run(process_control_block& process)
        {
            current_process = &process;
        }
    }

    void scheduler::make_ready(process_control_block& process)
    {
        process.state = process_state::ready;
        enqueue(process);
    }

    void scheduler::remove(process_control_block& process)
    {
        if (&process != current_process)
        {
            dequeue(process);
        }
    }

    void scheduler::forget(process_control_block& process)
    {
        if (&process == current_process)
        {
            current_process = nullptr;
        }
    }

    void scheduler::set_priority(process_control_block& process, word priority)
    {
        const bool is_queued = process.state == process_state::ready && &process != current_process;
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
        const process_control_block* rival = most_important();
        if (rival != nullptr && rival->priority > target.priority)
        {
            make_ready(target);
            return;
        }
        const word gained = target.quantum + (current_process != nullptr ? current_process->quantum : 0);
        target.quantum    = gained < full_quantum ? gained : full_quantum;
        target.state      = process_state::ready;
        run(target);
    }

    void scheduler::yield()
    {
        requeue_current();
    }

    void scheduler::tick()
    {
        if (current_process == nullptr)
        {
            return;
        }
        if (current_process->quantum > 1)
        {
            current_process->quantum--;
            return;
        }
        requeue_current();
    }

    process_control_block* scheduler::choose()
    {
        if (current_process != nullptr && current_process->state != process_state::ready)
        {
            current_process = nullptr;
        }
        process_control_block* candidate = most_important();
        if (candidate == nullptr || (current_process != nullptr && candidate->priority <= current_process->priority))
        {
            return current_process;
        }
        if (current_process != nullptr)
        {
            // Preempted: it keeps its turn and its quantum.
            ready_queues[current_process->priority].push_front(*current_process);
            ready_priorities |= uint32_t { 1 } << current_process->priority;
        }
        dequeue(*candidate);
        run(*candidate);
        return candidate;
    }
}
