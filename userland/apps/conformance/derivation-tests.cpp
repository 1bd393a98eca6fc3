// What derives from what, and what becomes of objects that are revoked or destroyed (ABI section 4).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using node_op    = abi::node_operation;
        using process_op = abi::process_control_block_operation;
        using ipc_op     = abi::ipc_port_operation;
        using bell_op    = abi::notification_port_operation;
        using io_op      = abi::io_port_operation;
        using space_op   = abi::address_space_operation;
        using line_op    = abi::interrupt_port_operation;
        using field      = abi::configure_field;

        constexpr word first      = first_free_slot;
        constexpr word node_radix = 4;
        constexpr auto invalid    = capability_error::invalid_descriptor;
        constexpr word preset     = word { 1 } << 63;

        bool exists(word descriptor)
        {
            // Of all types: an unknown operation on a capability is illegal, on nothing it has an invalid descriptor.
            return call(descriptor, 99).error() == capability_error::illegal_operation;
        }

        void test_check_order()
        {
            make(capability_type::ipc_port, 0, first);
            const word powerless = mint(slot(first), capability_rights::none);
            expect_error("lookup", "comes before the operation number", call(slot(200), 99), invalid);
            expect_error("ipc_port", "the operation number comes before the rights", call(powerless, 99),
                capability_error::illegal_operation);
            expect_error("ipc_port.send", "rights come before arguments",
                call(powerless, ipc_op::send, message_info { false, 0, 0, message_source::fault }.value),
                capability_error::permission_denied);
            make(capability_type::generic, 12, first + 1);
            require("fill", call(slot(first + 1), abi::generic_operation::convert, capability_type::frame, 12, 1, root, first + 2));
            expect_error("generic.convert", "arguments come before state",
                call(slot(first + 1), abi::generic_operation::convert, capability_type::frame, 13, 1, root, first + 3),
                capability_error::invalid_argument);
            clean_up();
        }

        void test_move_keeps_place()
        {
            make(capability_type::generic, 14, first);
            make(capability_type::node, node_radix, first + 1);
            require("child", call(slot(first), abi::generic_operation::convert, capability_type::ipc_port, 0, 1, root, first + 2));
            require("move", call(slot(first + 1), node_op::move, 3, slot(first)));
            require("move child", call(slot(first + 1), node_op::move, 4, slot(first + 2)));
            expect_success("node.revoke", "a Generic that was moved", call(slot(first + 1), node_op::revoke, 3));
            expect_true("node.move", "what derives from a capability goes on deriving from it, wherever both are moved",
                !exists(slot_in(first + 1, node_radix, 4)));
            expect_true("node.revoke", "the moved Generic itself stays", exists(slot_in(first + 1, node_radix, 3)));
            require("child", call(slot_in(first + 1, node_radix, 3), abi::generic_operation::convert, capability_type::ipc_port, 0, 1, root, first + 2));
            make(capability_type::ipc_port, 0, first + 3);
            worker &sender = workers[0];
            sender.buffer->transfer_source_descriptors[0] = slot(first + 2);
            require("send", !sender.start_call(slot(first + 3), ipc_op::send, message_info { true, 0, 1 }.value));
            ipc_buffer->transfer_destination_node  = slot(first + 1);
            ipc_buffer->transfer_destination_index = 6;
            require("receive", call(slot(first + 3), ipc_op::receive, 1));
            require("arrived", exists(slot_in(first + 1, node_radix, 6)));
            require("revoke", call(slot(first + 1), node_op::revoke, 3));
            expect_true("ipc_port.receive", "what was transferred goes on deriving from its parent",
                !exists(slot_in(first + 1, node_radix, 6)));
            clean_up();
        }

        /// I/O ports can be copied and have children.
        void test_copies_of_parents()
        {
            constexpr word parent = first, copy = first + 1, child = first + 2;
            require("parent", call(all_io_ports, io_op::mint, 0x3f8, 0x3ff, root, parent));
            require("child", call(slot(parent), io_op::mint, 0x3ff, 0x3ff, root, child));
            require("copy", call(root, node_op::copy, copy, slot(parent)));
            expect_true("node.copy", "a copy of an I/O port capability has its range",
                call(slot(copy), io_op::read, 0x3ff, 1).ok() && !call(slot(copy), io_op::read, 0x400, 1).ok());
            expect_success("node.revoke", "a copy of a capability that has children", call(root, node_op::revoke, copy));
            expect_true("node.copy", "a copy never adopts the children of its source", exists(slot(child)));
            require("remove", call(root, node_op::remove, copy));
            expect_true("node.remove", "of a copy leaves the children", exists(slot(child)));
            require("remove", call(root, node_op::remove, parent));
            expect_true("node.remove", "the last capability to an I/O port range takes the ranges minted from it along",
                !exists(slot(child)));
        }

        void test_tables()
        {
            constexpr word space_slot = first, pdpt = first + 1, directory = first + 2, table = first + 3;
            const word space = make(capability_type::address_space, 0, space_slot);
            make(capability_type::page_table, 3, pdpt);
            make(capability_type::page_table, 2, directory);
            make(capability_type::page_table, 1, table);
            const auto unset_depth = [&] { return call(space, space_op::get_unset_depth, 0x1000, abi::page_size_bits).mr[2]; };
            for (word i = pdpt; i <= table; ++i)
            {
                require("enter", call(space, space_op::map, slot(i), 0x1000, 0));
            }
            require("complete", unset_depth() == 0);
            expect_success("node.revoke", "a page table", call(root, node_op::revoke, table));
            expect_equal("node.revoke", "no address space refers to the page table any more", unset_depth(), 1);
            expect_true("node.revoke", "the page table can be entered again", call(space, space_op::map, slot(table), 0x1000, 0).ok());
            expect_success("node.remove", "the last capability to a page table", call(root, node_op::remove, directory));
            expect_equal("node.remove", "no address space refers to the page table any more", unset_depth(), 2);

            const word copy = first + 5;
            require("copy", call(root, node_op::copy, copy, slot(pdpt)));
            expect_success("node.remove", "one of two capabilities to a page table", call(root, node_op::remove, pdpt));
            expect_equal("node.remove", "the page table stays entered", unset_depth(), 2);
            expect_success("node.revoke", "an address space", call(root, node_op::revoke, space_slot));
            expect_equal("node.revoke", "the address space is empty", unset_depth(), 3);
            clean_up();
        }

        void test_copies_of_frames()
        {
            constexpr word space_slot = first, frame_slot = first + 4, copy_slot = first + 5;
            const word space = make(capability_type::address_space, 0, space_slot);
            for (word depth = 3; depth > 0; --depth)
            {
                make(capability_type::page_table, depth, first + depth);
                require("enter", call(space, space_op::map, slot(first + depth), 0x1000, 0));
            }
            make(capability_type::frame, abi::page_size_bits, frame_slot);
            require("copy", call(root, node_op::copy, copy_slot, slot(frame_slot)));
            require("map", call(space, space_op::map, slot(copy_slot), 0x1000, 0));
            expect_success("node.revoke", "a frame that is mapped through a copy", call(root, node_op::revoke, frame_slot));
            expect_error("node.revoke", "that mapping is gone, too",
                call(space, space_op::unmap, slot(frame_slot), 0x1000), capability_error::illegal_operation);
            require("map", call(space, space_op::map, slot(copy_slot), 0x1000, 0));
            require("remove", call(root, node_op::remove, copy_slot));
            expect_success("address_space.unmap", "through another capability than the one mapped",
                call(space, space_op::unmap, slot(frame_slot), 0x1000));
            require("map", call(space, space_op::map, slot(frame_slot), 0x1000, 0xf8 | 1));
            expect_success("address_space.map", "other attribute bits are ignored", call(space, space_op::unmap, slot(frame_slot), 0x1000));
            clean_up();
        }

        void test_unmap_levels()
        {
            constexpr word space_slot = first, large_slot = first + 4, frame_slot = first + 5, other_table = first + 6;
            const word space = make(capability_type::address_space, 0, space_slot);
            for (word depth = 3; depth > 0; --depth)
            {
                make(capability_type::page_table, depth, first + depth);
                require("enter", call(space, space_op::map, slot(first + depth), 0, 0));
            }
            make(capability_type::frame, abi::large_page_size_bits, large_slot);
            make(capability_type::frame, abi::page_size_bits, frame_slot);
            make(capability_type::page_table, 1, other_table);
            constexpr word large = word { 1 } << abi::large_page_size_bits;
            require("map", call(space, space_op::map, slot(large_slot), large, 0));
            const auto illegal = capability_error::illegal_operation;
            expect_error("address_space.unmap", "a frame where a large page is",
                call(space, space_op::unmap, slot(frame_slot), large), illegal);
            expect_error("address_space.unmap", "a page table where a large page is",
                call(space, space_op::unmap, slot(other_table), large), illegal);
            expect_error("address_space.unmap", "a large frame where a page table is",
                call(space, space_op::unmap, slot(large_slot), 0), illegal);
            clean_up();
        }

        void test_processes()
        {
            // A process that waits in a port's queue, with capabilities and registers.
            constexpr word memory = first, process_slot = first + 1, port_slot = first + 2;
            make(capability_type::ipc_port, 0, port_slot);
            make(capability_type::generic, 12, memory);
            worker &waiter = workers[0];
            require("send blocks", !waiter.start_call(slot(port_slot), ipc_op::send, 1));
            expect_error("process_control_block.resume", "a process blocked in a send", waiter.resume(),
                capability_error::illegal_operation);
            require("suspend", call(waiter.process, process_op::suspend));
            expect_equal("process_control_block.suspend", "a sender leaves the port's queue",
                call(slot(port_slot), ipc_op::receive, preset).mr[2], preset);
            waiter.restart();

            require("process", call(slot(memory), abi::generic_operation::convert, capability_type::process_control_block, 0, 1, root, process_slot));
            const word process = slot(process_slot);
            require("node", convert(capability_type::node, 1, first + 3));
            require("configure", configure_field(process, field::root_node, slot(first + 3)));
            word values[abi::context_register_count];
            for (word &value : values)
            {
                value = 0x1234;
            }
            require("registers", write_registers(process, abi::context_register_count, values));
            expect_success("node.revoke", "a process control block", call(root, node_op::revoke, process_slot));
            read_registers(process, abi::context_register_count, values);
            expect_true("node.revoke", "the process has the registers of a new one", values[0] == 0
                    && values[index_of(abi::context_register::rip)] == 0 && values[index_of(abi::context_register::fs_base)] == 0
                    && values[index_of(abi::context_register::rflags)] == 0x202);
            clean_up();
        }

        /// A process that makes one kernel call and then faults, having no stack; no worker, so it may be destroyed.
        void start_lone_process(word process, word resolver, const register_file &what)
        {
            require("resolver", configure_field(process, field::ipc_port_resolver, resolver));
            require("space", configure_field(process, field::address_space, own_space));
            require("root node", configure_field(process, field::root_node, root));
            require("priority", configure_field(process, field::priority, worker_priority));
            require("program counter", configure_field(process, field::instruction_pointer, reinterpret_cast<word>(raw_call_return) - 2));
            const word values[] = { what.rax, 0, 0, what.rdx, what.rdi, what.rsi };
            require("registers", write_registers(process, sizeof(values) / sizeof(word), values));
            require("resume", call(process, process_op::resume));
        }

        void test_waiting_processes()
        {
            constexpr word memory = first, process_slot = first + 1, port_slot = first + 2;
            const word port = make(capability_type::ipc_port, 0, port_slot);
            const word resolver = make(capability_type::ipc_port, 0, first + 4);
            make(capability_type::generic, 12, memory);
            const auto make_process = [] {
                require("process", call(slot(memory), abi::generic_operation::convert, capability_type::process_control_block, 0, 1, root, process_slot));
            };
            constexpr word process = slot(process_slot);
            const auto is_nobody_there = [port] { return call(port, ipc_op::receive, preset).mr[2] == preset; };

            make_process();
            start_lone_process(process, resolver, prepare(port, ipc_op::send, 1));
            expect_error("process_control_block.resume", "a lone process blocked in a send", call(process, process_op::resume),
                capability_error::illegal_operation);
            expect_success("node.revoke", "a process blocked in a send", call(root, node_op::revoke, process_slot));
            expect_true("node.revoke", "it has left the port's queue", is_nobody_there());
            start_lone_process(process, resolver, prepare(port, ipc_op::send, 1));
            expect_success("node.remove", "the last capability to a process blocked in a send", call(root, node_op::remove, process_slot));
            expect_true("node.remove", "it has left the port's queue", is_nobody_there());
            require("revoke", call(root, node_op::revoke, memory));
            make_process();
            start_lone_process(process, resolver, prepare(port, ipc_op::send, 1));
            expect_success("node.revoke", "a Generic with a process blocked in a send", call(root, node_op::revoke, memory));
            expect_true("node.revoke", "no queue reaches the memory of a Generic", is_nobody_there());

            // Reply links, from both sides.
            make_process();
            start_lone_process(process, resolver, prepare(port, ipc_op::call, 1));
            require("receive", call(port, ipc_op::receive, 1));
            expect_error("process_control_block.resume", "a lone process that waits for a reply", call(process, process_op::resume),
                capability_error::illegal_operation);
            require("revoke", call(root, node_op::revoke, process_slot));
            expect_success("ipc_port.reply", "to a caller that was revoked has no effect", call(port, ipc_op::reply, 1));
            start_lone_process(process, resolver, prepare(port, ipc_op::receive, 1));
            worker &client = workers[0];
            require("call", !client.start_call(port, ipc_op::call, 1));
            expect_success("node.revoke", "a server that owes a reply", call(root, node_op::revoke, process_slot));
            expect_true("node.revoke", "its caller ends", client.is_finished);
            expect_error("ipc_port.call", "the server is revoked", client.result, capability_error::illegal_operation);

            // Copies that a process has keep objects alive.
            constexpr word space_slot = first + 3;
            make(capability_type::address_space, 0, space_slot);
            require("space", configure_field(process, field::address_space, slot(space_slot)));
            expect_success("node.remove", "the last capability but a process's own", call(root, node_op::remove, space_slot));
            expect_success("process_control_block.resume", "its own keeps the address space", call(process, process_op::resume));
            clean_up();
        }

        /// Neighbours of one type and depth that are different objects.
        void test_neighbours()
        {
            make(capability_type::ipc_port, 0, first);
            make(capability_type::ipc_port, 0, first + 1);
            make(capability_type::ipc_port, 0, first + 2);
            worker &waiter = workers[0];
            require("receive", !waiter.start_call(slot(first + 1), ipc_op::receive, 1));
            require("remove", call(root, node_op::remove, first + 1));
            expect_true("node.remove", "equal type and depth do not make neighbours the same object", waiter.is_finished);
            clean_up();
        }

        void test_notification_binding()
        {
            constexpr word bell_slot = first, other_slot = first + 1, process_slot = first + 2, second_slot = first + 3;
            const word bell    = make(capability_type::notification_port, 0, bell_slot);
            const word other   = make(capability_type::notification_port, 0, other_slot);
            const word process = make(capability_type::process_control_block, 0, process_slot);
            const word second  = make(capability_type::process_control_block, 0, second_slot);
            require("identify", call(bell, bell_op::identify, 4));
            require("copy", call(root, node_op::copy, first + 5, bell));
            require("identify", call(bell, bell_op::identify, 8));
            require("notify", call(slot(first + 5), bell_op::notify));
            expect_equal("node.copy", "a copy has the identifier of its source at that time", call(bell, bell_op::poll).mr[2], 4);
            require("notify", call(bell, bell_op::notify));
            require("revoke", call(root, node_op::revoke, bell_slot));
            expect_equal("node.revoke", "a notification port has no pending flags any more", call(bell, bell_op::poll).mr[2], 0);
            require("bind", configure_field(process, field::notification_port, bell));
            expect_success("process_control_block.configure", "another notification port", configure_field(process, field::notification_port, other));
            expect_success("process_control_block.configure", "the one bound before is free", configure_field(second, field::notification_port, bell));
            expect_success("node.revoke", "a bound notification port", call(root, node_op::revoke, bell_slot));
            expect_success("process_control_block.configure", "a revoked notification port is free", configure_field(process, field::notification_port, bell));
            expect_success("node.remove", "the process it is bound to", call(root, node_op::remove, process_slot));
            expect_success("process_control_block.configure", "a notification port whose process is gone", configure_field(second, field::notification_port, bell));

            // All flags go to the bound process if it receives, else to the oldest waiter.
            worker &server = workers[1], &waiter = workers[0];
            make(capability_type::ipc_port, 0, first + 4);
            require("revoke", call(root, node_op::revoke, other_slot));
            require("identify", call(other, bell_op::identify, 2));
            require("bind", configure_field(server.process, field::notification_port, other));
            require("wait", !waiter.start_call(other, bell_op::wait));
            require("receive", !server.start_call(slot(first + 4), ipc_op::receive, 1));
            require("notify", call(other, bell_op::notify));
            expect_true("notification_port.notify", "the bound process comes before waiters", server.is_finished && !waiter.is_finished);
            require("notify", call(other, bell_op::notify));
            expect_true("notification_port.notify", "a bound process that does not receive does not keep others from the flags", waiter.is_finished);
            clean_up();
        }

        void test_interrupt_ports()
        {
            constexpr word line = 77;
            constexpr word port = first, bell_slot = first + 1;
            make(capability_type::notification_port, 0, bell_slot);
            require("port", call(all_interrupts, abi::interrupt_region_operation::make_port, line, root, port));
            require("bind", call(slot(port), line_op::bind, slot(bell_slot)));
            expect_success("node.revoke", "an interrupt port", call(root, node_op::revoke, port));
            expect_error("interrupt_region.make_port", "a revoked port keeps its line",
                call(all_interrupts, abi::interrupt_region_operation::make_port, line, root, first + 2),
                capability_error::illegal_operation);
            expect_success("interrupt_port.bind", "a revoked port is unbound", call(slot(port), line_op::bind, slot(bell_slot)));
            require("copy", call(root, node_op::copy, first + 3, slot(port)));
            require("remove", call(root, node_op::remove, port));
            expect_equal("node.remove", "one of two capabilities to an interrupt port: it stays",
                call(slot(first + 3), line_op::get_irq_number).mr[2], line);
            require("remove", call(root, node_op::remove, bell_slot));
            expect_success("interrupt_port.bind", "the notification port it was bound to is kept by the binding",
                call(slot(first + 3), line_op::unbind));
            require("remove", call(root, node_op::remove, first + 3));
            clean_up();
        }

        void test_target_rights()
        {
            make(capability_type::node, node_radix, first);
            make(capability_type::ipc_port, 0, first + 1);
            require("mint", call(slot(first), node_op::mint, 0, slot(first + 1), bits(without(capability_rights::read))));
            expect_error("node.demote", "target without read", call(slot(first), node_op::demote, 0, unused_argument, 0),
                capability_error::illegal_operation);
            expect_error("node.revoke", "target without read", call(slot(first), node_op::revoke, 0), capability_error::illegal_operation);
            expect_error("node.remove", "target without read", call(slot(first), node_op::remove, 0), capability_error::permission_denied);
            clean_up();
        }
    }

    void test_derivation()
    {
        test_check_order();
        test_move_keeps_place();
        test_copies_of_parents();
        test_tables();
        test_copies_of_frames();
        test_unmap_levels();
        test_processes();
        test_waiting_processes();
        test_neighbours();
        test_notification_binding();
        test_interrupt_ports();
        test_target_rights();
    }
}
