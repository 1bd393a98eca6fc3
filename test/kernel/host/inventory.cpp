#include "inventory.hpp"

#include <core/interrupt_port.hpp>
#include <hal/interface/memory.hpp>

#include <algorithm>

namespace a9n::host
{
    namespace
    {
        template<typename T>
        void sort_by_address(std::vector<T*>& objects)
        {
            std::sort(objects.begin(), objects.end(),
                [](const T* a, const T* b) { return hal::to_physical(a) < hal::to_physical(b); });
            objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
        }

        template<typename T>
        void sort_values(std::vector<T>& values)
        {
            std::sort(values.begin(), values.end());
            values.erase(std::unique(values.begin(), values.end()), values.end());
        }

        void add_object(inventory& found, const capability_slot& slot)
        {
            switch (slot.type)
            {
                case capability_type::node:
                    found.nodes.push_back(&slot.object<node>());
                    break;
                case capability_type::process_control_block:
                    found.processes.push_back(&slot.object<process_control_block>());
                    break;
                case capability_type::ipc_port:
                    found.ipc_ports.push_back(&slot.object<ipc_port>());
                    break;
                case capability_type::notification_port:
                    found.notification_ports.push_back(&slot.object<notification_port>());
                    break;
                case capability_type::address_space:
                    found.tables.push_back({ slot.data.address_space.base, hal::root_table_depth });
                    break;
                case capability_type::page_table:
                    found.tables.push_back({ slot.data.page_table.base, slot.data.page_table.depth });
                    break;
                default:
                    break;
            }
        }

        /// Offset of a process's own slot.
        word offset_in_process(slot_holder holder)
        {
            switch (holder)
            {
                case slot_holder::process_address_space:
                    return offsetof(process_control_block, address_space);
                case slot_holder::process_root_node:
                    return offsetof(process_control_block, root_node);
                case slot_holder::process_ipc_buffer:
                    return offsetof(process_control_block, ipc_buffer);
                case slot_holder::process_notification_port:
                    return offsetof(process_control_block, bound_notification_port);
                default:
                    return offsetof(process_control_block, resolver_port);
            }
        }
    }

    void take_inventory(inventory& found)
    {
        found.slots.clear();
        found.nodes.clear();
        found.processes.clear();
        found.ipc_ports.clear();
        found.notification_ports.clear();
        found.tables.clear();
        found.buffers.clear();
        for (capability_slot* slot = capability_dependency_list; slot != nullptr; slot = slot->next)
        {
            found.slots.push_back(slot);
            add_object(found, *slot);
        }
        sort_by_address(found.nodes);
        sort_by_address(found.processes);
        sort_by_address(found.ipc_ports);
        sort_by_address(found.notification_ports);
        sort_values(found.tables);
        for (const process_control_block* process : found.processes)
        {
            if (!process->ipc_buffer.is_empty())
            {
                found.buffers.push_back(process->ipc_buffer.data.frame.base);
            }
        }
        sort_values(found.buffers);
    }

    slot_place find_place(const inventory& objects, const capability_slot& slot)
    {
        switch (slot.holder)
        {
            case slot_holder::node:
            {
                const auto* after_header = reinterpret_cast<const char*>(&slot) - sizeof(node);
                const auto  next         = std::upper_bound(objects.nodes.begin(), objects.nodes.end(), after_header,
                             [](const char* at, const node* candidate)
                             { return hal::to_physical(at) < hal::to_physical(candidate); });
                if (next == objects.nodes.begin())
                {
                    return { 0, 0 };
                }
                const node* owner = *(next - 1);
                const auto  index = static_cast<word>(&slot - owner->slots);
                return index < owner->capacity() ? slot_place { address_of(owner), index } : slot_place { 0, 0 };
            }
            case slot_holder::interrupt_binding:
                return { interrupt_line_of(owner_of_binding(const_cast<capability_slot&>(slot))), 0 };
            default:
                return { address_of(reinterpret_cast<const char*>(&slot) - offset_in_process(slot.holder)), 0 };
        }
    }

    physical_address address_of(const void* object)
    {
        return object == nullptr ? 0 : hal::to_physical(object);
    }
}
