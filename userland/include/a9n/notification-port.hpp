// NOTIFICATION_PORT: a word of flags that anyone may set without waiting.
#pragma once

#include <a9n/descriptor.hpp>

namespace a9n
{
    struct notification_port : descriptor
    {
        /// Sets the flags that this slot's identifier names. Never blocks.
        status notify() const
        {
            return capability_command(value, abi::notification_port_operation::notify);
        }

        /// Blocks until a flag is set; returns and clears all of them.
        result<word> wait() const
        {
            return capability_query(value, abi::notification_port_operation::wait);
        }

        /// Returns and clears the flags, 0 if none is set.
        result<word> poll() const
        {
            return capability_query(value, abi::notification_port_operation::poll);
        }

        status identify(word identifier) const
        {
            return capability_command(value, abi::notification_port_operation::identify, identifier);
        }
    };
}
