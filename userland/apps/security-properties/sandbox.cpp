#include "sandbox.hpp"

#include <report.hpp>

extern "C" char __image_end[];

namespace properties
{
    void make_random_calls(sandbox_page &page); // random-calls.cpp

    namespace
    {
        using namespace conformance;
        using space_operation = abi::address_space_operation;
        using node_operation  = abi::node_operation;

        // Slots of the test's root node: what the sandbox is made of.
        enum part : word
        {
            part_space = sandbox_memory + 1, part_root, part_process, part_page, part_buffer, part_stack, part_memory,
            part_frame, part_table, part_port, part_bell, part_other_process, part_node, part_io_port, part_interrupt,
            part_tables,
        };

        static_assert(part_tables + 6 < 130);

        // In the sandbox's address space.
        constexpr word page_address   = 0x1000'0000;
        constexpr word buffer_address = page_address + abi::page_size;
        constexpr word stack_address  = buffer_address + abi::page_size;

        constexpr word small_memory_bits = 16;
        constexpr word interrupt_line    = 200;
        constexpr word scratch_register  = 0x3ff; // of COM1: nothing happens there
        constexpr word read_execute      = 5;
        constexpr word read_write        = 3;

        extern "C" [[noreturn]] void sandbox_main(sandbox_page *page)
        {
            switch (page->action)
            {
                case sandbox_action::read :
                    page->result = *reinterpret_cast<volatile word *>(page->value);
                    break;
                case sandbox_action::random_calls :
                    make_random_calls(*page);
                    break;
            }
            asm volatile("ud2");
            __builtin_unreachable();
        }

        word make_part(capability_type type, word bits, word index)
        {
            require("sandbox", call(slot(sandbox_memory), abi::generic_operation::convert, type, bits, 1, root, index));
            return slot(index);
        }

        /// `table_memory`: slot of a Generic.
        void map_page(word space, word frame, word address, word attributes, word table_memory, word &next_table)
        {
            while (true)
            {
                const word depth
                    = require("depth", call(space, space_operation::get_unset_depth, address, abi::page_size_bits)).mr[2];
                if (depth == 0)
                {
                    break;
                }
                const word index = next_table++;
                require("table", call(slot(table_memory), abi::generic_operation::convert, capability_type::page_table, depth, 1, root, index));
                require("enter table", call(space, space_operation::map, slot(index), address, 0));
            }
            require("map", call(space, space_operation::map, frame, address, attributes));
        }

        void give(word from, own to, capability_rights rights = capability_rights::all)
        {
            require("give", call(slot(part_root), node_operation::mint, to, slot(from), bits(rights)));
        }

        void make_address_space()
        {
            make_part(capability_type::address_space, 0, part_space);
            make_part(capability_type::frame, abi::page_size_bits, part_page);
            make_part(capability_type::frame, abi::page_size_bits, part_buffer);
            make_part(capability_type::frame, abi::page_size_bits, part_stack);
            word       next_table = part_tables;
            const word end        = reinterpret_cast<word>(__image_end);
            for (word page = 1; page << abi::page_size_bits < end; ++page)
            {
                map_page(slot(part_space), abi::init_frame_descriptor(page), page << abi::page_size_bits, read_execute,
                    sandbox_memory, next_table);
            }
            map_page(slot(part_space), slot(part_page), page_address, read_write, sandbox_memory, next_table);
            map_page(slot(part_space), slot(part_buffer), buffer_address, read_write, sandbox_memory, next_table);
            map_page(slot(part_space), slot(part_stack), stack_address, read_write, sandbox_memory, next_table);

            // The tables for the test's view stay when the sandbox goes.
            static word next_own_table = 140;
            map_page(own_space, slot(part_page), reinterpret_cast<word>(sandbox), read_write, worker_memory, next_own_table);
        }

        void make_capability_space()
        {
            make_part(capability_type::node, sandbox_radix, part_root);
            make_part(capability_type::generic, small_memory_bits, part_memory);
            make_part(capability_type::frame, abi::page_size_bits, part_frame);
            make_part(capability_type::page_table, 1, part_table);
            make_part(capability_type::ipc_port, 0, part_port);
            make_part(capability_type::notification_port, 0, part_bell);
            make_part(capability_type::process_control_block, 0, part_other_process);
            make_part(capability_type::node, sandbox_node_radix, part_node);
            require("I/O port", call(all_io_ports, abi::io_port_operation::mint, scratch_register, scratch_register, root, part_io_port));
            require("interrupt", call(all_interrupts, abi::interrupt_region_operation::make_port, interrupt_line, root, part_interrupt));
            give(part_space, own::space);
            give(part_root, own::root);
            give(part_frame, own::frame);
            give(part_table, own::table);
            give(part_port, own::port);
            give(part_bell, own::bell);
            // Without WRITE: it must not make another process run, which nobody would stop.
            give(part_other_process, own::other_process, without(capability_rights::write));
            give(part_io_port, own::io_port);
            give(part_interrupt, own::interrupt);
            give(part_node, own::node);
            give(part_buffer, own::buffer);
            require("give", call(slot(part_root), node_operation::move, own::memory, slot(part_memory)));
        }
    }

    void build_sandbox()
    {
        make_address_space();
        make_capability_space();
        const word process = make_part(capability_type::process_control_block, 0, part_process);
        require("port", call(slot(sandbox_memory), abi::generic_operation::convert, capability_type::ipc_port, 0, 1, root, 130));
        using field = abi::configure_field;
        require("space", configure_field(process, field::address_space, slot(part_space)));
        require("root", configure_field(process, field::root_node, slot(part_root)));
        require("buffer", configure_field(process, field::frame_ipc_buffer, slot(part_buffer)));
        require("resolver", configure_field(process, field::ipc_port_resolver, sandbox_faults));
        require("priority", configure_field(process, field::priority, worker_priority));
    }

    void run_sandbox(sandbox_action action, word value)
    {
        sandbox->action = action;
        sandbox->value  = value;
        constexpr word count = index_of(abi::context_register::rsp) + 1;
        word values[count] {};
        values[index_of(abi::context_register::rdi)] = page_address;
        values[index_of(abi::context_register::rip)] = reinterpret_cast<word>(sandbox_main);
        values[index_of(abi::context_register::rsp)] = stack_address + abi::page_size - 8; // as after a call
        require("registers", write_registers(slot(part_process), count, values));
        require("run", call(slot(part_process), abi::process_control_block_operation::resume));
    }

    void remove_sandbox()
    {
        // What it has of these lies in its nodes, which go with the memory.
        require("I/O port", call(root, node_operation::remove, part_io_port));
        require("interrupt", call(root, node_operation::remove, part_interrupt));
        require("memory", call(root, node_operation::revoke, sandbox_memory));
    }
}
