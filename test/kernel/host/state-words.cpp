#include "state-words.hpp"

#include <core/interrupt_port.hpp>
#include <core/processor.hpp>
#include <hal/host/devices.hpp>
#include <hal/host/page_table.hpp>
#include <hal/interface/memory.hpp>

namespace a9n::host
{
    namespace
    {
        using words = std::vector<word>;

        constexpr word without_enter_from = abi::context_register_count - 1;

        /// A list that begins with its length, which is known at its end.
        struct counted
        {
            words& out;
            word   at;

            explicit counted(words& out) : out(out), at(out.size())
            {
                out.push_back(0);
            }

            void count_one()
            {
                out[at]++;
            }
        };

        void put_capability(words& out, const capability_slot& slot)
        {
            const capability_data& data = slot.data;
            switch (slot.type)
            {
                case capability_type::node:
                    out.insert(out.end(), { address_of(slot.component), slot.object<node>().radix });
                    break;
                case capability_type::generic:
                    out.insert(out.end(),
                        { data.generic.base, data.generic.size_bits, data.generic.is_device, data.generic.watermark });
                    break;
                case capability_type::address_space:
                    out.push_back(data.address_space.base);
                    break;
                case capability_type::page_table:
                    out.insert(out.end(), { data.page_table.base, data.page_table.depth });
                    break;
                case capability_type::frame:
                    out.insert(out.end(), { data.frame.base, data.frame.size_bits, data.frame.is_device });
                    break;
                case capability_type::process_control_block:
                    out.push_back(address_of(slot.component));
                    break;
                case capability_type::ipc_port:
                case capability_type::notification_port:
                    out.insert(out.end(), { address_of(slot.component), data.port.identifier });
                    break;
                case capability_type::interrupt_port:
                    out.push_back(interrupt_line_of(slot.object<interrupt_port>()));
                    break;
                case capability_type::io_port:
                    out.insert(out.end(), { data.io_port.first, data.io_port.last });
                    break;
                default:
                    break;
            }
        }

        void put_slots(words& out, const inventory& objects)
        {
            out.push_back(objects.slots.size());
            for (const capability_slot* slot : objects.slots)
            {
                const slot_place place = find_place(objects, *slot);
                out.insert(out.end(),
                    { static_cast<word>(slot->type) | static_cast<word>(slot->rights) << 8
                            | static_cast<word>(slot->holder) << 16 | slot->depth << 32,
                        place.owner, place.index });
                put_capability(out, *slot);
            }
        }

        void put_process(words& out, const process_control_block& process)
        {
            out.insert(out.end(),
                { address_of(&process), static_cast<word>(process.state), process.priority, process.quantum });
            const word* registers = process.context.registers;
            out.insert(out.end(), registers, registers + without_enter_from);
            const word blocked_on = process.blocked_on_ipc_port != nullptr
                ? address_of(process.blocked_on_ipc_port)
                : address_of(process.blocked_on_notification_port);
            const bool is_sending = process.state == process_state::blocked_send;
            out.insert(out.end(),
                { blocked_on, address_of(process.reply_target), address_of(process.reply_source), is_sending,
                    process.has_fault });
            if (is_sending)
            {
                out.insert(out.end(), { process.is_calling, process.pending_message.value, process.pending_identifier });
            }
            if (process.has_fault)
            {
                out.insert(out.end(),
                    { static_cast<word>(process.fault.type), process.fault.detail, process.fault.code,
                        process.pending_identifier });
            }
        }

        void put_queue(words& out, const process_queue& queue)
        {
            counted list { out };
            for (const process_control_block* process = queue.first; process != nullptr; process = process->queue_next)
            {
                out.push_back(address_of(process));
                list.count_one();
            }
        }

        void put_ready_queues(words& out)
        {
            counted list { out };
            for (word priority = 0; priority < abi::priority_count; priority++)
            {
                if (!this_processor().ready_queues[priority].is_empty())
                {
                    out.push_back(priority);
                    put_queue(out, this_processor().ready_queues[priority]);
                    list.count_one();
                }
            }
        }

        void put_ports(words& out, const inventory& objects)
        {
            out.push_back(objects.ipc_ports.size());
            for (const ipc_port* port : objects.ipc_ports)
            {
                out.insert(out.end(), { address_of(port), static_cast<word>(port->state) });
                put_queue(out, port->waiters);
            }
            out.push_back(objects.notification_ports.size());
            for (const notification_port* port : objects.notification_ports)
            {
                out.insert(out.end(), { address_of(port), port->pending_flags, address_of(port->bound_process) });
                put_queue(out, port->waiters);
            }
        }

        void put_table(words& out, const table_object& object)
        {
            out.insert(out.end(), { object.address, object.depth });
            const page_table& table = *hal::to_pointer<page_table>(object.address);
            const word        count = object.depth == hal::root_table_depth ? user_root_entries : page_table_entries;
            counted           list { out };
            for (word index = 0; index < count; index++)
            {
                const page_table_entry entry = table.entries[index];
                if (!entry.is_empty())
                {
                    const word flags = entry.is_page | entry.is_writable << 1 | entry.is_executable << 2;
                    out.insert(out.end(), { index | flags << 16, entry.address() });
                    list.count_one();
                }
            }
        }

        void put_interrupts(words& out)
        {
            counted list { out };
            for (word irq = 0; irq < hal::interrupt_line_count; irq++)
            {
                if (interrupt_ports[irq].is_reserved)
                {
                    out.insert(out.end(), { irq, is_interrupt_masked(irq) });
                    list.count_one();
                }
            }
        }

        void put_buffers(words& out, const inventory& objects)
        {
            counted list { out };
            for (const physical_address page : objects.buffers)
            {
                const word* content = hal::to_pointer<word>(page);
                for (word i = 0; i < abi::page_size / sizeof(word); i++)
                {
                    if (content[i] != 0)
                    {
                        out.insert(out.end(), { page + i * sizeof(word), content[i] });
                        list.count_one();
                    }
                }
            }
        }
    }

    void encode_state(const inventory& objects, std::vector<word>& out)
    {
        out.push_back(address_of(this_processor().current_process));
        put_slots(out, objects);
        out.push_back(objects.processes.size());
        for (const process_control_block* process : objects.processes)
        {
            put_process(out, *process);
        }
        put_ready_queues(out);
        put_ports(out, objects);
        out.push_back(objects.tables.size());
        for (const table_object& table : objects.tables)
        {
            put_table(out, table);
        }
        put_interrupts(out);
        put_buffers(out, objects);
    }

    word hash_words(const std::vector<word>& words)
    {
        constexpr uint32_t mix_low = 0x9e37'79b1, mix_high = 0x85eb'ca77, chain_low = 0xcc9e'2d51, chain_high = 0x1b87'3593;

        uint32_t low = 0, high = 0;
        for (const word value : words)
        {
            const auto value_low = static_cast<uint32_t>(value), value_high = static_cast<uint32_t>(value >> 32);
            low = (low ^ value_low ^ value_high * mix_low) * chain_low;
            low ^= low >> 15;
            high = (high ^ value_high ^ value_low * mix_high) * chain_high;
            high ^= high >> 13;
        }
        return static_cast<word>(high) << 32 | low;
    }
}
