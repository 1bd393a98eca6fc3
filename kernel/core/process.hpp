// Processes: the process control block, and queues of processes.
#pragma once

#include "capability.hpp"
#include "result.hpp"

#include <hal/interface/kernel_entry.hpp>
#include <hal/interface/process_context.hpp>

namespace a9n
{
    using abi::message_info;
    using abi::process_state;

    struct ipc_port;
    struct notification_port;

    inline constexpr word full_quantum = 10;

    /// A kernel call that the kernel left because an interrupt waited (bounded_work.hpp): the process makes it again.
    struct unfinished_call
    {
        bool exists;
        word awaited_revocation;  ///< 0, or number of the revocation with whose end the call succeeds
        word conversion_progress; ///< CONVERT: slots that were found free, then objects that were made
    };

    struct alignas(64) process_control_block
    {
        hal::process_context context; ///< registers; the entry code saves them here

        process_state state;
        word          priority; ///< larger runs first
        word          affinity;
        word          quantum; ///< timer ticks left

        // Capabilities the process works with: copies, linked in the dependency list like any other.
        capability_slot address_space;
        capability_slot root_node;
        capability_slot ipc_buffer;
        capability_slot bound_notification_port;
        capability_slot resolver_port;

        // The queue the process is in: a ready queue, or the waiters of the port it is blocked on.
        process_control_block* queue_next;
        process_control_block* queue_previous;
        ipc_port*              blocked_on_ipc_port;
        notification_port*     blocked_on_notification_port;

        // Reply authority: `reply_target` waits for this process; this process waits for `reply_source`.
        process_control_block* reply_target;
        process_control_block* reply_source;

        // The send that is under way: fixed when it started.
        bool         is_calling;
        message_info pending_message;
        word         pending_identifier;

        a9n::unfinished_call unfinished_call;

        // The fault that waits for a resolver, while `has_fault`.
        bool        has_fault;
        fault_cause fault;

        abi::ipc_buffer* get_ipc_buffer() const;
    };

    static_assert(sizeof(process_control_block) <= word { 1 } << abi::process_control_block_size_bits);

    struct process_queue
    {
        process_control_block* first;
        process_control_block* last;

        bool is_empty() const
        {
            return first == nullptr;
        }

        void push_back(process_control_block& process)
        {
            process.queue_next                           = nullptr;
            process.queue_previous                       = last;
            (last != nullptr ? last->queue_next : first) = &process;
            last                                         = &process;
        }

        void push_front(process_control_block& process)
        {
            process.queue_previous                            = nullptr;
            process.queue_next                                = first;
            (first != nullptr ? first->queue_previous : last) = &process;
            first                                             = &process;
        }

        void pop_front()
        {
            process_control_block& process                    = *first;
            first                                             = process.queue_next;
            (first != nullptr ? first->queue_previous : last) = nullptr;
            process.queue_next                                = nullptr;
        }

        void remove(process_control_block& process)
        {
            (process.queue_previous != nullptr ? process.queue_previous->queue_next : first) = process.queue_next;
            (process.queue_next != nullptr ? process.queue_next->queue_previous : last)      = process.queue_previous;
            process.queue_next = process.queue_previous = nullptr;
        }
    };

    /// Makes zeroed memory a process: state unused, registers as at birth.
    void initialise_process(process_control_block& process);

    /// Takes the process out of every queue and cuts its reply links, then suspends it. An unfinished kernel call of its
    /// own ends with illegal_operation.
    void suspend_process(process_control_block& process);

    /// suspend_process, then everything as in a new process but suspended. Returns how much work its capabilities were.
    word reset_process(process_control_block& process);

    /// The process whose `address_space` this is.
    process_control_block& owner_of_address_space(capability_slot& slot);

    /// Forgets who waits for a reply of `process`: that call ends with illegal_operation, a faulter stays suspended.
    void drop_reply_target(process_control_block& process);

    // ---- Message registers and results of kernel calls -------------------------------------------------------------

    /// Whether message registers 0…count-1 exist for the process.
    bool has_message_registers(const process_control_block& process, word count);

    /// `index` passed has_message_registers.
    word get_message_register(const process_control_block& process, word index);
    void set_message_register(process_control_block& process, word index, word value);

    void set_success(process_control_block& process);
    void set_failure(process_control_block& process, capability_error error);

    /// Ends the blocking call of a process that is in no queue any more with an error, and makes it ready. A process
    /// that is blocked by a fault is suspended instead.
    void end_blocked_call(process_control_block& process, capability_error error);
}
