#include "capability_transfer.hpp"

#include "node.hpp"

namespace a9n
{
    bool transfer_sources::contains(const capability_slot& slot) const
    {
        for (word i = 0; i < count; i++)
        {
            if (slots[i] == &slot)
            {
                return true;
            }
        }
        return false;
    }

    status find_transfer_sources(const process_control_block& sender, word count, transfer_sources& sources)
    {
        sources.count = 0;
        if (count == 0)
        {
            return {};
        }
        const abi::ipc_buffer* buffer = sender.get_ipc_buffer();
        if (buffer == nullptr)
        {
            return capability_error::illegal_operation;
        }
        for (word i = 0; i < count; i++)
        {
            const auto found = find_capability(sender.root_node, buffer->transfer_source_descriptors[i]);
            if (!found.ok() || sources.contains(*found.value()))
            {
                return capability_error::invalid_argument;
            }
            sources.slots[sources.count++] = found.value();
        }
        return {};
    }

    result<capability_slot*> find_transfer_destination(const process_control_block& receiver, word count)
    {
        if (count == 0)
        {
            return nullptr;
        }
        const abi::ipc_buffer* buffer = receiver.get_ipc_buffer();
        if (buffer == nullptr)
        {
            return capability_error::illegal_operation;
        }
        const auto found
            = find_capability(receiver.root_node, buffer->transfer_destination_node, capability_type::node);
        if (!found.ok() || !found.value()->has(capability_rights::write))
        {
            return capability_error::invalid_argument;
        }
        node&      destination = found.value()->object<node>();
        const word first       = buffer->transfer_destination_index;
        if (count > destination.capacity() || first > destination.capacity() - count)
        {
            return capability_error::invalid_argument;
        }
        for (word i = 0; i < count; i++)
        {
            if (!destination.slots[first + i].is_empty())
            {
                return capability_error::invalid_argument;
            }
        }
        return &destination.slots[first];
    }

    void move_to_destination(const transfer_sources& sources, capability_slot* destination)
    {
        for (word i = 0; i < sources.count; i++)
        {
            move_capability(destination[i], *sources.slots[i]);
        }
    }

    void move_to_sources(const transfer_sources& sources, capability_slot* destination)
    {
        for (word i = 0; i < sources.count; i++)
        {
            move_capability(*sources.slots[i], destination[i]);
        }
    }

    void forget_transfer_sources(const process_control_block& sender, const transfer_sources& sources)
    {
        for (word i = 0; i < sources.count; i++)
        {
            sender.get_ipc_buffer()->transfer_source_descriptors[i] = 0;
        }
    }
}
