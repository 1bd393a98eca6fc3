// Notification ports: flags that are set without blocking and waited for.
#pragma once

#include "process.hpp"

namespace a9n
{
    struct notification_port
    {
        word                   pending_flags;
        process_queue          waiters;
        process_control_block* bound_process; ///< gets the flags when it waits in a receive
        bool                   is_condemned;  ///< unfinished work: revocation.cpp
        notification_port*     next_condemned;
    };

    static_assert(sizeof(notification_port) <= word { 1 } << abi::notification_port_size_bits);

    /// Sets flags and hands all that are pending to one receiver, if there is one.
    void notify(notification_port& port, word flags);

    /// Whether flags are pending at the port bound to the process.
    inline bool has_bound_notification(const process_control_block& process)
    {
        return !process.bound_notification_port.is_empty()
            && process.bound_notification_port.object<notification_port>().pending_flags != 0;
    }

    /// Flags pending at the port bound to the process; they are taken. 0 if there are none.
    word take_bound_notification(process_control_block& process);

    void unbind_notification_port(process_control_block& process);

    void leave_notification_port(process_control_block& process);

    /// Flags are cleared; waiters end with invalid_descriptor, at most `most` of them. Whether that were all.
    bool reset_notification_port(notification_port& port, word most);
}
