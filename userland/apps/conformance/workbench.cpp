#include "workbench.hpp"

#include "report.hpp"

namespace conformance
{
    worker                workers[worker_count];
    const abi::init_info *init_info  = nullptr;
    abi::ipc_buffer      *ipc_buffer = nullptr;

    namespace
    {
        constexpr word buffers_address = 0x1000'0000;
        constexpr word worker_stack    = 16384;
        alignas(16) unsigned char stacks[worker_count][worker_stack];

        constexpr word memory_bits        = 23;
        constexpr word worker_memory_bits = 16;

        extern "C" char worker_entry[];

        extern "C" [[noreturn]] void run_worker(worker *self)
        {
            while (true)
            {
                self->is_idle = true;
                call(self->bell, abi::notification_port_operation::wait);
                self->is_idle = false;
                self->action(*self);
                self->is_finished = true;
            }
        }

        void make_request(worker &self)
        {
            self.result = perform(self.request);
        }

        constexpr word minted_radix = 5;
        word           minted       = 0; ///< slots used in the node of minted capabilities

        word find_memory(const abi::init_info &info)
        {
            word largest = 0;
            for (word i = 0; i < info.generic_list_count; ++i)
            {
                const abi::generic_descriptor &candidate = info.generic_list[i];
                const abi::generic_descriptor &best      = info.generic_list[largest];
                if (candidate.is_device == 0 && (best.is_device != 0 || candidate.size_bits > best.size_bits))
                {
                    largest = i;
                }
            }
            require("a Generic of at least 16 MiB", info.generic_list[largest].size_bits > memory_bits);
            return abi::init_generic_descriptor(largest);
        }

        reply convert_from(word generic, capability_type type, word specific_bits, word count, word index)
        {
            return call(generic, abi::generic_operation::convert, type, specific_bits, count, root, index);
        }

        void map_worker_buffer(word frame, word address, word &next_table)
        {
            while (true)
            {
                const reply depth = require("unset depth",
                    call(own_space, abi::address_space_operation::get_unset_depth, address, abi::page_size_bits));
                if (depth.mr[2] == 0)
                {
                    break;
                }
                const word index = next_table++;
                require("page table",
                    convert_from(slot(worker_memory), capability_type::page_table, depth.mr[2], 1, index));
                require("map page table", call(own_space, abi::address_space_operation::map, slot(index), address, 0));
            }
            require("map buffer", call(own_space, abi::address_space_operation::map, frame, address, 3));
        }

        void set_up_worker(word number, word &next_table)
        {
            worker    &self  = workers[number];
            const word first = worker_slots + 3 * number;
            require("process",
                convert_from(slot(worker_memory), capability_type::process_control_block, 0, 1, first));
            require("buffer frame",
                convert_from(slot(worker_memory), capability_type::frame, abi::page_size_bits, 1, first + 1));
            require("notification port",
                convert_from(slot(worker_memory), capability_type::notification_port, 0, 1, first + 2));
            self.process      = slot(first);
            self.bell         = slot(first + 2);
            require("identify", call(self.bell, abi::notification_port_operation::identify, 1));
            self.buffer_frame = slot(first + 1);
            const word address = buffers_address + number * abi::page_size;
            map_worker_buffer(self.buffer_frame, address, next_table);
            self.buffer = reinterpret_cast<abi::ipc_buffer *>(address);

            constexpr word fields = static_cast<word>(abi::configure_field::address_space)
                | static_cast<word>(abi::configure_field::root_node)
                | static_cast<word>(abi::configure_field::frame_ipc_buffer)
                | static_cast<word>(abi::configure_field::instruction_pointer)
                | static_cast<word>(abi::configure_field::stack_pointer)
                | static_cast<word>(abi::configure_field::priority);
            ipc_buffer->messages[11] = worker_priority;
            require("configure worker",
                call(self.process, abi::process_control_block_operation::configure, fields, own_space, root,
                    self.buffer_frame, 0, 0, reinterpret_cast<word>(worker_entry),
                    reinterpret_cast<word>(&stacks[number][worker_stack])));
            // RDI = the worker: context word 4, the rest zero as it is.
            require("worker argument",
                call(self.process, abi::process_control_block_operation::write_register, 5, 0, 0, 0, 0,
                    reinterpret_cast<word>(&self)));
            require("start worker", self.resume());
        }
    }

    bool worker::start(const register_file &call)
    {
        request = call;
        return start(make_request);
    }

    bool worker::start(void (*what)(worker &))
    {
        require("an idle worker", is_idle);
        action      = what;
        is_finished = false;
        require("wake worker", call(bell, abi::notification_port_operation::notify));
        return is_finished;
    }

    void worker::let_finish() const
    {
        while (!is_finished || !is_idle)
        {
            yield();
        }
    }

    reply worker::resume()
    {
        return call(process, abi::process_control_block_operation::resume);
    }

    void worker::restart()
    {
        require("suspend worker", call(process, abi::process_control_block_operation::suspend));
        constexpr word count  = index_of(abi::context_register::rsp) + 1;
        word values[count] {};
        values[index_of(abi::context_register::rdi)] = reinterpret_cast<word>(this);
        values[index_of(abi::context_register::rip)] = reinterpret_cast<word>(worker_entry);
        values[index_of(abi::context_register::rsp)] = reinterpret_cast<word>(&stacks[this - workers][worker_stack]);
        require("restart worker", write_registers(process, count, values));
        require("restart worker", resume());
    }

    reply convert(capability_type type, word specific_bits, word index, word count)
    {
        return convert_from(slot(memory_slot), type, specific_bits, count, index);
    }

    word make(capability_type type, word specific_bits, word index)
    {
        require("convert", convert(type, specific_bits, index));
        return slot(index);
    }

    word mint(word source, capability_rights rights)
    {
        if (minted == 0)
        {
            make(capability_type::node, minted_radix, minted_slots);
        }
        const word index = minted++;
        require("mint", call(slot(minted_slots), abi::node_operation::mint, index, source, rights));
        return slot_in(minted_slots, minted_radix, index);
    }

    void clean_up()
    {
        minted = 0;
        require("revoke", call(root, abi::node_operation::revoke, memory_slot));
    }

    reply configure_field(word process, abi::configure_field field, word value)
    {
        word index = 3;
        while (word { 1 } << (index - 3) != static_cast<word>(field))
        {
            ++index;
        }
        word mr[abi::hardware_message_registers] { process,
            static_cast<word>(abi::process_control_block_operation::configure), static_cast<word>(field) };
        if (index < abi::hardware_message_registers)
        {
            mr[index] = value;
        }
        else
        {
            ipc_buffer->messages[index] = value;
        }
        return perform(to_registers(abi::kernel_call::capability_call, mr));
    }

    void read_registers(word process, word count, word *values)
    {
        const reply got
            = require("read registers", call(process, abi::process_control_block_operation::read_register, count));
        for (word i = 0; i < count; ++i)
        {
            values[i] = 3 + i < abi::hardware_message_registers ? got.mr[3 + i] : ipc_buffer->messages[3 + i];
        }
    }

    reply write_registers(word process, word count, const word *values)
    {
        word mr[abi::hardware_message_registers] { process,
            static_cast<word>(abi::process_control_block_operation::write_register), count };
        for (word i = 0; i < count; ++i)
        {
            (3 + i < abi::hardware_message_registers ? mr[3 + i] : ipc_buffer->messages[3 + i]) = values[i];
        }
        return perform(to_registers(abi::kernel_call::capability_call, mr));
    }

    void set_up(const abi::init_info &info, abi::ipc_buffer *buffer)
    {
        init_info           = &info;
        ipc_buffer          = buffer;
        const word generic  = find_memory(info);
        require("own priority", configure_field(own_process, abi::configure_field::priority, own_priority));
        require("memory", convert_from(generic, capability_type::generic, memory_bits, 1, memory_slot));
        require("worker memory", convert_from(generic, capability_type::generic, worker_memory_bits, 1, worker_memory));
        word next_table = worker_tables;
        for (word number = 0; number < worker_count; ++number)
        {
            set_up_worker(number, next_table);
        }
    }
}
