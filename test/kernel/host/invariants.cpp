#include "invariants.hpp"

#include <core/interrupt_port.hpp>
#include <core/processor.hpp>
#include <core/revocation.hpp>
#include <hal/host/devices.hpp>
#include <hal/host/memory.hpp>
#include <hal/host/page_table.hpp>
#include <hal/interface/memory.hpp>

#include <algorithm>

namespace a9n::host
{
    namespace
    {
        template<typename T>
        bool contains(const std::vector<T*>& sorted, const T* object)
        {
            return std::binary_search(sorted.begin(), sorted.end(), object,
                [](const T* a, const T* b) { return hal::to_physical(a) < hal::to_physical(b); });
        }

        // ---- Dependency list -----------------------------------------------------------------------------------------

        const char* check_links(const inventory& objects)
        {
            const capability_slot* before = nullptr;
            for (const capability_slot* slot : objects.slots)
            {
                if (slot->previous != before)
                {
                    return "dependency list: previous is not the slot before";
                }
                if (slot->type == capability_type::none || slot->type > capability_type::io_port)
                {
                    return "dependency list: a slot holds nothing that exists";
                }
                if ((static_cast<uint8_t>(slot->rights) & ~static_cast<uint8_t>(capability_rights::all)) != 0)
                {
                    return "dependency list: a slot has rights that do not exist";
                }
                before = slot;
            }
            return nullptr;
        }

        const char* check_depths(const inventory& objects)
        {
            word highest = 0;
            for (const capability_slot* slot : objects.slots)
            {
                if (slot->depth > highest)
                {
                    return "dependency list: a slot is deeper than a child of the slot before it";
                }
                highest = slot->depth + 1;
            }
            return nullptr;
        }

        word count_full(const capability_slot& slot)
        {
            return slot.is_empty() ? 0 : 1;
        }

        /// Nodes with more slots than this are not searched for full ones: there is one, of 32768 frames.
        constexpr word searched_capacity = 1024;

        /// Every slot in the list lies in some object, and every full slot of an object is in the list.
        const char* check_places(const inventory& objects)
        {
            word listed = 0;
            for (const capability_slot* slot : objects.slots)
            {
                const word owner = find_place(objects, *slot).owner;
                if (slot->holder == slot_holder::node)
                {
                    if (owner == 0)
                    {
                        return "a slot in the dependency list lies in no node";
                    }
                    listed += hal::to_pointer<node>(owner)->capacity() <= searched_capacity;
                    continue;
                }
                listed++;
                if (slot->holder != slot_holder::interrupt_binding
                    && !contains(objects.processes, hal::to_pointer<process_control_block>(owner)))
                {
                    return "a slot in the dependency list lies in no process";
                }
            }
            word full = 0;
            for (const node* object : objects.nodes)
            {
                for (word i = 0; object->capacity() <= searched_capacity && i < object->capacity(); i++)
                {
                    full += count_full(object->slots[i]);
                }
            }
            for (const process_control_block* process : objects.processes)
            {
                full += count_full(process->address_space) + count_full(process->root_node)
                    + count_full(process->ipc_buffer) + count_full(process->bound_notification_port)
                    + count_full(process->resolver_port);
            }
            for (const interrupt_port& port : interrupt_ports)
            {
                full += count_full(port.binding);
            }
            return full == listed ? nullptr : "a full slot is not in the dependency list";
        }

        // ---- Memory --------------------------------------------------------------------------------------------------

        struct range
        {
            physical_address start;
            physical_address end; ///< behind its last byte

            bool operator==(const range&) const = default;
            auto operator<=>(const range&) const = default;

            bool contains(const range& other) const
            {
                return start <= other.start && other.end <= end;
            }
        };

        range sized(physical_address start, word size_bits)
        {
            return { start, start + (word { 1 } << size_bits) };
        }

        /// Objects in the kernel's image take just their size, others what CONVERT takes for them.
        range memory_of_object(const void* object, word size, word size_bits)
        {
            const physical_address start = address_of(object);
            return start >= image_physical_address ? range { start, start + size } : sized(start, size_bits);
        }

        /// What a capability to memory stands for; empty for all others.
        range memory_of(const capability_slot& slot)
        {
            switch (slot.type)
            {
                case capability_type::node:
                {
                    const node& object = slot.object<node>();
                    return memory_of_object(&object, sizeof(node) + object.capacity() * sizeof(capability_slot),
                        abi::node_size_bits(object.radix));
                }
                case capability_type::generic:
                    return sized(slot.data.generic.base, slot.data.generic.size_bits);
                case capability_type::frame:
                    return sized(slot.data.frame.base, slot.data.frame.size_bits);
                case capability_type::address_space:
                    return sized(slot.data.address_space.base, abi::address_space_size_bits);
                case capability_type::page_table:
                    return sized(slot.data.page_table.base, abi::page_table_size_bits);
                case capability_type::process_control_block:
                    return memory_of_object(
                        slot.component, sizeof(process_control_block), abi::process_control_block_size_bits);
                case capability_type::ipc_port:
                    return sized(address_of(slot.component), abi::ipc_port_size_bits);
                case capability_type::notification_port:
                    return sized(address_of(slot.component), abi::notification_port_size_bits);
                default:
                    return { 0, 0 };
            }
        }

        const char* check_child(const capability_slot& parent, const capability_slot& child)
        {
            switch (parent.type)
            {
                case capability_type::generic:
                {
                    const generic_data& data = parent.data.generic;
                    return range { data.base, data.watermark }.contains(memory_of(child)) && memory_of(child).end != 0
                        ? nullptr
                        : "a child of a Generic lies outside of what was allocated from it";
                }
                case capability_type::io_port:
                    return child.type == capability_type::io_port
                            && child.data.io_port.first >= parent.data.io_port.first
                            && child.data.io_port.last <= parent.data.io_port.last
                        ? nullptr
                        : "a child of an I/O port is no part of it";
                case capability_type::interrupt_region:
                    return child.type == capability_type::interrupt_port ? nullptr
                                                                         : "a child of the interrupt region is no interrupt port";
                default:
                    return "a capability has a child that cannot have any";
            }
        }

        const char* check_children(const inventory& objects)
        {
            // While a revocation is under way, a parent goes before its children, which stay inside what is above.
            std::vector<const capability_slot*> ancestors;
            for (const capability_slot* slot : objects.slots)
            {
                while (!ancestors.empty() && ancestors.back()->depth >= slot->depth)
                {
                    ancestors.pop_back();
                }
                if (!ancestors.empty())
                {
                    if (const char* problem = check_child(*ancestors.back(), *slot))
                    {
                        return problem;
                    }
                }
                ancestors.push_back(slot);
            }
            return nullptr;
        }

        /// Objects, and what is still free of each Generic: no two have a byte in common.
        const char* check_overlaps(const inventory& objects)
        {
            std::vector<range> ranges;
            std::vector<range> free;
            for (const capability_slot* slot : objects.slots)
            {
                const range memory = memory_of(*slot);
                if (slot->type == capability_type::generic)
                {
                    const physical_address watermark = slot->data.generic.watermark;
                    if (watermark < memory.start || watermark > memory.end)
                    {
                        return "the watermark of a Generic lies outside of it";
                    }
                    free.push_back({ watermark, memory.end });
                }
                else if (memory.end != 0)
                {
                    ranges.push_back(memory);
                }
            }
            // Copies stand for one object. Nothing is a copy of free memory.
            std::sort(ranges.begin(), ranges.end());
            ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
            ranges.insert(ranges.end(), free.begin(), free.end());
            std::erase_if(ranges, [](const range& each) { return each.start == each.end; });
            std::sort(ranges.begin(), ranges.end());
            for (size_t i = 1; i < ranges.size(); i++)
            {
                if (ranges[i].start < ranges[i - 1].end)
                {
                    return "two objects overlap, or one lies in free memory";
                }
            }
            return nullptr;
        }

        /// What an interrupted CONVERT has cleared stays clear as long as it is free.
        const char* check_cleared_pages(const inventory& objects)
        {
            for (const capability_slot* slot : objects.slots)
            {
                if (slot->type != capability_type::generic)
                {
                    continue;
                }
                const generic_data&    data  = slot->data.generic;
                const physical_address first = data.base + data.first_cleared_page * abi::page_size;
                const physical_address end   = first + data.cleared_page_count * abi::page_size;
                const word             size  = word { 1 } << data.size_bits;
                for (physical_address at = first < data.watermark ? data.watermark : first; at < end; at += sizeof(word))
                {
                    if (at - data.base >= size || *hal::to_pointer<word>(at) != 0)
                    {
                        return "a free page that counts as cleared is not";
                    }
                }
            }
            return nullptr;
        }

        // ---- Mappings --------------------------------------------------------------------------------------------------

        struct mappable
        {
            physical_address base;
            bool             is_table;
            word             level; ///< depth of a table, size bits of a frame

            bool operator==(const mappable&) const = default;
            auto operator<=>(const mappable&) const = default;
        };

        const char* check_mappings(const inventory& objects)
        {
            std::vector<mappable> live;
            for (const capability_slot* slot : objects.slots)
            {
                if (slot->type == capability_type::frame)
                {
                    live.push_back({ slot->data.frame.base, false, slot->data.frame.size_bits });
                }
            }
            for (const table_object& table : objects.tables)
            {
                live.push_back({ table.address, true, table.depth });
            }
            std::sort(live.begin(), live.end());
            for (const table_object& table : objects.tables)
            {
                for (const page_table_entry entry : hal::to_pointer<page_table>(table.address)->entries)
                {
                    const mappable target { entry.address(), entry.is_table != 0,
                        entry.is_table ? table.depth - 1 : entry_size_bits(table.depth) };
                    if (!entry.is_empty() && !std::binary_search(live.begin(), live.end(), target))
                    {
                        return "a page table refers to something for which no capability exists";
                    }
                }
            }
            return nullptr;
        }

        // ---- Processes -------------------------------------------------------------------------------------------------

        /// Links and members of a queue; `is_member` says whether a process may be in it. Its length goes to `length`.
        template<typename IsMember>
        const char* check_queue(
            const inventory& objects, const process_queue& queue, word& length, const IsMember& is_member)
        {
            const process_control_block* before = nullptr;
            for (const process_control_block* process = queue.first; process != nullptr; process = process->queue_next)
            {
                if (process->queue_previous != before)
                {
                    return "a queue of processes: previous is not the process before";
                }
                if (!contains(objects.processes, process) || !is_member(*process))
                {
                    return "a queue of processes: one does not belong there";
                }
                length++;
                before = process;
            }
            return queue.last == before ? nullptr : "a queue of processes: last is not the last";
        }

        const char* check_ready_queues(const inventory& objects)
        {
            const processor& here   = this_processor();
            word             queued = 0, ready = 0;
            for (word priority = 0; priority < abi::priority_count; priority++)
            {
                const process_queue& queue = here.ready_queues[priority];
                if (const char* problem = check_queue(objects, queue, queued,
                        [&](const process_control_block& process)
                        {
                            return process.state == process_state::ready && process.priority == priority
                                && &process != here.current_process;
                        }))
                {
                    return problem;
                }
                if (((here.ready_priorities >> priority & 1) != 0) != !queue.is_empty())
                {
                    return "ready_priorities does not say which ready queues hold a process";
                }
            }
            for (const process_control_block* process : objects.processes)
            {
                if (process->state == process_state::ready)
                {
                    ready++;
                    if (process->address_space.is_empty())
                    {
                        return "a ready process has no address space";
                    }
                }
            }
            if (const process_control_block* current = here.current_process; current != nullptr)
            {
                if (!contains(objects.processes, current) || current->state != process_state::ready)
                {
                    return "the current process is not ready";
                }
                ready--;
            }
            return ready == queued ? nullptr : "a ready process is in no queue";
        }

        const char* check_ports(const inventory& objects)
        {
            word queued = 0, blocked = 0;
            for (const ipc_port* port : objects.ipc_ports)
            {
                const bool has_senders = port->state == ipc_port_state::has_senders;
                if (const char* problem = check_queue(objects, port->waiters, queued,
                        [&](const process_control_block& process)
                        {
                            return process.blocked_on_ipc_port == port
                                && (has_senders ? process.state == process_state::blocked_send
                                            || process.state == process_state::blocked_fault
                                                : process.state == process_state::blocked_receive);
                        }))
                {
                    return problem;
                }
                if ((port->state == ipc_port_state::idle) != port->waiters.is_empty())
                {
                    return "the state of an IPC port does not fit its queue";
                }
            }
            for (const notification_port* port : objects.notification_ports)
            {
                if (const char* problem = check_queue(objects, port->waiters, queued,
                        [&](const process_control_block& process)
                        {
                            return process.blocked_on_notification_port == port
                                && process.state == process_state::blocked_wait;
                        }))
                {
                    return problem;
                }
                if (!port->waiters.is_empty() && port->pending_flags != 0)
                {
                    return "flags are pending though a process waits for them";
                }
                const process_control_block* bound = port->bound_process;
                if (bound != nullptr
                    && (!contains(objects.processes, bound) || bound->bound_notification_port.is_empty()
                        || &bound->bound_notification_port.object<notification_port>() != port))
                {
                    return "a notification port is bound to a process that is not bound to it";
                }
                if (bound != nullptr && bound->state == process_state::blocked_receive && port->pending_flags != 0)
                {
                    return "flags are pending though the bound process receives";
                }
            }
            for (const process_control_block* process : objects.processes)
            {
                blocked += process->blocked_on_ipc_port != nullptr || process->blocked_on_notification_port != nullptr;
            }
            return blocked == queued ? nullptr : "a process is blocked on a port whose queue it is not in";
        }

        const char* check_process(const inventory& objects, const process_control_block& process)
        {
            const process_state state = process.state;
            if ((state == process_state::blocked_send || state == process_state::blocked_receive
                    || state == process_state::blocked_fault)
                != (process.blocked_on_ipc_port != nullptr))
            {
                return "the state of a process does not fit the IPC port it is blocked on";
            }
            if ((state == process_state::blocked_wait) != (process.blocked_on_notification_port != nullptr))
            {
                return "the state of a process does not fit the notification port it is blocked on";
            }
            if ((state == process_state::blocked_reply) != (process.reply_source != nullptr))
            {
                return "the state of a process does not fit whose reply it waits for";
            }
            if (process.reply_source != nullptr
                && (!contains(objects.processes, process.reply_source) || process.reply_source->reply_target != &process))
            {
                return "a reply link is not mutual";
            }
            if (process.reply_target != nullptr
                && (!contains(objects.processes, process.reply_target) || process.reply_target->reply_source != &process))
            {
                return "a reply link is not mutual";
            }
            if (process.has_fault
                    ? state != process_state::blocked_fault && state != process_state::blocked_reply
                    : state == process_state::blocked_fault)
            {
                return "the state of a process does not fit its fault";
            }
            if (process.quantum == 0 || process.quantum > full_quantum || process.priority >= abi::priority_count)
            {
                return "the quantum or priority of a process is out of range";
            }
            if (!process.bound_notification_port.is_empty()
                && process.bound_notification_port.object<notification_port>().bound_process != &process)
            {
                return "a process is bound to a notification port that is not bound to it";
            }
            const capability_slot& buffer = process.ipc_buffer;
            if (!buffer.is_empty()
                && (buffer.type != capability_type::frame || buffer.data.frame.is_device || !buffer.has(read_write)))
            {
                return "an IPC buffer is no readable and writable RAM";
            }
            return nullptr;
        }

        const char* check_processes(const inventory& objects)
        {
            for (const process_control_block* process : objects.processes)
            {
                if (const char* problem = check_process(objects, *process))
                {
                    return problem;
                }
            }
            return nullptr;
        }

        const char* check_interrupts(const inventory& objects)
        {
            bool has_capability[hal::interrupt_line_count] = {};
            for (const capability_slot* slot : objects.slots)
            {
                if (slot->type == capability_type::interrupt_port)
                {
                    has_capability[interrupt_line_of(slot->object<interrupt_port>())] = true;
                }
            }
            for (word irq = 0; irq < hal::interrupt_line_count; irq++)
            {
                if (interrupt_ports[irq].is_reserved != has_capability[irq])
                {
                    return "an interrupt line is reserved without a capability, or the other way round";
                }
                if (interrupt_ports[irq].binding.is_empty() && !is_interrupt_masked(irq))
                {
                    return "an interrupt line is on though nobody is bound to it";
                }
            }
            return nullptr;
        }
    }

    const char* find_broken_invariant(const inventory& objects)
    {
        using check = const char* (*) (const inventory&);
        constexpr check always[] = { check_links, check_children, check_overlaps, check_cleared_pages, check_ready_queues };
        // While a revocation is under way, capabilities go before what derives from them, and there are objects to which
        // none exists.
        constexpr check when_finished[] = { check_depths, check_places, check_mappings, check_ports, check_interrupts, check_processes };
        for (const check& each : always)
        {
            if (const char* problem = each(objects))
            {
                return problem;
            }
        }
        for (const check& each : when_finished)
        {
            if (is_revocation_unfinished())
            {
                break;
            }
            if (const char* problem = each(objects))
            {
                return problem;
            }
        }
        return nullptr;
    }
}
