// IPC ports: synchronous messages between processes.
#pragma once

#include "process.hpp"

namespace a9n
{
    enum class ipc_port_state : uint8_t
    {
        idle,
        has_senders,   ///< senders, callers and faulters wait
        has_receivers,
    };

    struct ipc_port
    {
        ipc_port_state state;
        bool           is_condemned; ///< unfinished work: revocation.cpp
        process_queue  waiters;
        ipc_port*      next_condemned;
    };

    static_assert(sizeof(ipc_port) <= word { 1 } << abi::ipc_port_size_bits);

    /// Takes a process that waits at an IPC port out of its queue. Its state is the caller's business.
    void leave_ipc_port(process_control_block& process);

    /// The port goes: whoever waits there ends with invalid_descriptor, at most `most` of them. Whether that were all.
    bool end_waiters(ipc_port& port, word most);

    /// The current process's fault (`process.fault`) is sent to its resolver port; it then waits for the reply.
    void send_fault(process_control_block& process, ipc_port& port, word identifier);

    /// Ends a receive with the flags of the bound notification port. The process is in no queue.
    void receive_notification(process_control_block& process, word flags);
}
