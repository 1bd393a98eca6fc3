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

    /// A process waits at the port. A port has waiters of one kind only.
    inline void wait_at(ipc_port& port, ipc_port_state kind, process_control_block& process, process_state state)
    {
        port.state                  = kind;
        process.state               = state;
        process.blocked_on_ipc_port = &port;
        port.waiters.push_back(process);
    }

    /// leave_ipc_port of the first waiter.
    inline void take_first_waiter(ipc_port& port)
    {
        port.waiters.first->blocked_on_ipc_port = nullptr;
        port.waiters.pop_front();
        if (port.waiters.is_empty())
        {
            port.state = ipc_port_state::idle;
        }
    }

    /// Takes a process that waits at an IPC port out of its queue. Its state is the caller's business.
    inline void leave_ipc_port(process_control_block& process)
    {
        ipc_port& port = *process.blocked_on_ipc_port;
        port.waiters.remove(process);
        process.blocked_on_ipc_port = nullptr;
        if (port.waiters.is_empty())
        {
            port.state = ipc_port_state::idle;
        }
    }

    /// The receiver that a message would go to; nullptr if none waits.
    inline process_control_block* waiting_receiver(const ipc_port& port)
    {
        return port.state == ipc_port_state::has_receivers ? port.waiters.first : nullptr;
    }

    /// `caller` waits for a reply of `server`.
    inline void link_for_reply(process_control_block& caller, process_control_block& server)
    {
        caller.state        = process_state::blocked_reply;
        caller.reply_source = &server;
        server.reply_target = &caller;
    }

    /// The wait is over.
    inline void unlink_for_reply(process_control_block& caller, process_control_block& server)
    {
        caller.reply_source = nullptr;
        server.reply_target = nullptr;
    }

    /// The port goes: whoever waits there ends with invalid_descriptor, at most `most` of them. Whether that were all.
    bool end_waiters(ipc_port& port, word most);

    /// The current process's fault (`process.fault`) is sent to its resolver port; it then waits for the reply.
    void send_fault(process_control_block& process, ipc_port& port, word identifier);

    /// Ends a receive with the flags of the bound notification port. The process is in no queue.
    void receive_notification(process_control_block& process, word flags);
}
