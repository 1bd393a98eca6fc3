#include "event-generator.hpp"

#include "boot-image.hpp"
#include "events.hpp"

#include <core/node.hpp>
#include <core/processor.hpp>
#include <hal/host/page_table.hpp>
#include <hal/interface/memory.hpp>

namespace a9n::host
{
    namespace
    {
        using arguments = std::vector<word>;

        constexpr word used_root_slots = 64;

        std::vector<word> event_of(event_kind kind, const arguments& words)
        {
            std::vector<word> event { static_cast<word>(kind) };
            event.insert(event.end(), words.begin(), words.end());
            return event;
        }

        std::vector<word> call_of(abi::kernel_call number, arguments registers)
        {
            registers.resize(abi::hardware_message_registers);
            registers.insert(registers.begin(), static_cast<word>(number));
            return event_of(event_kind::call, registers);
        }

        // ---- Values ------------------------------------------------------------------------------------------------

        /// Small numbers, powers of two, and what lies at the ends.
        word number(byte_source& bytes)
        {
            const uint8_t byte = bytes.next();
            const word    low  = byte & 63;
            switch (byte >> 6)
            {
                case 0:
                case 1:
                    return low;
                case 2:
                    return word { 1 } << low;
                default:
                    return low < 32 ? ~low : static_cast<word>(bytes.next()) << 8 | bytes.next();
            }
        }

        word small(byte_source& bytes, word limit)
        {
            const uint8_t byte = bytes.next();
            // Sometimes one that is too large.
            return byte >= 0xf8 ? number(bytes) : byte % limit;
        }

        struct target
        {
            word                   descriptor;
            const capability_slot* slot; ///< nullptr if the descriptor leads nowhere
        };

        /// A slot of the running process's root node, or of a node in it, and so on.
        target find_target(byte_source& bytes)
        {
            const process_control_block* process = this_processor().current_process;
            if (process == nullptr)
            {
                return { number(bytes), nullptr };
            }
            const capability_slot* at    = &process->root_node;
            word                   path  = 0;
            word                   depth = abi::descriptor_prefix_bits;
            bool                   goes_on = true;
            while (goes_on && at->type == capability_type::node)
            {
                node& table = at->object<node>();
                if (depth + table.radix > 64)
                {
                    return { path, nullptr };
                }
                const uint8_t byte  = bytes.next();
                const word    index = (byte & 63) % (table.capacity() < used_root_slots ? table.capacity() : used_root_slots);
                path                = abi::extend_descriptor(path, depth, table.radix, index);
                depth += table.radix;
                at      = &table.slots[index];
                goes_on = (byte & 0x40) != 0;
            }
            return { path, at->is_empty() ? nullptr : at };
        }

        /// One of the slots of `type` in the running process's root node; any slot if there is none.
        target find_target(byte_source& bytes, capability_type type)
        {
            const process_control_block* process = this_processor().current_process;
            if (process == nullptr || process->root_node.is_empty())
            {
                return find_target(bytes);
            }
            node&      root  = process->root_node.object<node>();
            const word limit = root.capacity() < used_root_slots ? root.capacity() : used_root_slots;
            std::vector<word> found;
            for (word i = 0; i < limit; i++)
            {
                if (root.slots[i].type == type)
                {
                    found.push_back(i);
                }
            }
            if (found.empty())
            {
                return find_target(bytes);
            }
            const word index = found[bytes.next() % found.size()];
            return { abi::extend_descriptor(0, abi::descriptor_prefix_bits, root.radix, index), &root.slots[index] };
        }

        word descriptor(byte_source& bytes)
        {
            return find_target(bytes).descriptor;
        }

        word virtual_page(byte_source& bytes)
        {
            const uint8_t byte = bytes.next();
            constexpr word shifts[] = { 12, 21, 30, 39 };
            return byte >= 0xf8 ? number(bytes) : static_cast<word>(byte >> 2) << shifts[byte & 3];
        }

        word message_info(byte_source& bytes)
        {
            const uint8_t byte = bytes.next(), more = bytes.next();
            const word    transfers = (more & 0xc0) == 0xc0 ? more & 3 : 0;
            const word    source    = more == 0x3f ? 1 : 0;
            return (byte & 1) | (byte & 2 ? byte >> 2 : byte >> 5) << 1 | transfers << 9 | source << 13;
        }

        // ---- Calls by the type of their target -----------------------------------------------------------------------

        /// Operation and arguments.
        arguments operate_on(capability_type type, byte_source& bytes)
        {
            switch (type)
            {
                case capability_type::node:
                    switch (const word operation = 1 + small(bytes, 7))
                    {
                        case static_cast<word>(abi::node_operation::demote):
                            return { operation, small(bytes, used_root_slots), 0, small(bytes, 16) };
                        default:
                            return { operation, small(bytes, used_root_slots), descriptor(bytes), small(bytes, 16) };
                    }
                case capability_type::generic:
                {
                    constexpr word types[] = { 2, 3, 4, 5, 6, 7, 8, 9 };
                    const uint8_t  choice  = bytes.next();
                    const word     made    = choice == 0xff ? number(bytes) : types[choice % 8];
                    const bool     is_sized = made == 3 || made == 6;
                    return { 0, made, (is_sized ? 12 : 0) + small(bytes, is_sized ? 10 : 6), 1 + small(bytes, 4),
                        descriptor(bytes), small(bytes, used_root_slots) };
                }
                case capability_type::address_space:
                    switch (const word operation = 1 + small(bytes, 4))
                    {
                        case static_cast<word>(abi::address_space_operation::get_unset_depth):
                            return { operation, virtual_page(bytes), 12 + small(bytes, 3) * 9 };
                        case static_cast<word>(abi::address_space_operation::can_map_frame_size_bits):
                            return { operation, 12 + small(bytes, 3) * 9 };
                        default:
                            return { operation, descriptor(bytes), virtual_page(bytes), small(bytes, 8) };
                    }
                case capability_type::process_control_block:
                    switch (const word operation = 1 + small(bytes, 6))
                    {
                        case static_cast<word>(abi::process_control_block_operation::configure):
                        {
                            const word mask = static_cast<word>(bytes.next()) | static_cast<word>(bytes.next() & 3) << 8;
                            return { operation, mask, descriptor(bytes), descriptor(bytes), descriptor(bytes),
                                descriptor(bytes), descriptor(bytes), number(bytes), number(bytes) };
                        }
                        default:
                            return { operation, small(bytes, 24), number(bytes), number(bytes), number(bytes),
                                number(bytes), number(bytes), number(bytes), number(bytes) };
                    }
                case capability_type::ipc_port:
                    switch (const word operation = 1 + small(bytes, 7))
                    {
                        case static_cast<word>(abi::ipc_port_operation::identify):
                            return { operation, number(bytes) };
                        default:
                            return { operation, message_info(bytes), 0, number(bytes), number(bytes) };
                    }
                case capability_type::notification_port:
                    return { 1 + small(bytes, 4), number(bytes) };
                case capability_type::interrupt_region:
                    return { 1, small(bytes, 8), descriptor(bytes), small(bytes, used_root_slots) };
                case capability_type::interrupt_port:
                    return { 1 + small(bytes, 4), descriptor(bytes) };
                case capability_type::io_port:
                    return { 1 + small(bytes, 3), number(bytes), number(bytes), descriptor(bytes),
                        small(bytes, used_root_slots) };
                default:
                    return { number(bytes), number(bytes), number(bytes), number(bytes) };
            }
        }

        std::vector<word> capability_call(byte_source& bytes, const target& chosen)
        {
            const arguments rest   = operate_on(chosen.slot != nullptr ? chosen.slot->type : capability_type::none, bytes);
            arguments       registers { chosen.descriptor };
            registers.insert(registers.end(), rest.begin(), rest.end());
            return call_of(abi::kernel_call::capability_call, registers);
        }

        // ---- What else happens -------------------------------------------------------------------------------------------

        std::vector<word> wild_call(byte_source& bytes)
        {
            arguments registers;
            for (word i = 0; i < abi::hardware_message_registers; i++)
            {
                registers.push_back(number(bytes));
            }
            return call_of(static_cast<abi::kernel_call>(word { 0 } - small(bytes, 4)), registers);
        }

        /// The running process prepares the transfer of capabilities, or writes some other word of its buffer.
        std::vector<word> write_buffer(byte_source& bytes)
        {
            const process_control_block* process = this_processor().current_process;
            if (process == nullptr || process->ipc_buffer.is_empty())
            {
                return event_of(event_kind::tick, {});
            }
            const physical_address page = process->ipc_buffer.data.frame.base;
            switch (bytes.next() % 4)
            {
                case 0:
                    return event_of(event_kind::write,
                        { page + offsetof(abi::ipc_buffer, transfer_source_descriptors), 2, descriptor(bytes),
                            descriptor(bytes) });
                case 1:
                    return event_of(event_kind::write,
                        { page + offsetof(abi::ipc_buffer, transfer_destination_node), 2, descriptor(bytes),
                            small(bytes, used_root_slots) });
                default:
                    return event_of(event_kind::write,
                        { page + (small(bytes, 64) % (abi::page_size / sizeof(word))) * sizeof(word), 1, number(bytes) });
            }
        }
    }

    std::vector<word> generate_event(byte_source& bytes)
    {
        constexpr capability_type frequent[] = { capability_type::ipc_port, capability_type::ipc_port,
            capability_type::ipc_port, capability_type::notification_port, capability_type::process_control_block,
            capability_type::node, capability_type::generic, capability_type::address_space };
        const uint8_t byte = bytes.next();
        switch (byte % 16)
        {
            case 0:
                return event_of(event_kind::tick, {});
            case 1:
                return event_of(event_kind::interrupt, { small(bytes, 8) });
            case 2:
                return event_of(event_kind::fault, { 1 + small(bytes, 7), number(bytes), number(bytes) });
            case 3:
                return wild_call(bytes);
            case 4:
                return write_buffer(bytes);
            case 5:
                return call_of(abi::kernel_call::yield, {});
            case 6:
            case 7:
                return capability_call(bytes, find_target(bytes));
            default:
                return capability_call(bytes, find_target(bytes, frequent[byte % 8]));
        }
    }

    std::vector<std::vector<word>> events_that_make_processes()
    {
        using abi::capability_type;
        constexpr auto call        = abi::kernel_call::capability_call;
        constexpr word all_ram     = 0; // the first Generic is the largest
        constexpr word processes   = 16, address_spaces = 20, buffers = 24, ports = 28, notifications = 32, nodes = 34;
        constexpr word page_tables = 36;
        const word     root        = abi::init_root_descriptor(abi::init_slot::root_node);
        const auto     slot        = [](word index) { return abi::init_root_descriptor(index); };

        std::vector<std::vector<word>> events;
        const auto convert = [&](capability_type type, word bits, word count, word first)
        {
            events.push_back(call_of(call,
                { abi::init_generic_descriptor(all_ram), static_cast<word>(abi::generic_operation::convert),
                    static_cast<word>(type), bits, count, root, first }));
        };
        convert(capability_type::process_control_block, 0, 3, processes);
        convert(capability_type::address_space, 0, 3, address_spaces);
        convert(capability_type::frame, abi::page_size_bits, 3, buffers);
        convert(capability_type::ipc_port, 0, 3, ports);
        convert(capability_type::notification_port, 0, 2, notifications);
        convert(capability_type::node, 5, 2, nodes);
        for (word depth = 1; depth <= 3; depth++)
        {
            convert(capability_type::page_table, depth, 1, page_tables + depth);
        }
        // What a capability says of itself is not nothing: else notifying would do nothing.
        for (const word index : { ports, ports + 1, notifications, notifications + 1 })
        {
            const auto operation = index < notifications
                ? static_cast<word>(abi::ipc_port_operation::identify)
                : static_cast<word>(abi::notification_port_operation::identify);
            events.push_back(call_of(call, { slot(index), operation, index }));
        }
        // The second node is the third process's root: some of everything, by the same indexes.
        for (const word index : { processes, processes + 1, buffers, ports, ports + 1, notifications, nodes })
        {
            events.push_back(call_of(call,
                { slot(nodes + 1), static_cast<word>(abi::node_operation::copy), index % 32, slot(index) }));
        }
        // An interrupt line with somebody to tell.
        constexpr word irq = 3, interrupt_port = 40;
        events.push_back(call_of(call,
            { slot(static_cast<word>(abi::init_slot::interrupt_region)),
                static_cast<word>(abi::interrupt_region_operation::make_port), irq, root, interrupt_port }));
        events.push_back(call_of(call,
            { slot(interrupt_port), static_cast<word>(abi::interrupt_port_operation::bind), slot(notifications) }));
        // They get the init process's priority and run in turn, but for the last, which has the one below. CONFIGURE takes it from
        // the caller's IPC buffer.
        constexpr physical_address buffer = init_image_address + abi::page_size;
        constexpr word priority_register = 11, highest_priority = abi::priority_count - 1;
        for (word i = 0; i < 3; i++)
        {
            const word priority = i < 2 ? highest_priority : highest_priority - 1;
            events.push_back(event_of(event_kind::write, { buffer + priority_register * sizeof(word), 1, priority }));
            constexpr word fields = 0b1'0001'1111; // address space, root node, IPC buffer, notifications, resolver, priority
            const word mask = i == 1 ? fields : fields & ~word { 0b1000 };
            events.push_back(call_of(call,
                { slot(processes + i), static_cast<word>(abi::process_control_block_operation::configure), mask,
                    slot(address_spaces + i), i < 2 ? root : slot(nodes + 1), slot(buffers + i), slot(notifications + 1),
                    slot(ports) }));
            events.push_back(call_of(call,
                { slot(processes + i), static_cast<word>(abi::process_control_block_operation::resume) }));
        }
        return events;
    }
}
