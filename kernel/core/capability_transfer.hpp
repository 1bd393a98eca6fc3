// Capabilities that travel with a message.
#pragma once

#include "process.hpp"

namespace a9n
{
    inline constexpr word maximum_transfers = 15; // four bits of message_info

    struct transfer_sources
    {
        word             count = 0;
        capability_slot* slots[maximum_transfers]; ///< `count` of them; the rest is never looked at

        bool contains(const capability_slot& slot) const;
    };

    /// What the sender offers, into `sources`. illegal_operation without IPC buffer; invalid_argument unless the sources
    /// are distinct and not empty.
    status find_transfer_sources(const process_control_block& sender, word count, transfer_sources& sources);

    /// Where the receiver wants `count` capabilities: the first of so many free slots. illegal_operation without IPC
    /// buffer; invalid_argument if the node or a slot does not suit.
    result<capability_slot*> find_transfer_destination(const process_control_block& receiver, word count);

    void move_to_destination(const transfer_sources& sources, capability_slot* destination);
    /// Undoes it, if nothing else has happened since.
    void move_to_sources(const transfer_sources& sources, capability_slot* destination);

    /// Zeroes the descriptors that the sender used.
    void forget_transfer_sources(const process_control_block& sender, const transfer_sources& sources);
}
