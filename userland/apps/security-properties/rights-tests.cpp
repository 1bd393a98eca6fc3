// A capability with fewer rights allows less: every operation, tried with every set of rights.
#include "properties.hpp"

#include <report.hpp>
#include <workbench.hpp>

namespace properties
{
    namespace
    {
        using namespace conformance;

        constexpr word object_slots = first_free_slot; ///< one object of each type
        constexpr word node_radix   = 4;

        enum object : word
        {
            a_node, a_space, a_frame, a_process, an_ipc_port, a_bell, a_region, an_interrupt_port, an_io_port, a_generic,
            object_count,
        };

        constexpr auto read  = capability_rights::read;
        constexpr auto write = capability_rights::write;
        constexpr auto none  = capability_rights::none;
        constexpr auto illegal = capability_error::illegal_operation;
        constexpr auto denied  = capability_error::permission_denied;

        struct attempt
        {
            object            target;
            word              operation;
            capability_rights needed;
            capability_error  missing;
            word              mr2; ///< such that the operation changes nothing if the rights suffice
        };

        template<typename Operation>
        constexpr attempt of(object target, Operation operation, capability_rights needed, word mr2 = 0,
            capability_error missing = denied)
        {
            return { target, static_cast<word>(operation), needed, missing, mr2 };
        }

        constexpr word no_index = ~word { 0 };

        using node_op    = abi::node_operation;
        using space_op   = abi::address_space_operation;
        using process_op = abi::process_control_block_operation;
        using ipc_op     = abi::ipc_port_operation;
        using bell_op    = abi::notification_port_operation;
        using line_op    = abi::interrupt_port_operation;
        using io_op      = abi::io_port_operation;

        constexpr attempt attempts[] = {
            of(a_node, node_op::copy, read | write, no_index, illegal),
            of(a_node, node_op::move, read | write, no_index, illegal),
            of(a_node, node_op::mint, read | write, no_index, illegal),
            of(a_node, node_op::demote, write, no_index, illegal),
            of(a_node, node_op::revoke, write, no_index, illegal),
            of(a_node, node_op::remove, write, no_index),
            of(a_space, space_op::map, write),
            of(a_space, space_op::unmap, write),
            of(a_space, space_op::get_unset_depth, read),
            of(a_space, space_op::can_map_frame_size_bits, read, 12),
            of(a_frame, abi::frame_operation::get_address, read),
            of(a_process, process_op::configure, write),
            of(a_process, process_op::read_register, read),
            of(a_process, process_op::write_register, write),
            of(a_process, process_op::resume, write),
            of(a_process, process_op::suspend, write),
            of(an_ipc_port, ipc_op::send, write),
            of(an_ipc_port, ipc_op::receive, read),
            of(an_ipc_port, ipc_op::call, write),
            of(an_ipc_port, ipc_op::reply, none),
            of(an_ipc_port, ipc_op::reply_receive, read),
            of(an_ipc_port, ipc_op::identify, capability_rights::modify),
            of(a_bell, bell_op::notify, write),
            of(a_bell, bell_op::poll, read),
            of(a_bell, bell_op::identify, capability_rights::modify, 1),
            of(a_bell, bell_op::wait, read),
            of(a_region, abi::interrupt_region_operation::make_port, write, 256),
            of(an_interrupt_port, line_op::bind, write),
            of(an_interrupt_port, line_op::unbind, write),
            of(an_interrupt_port, line_op::ack, write),
            of(an_interrupt_port, line_op::get_irq_number, read),
            of(an_io_port, io_op::read, read, 0x3ff),
            of(an_io_port, io_op::write, write, 0x3ff),
            of(an_io_port, io_op::mint, capability_rights::copy, 0x3ff),
        };

        word original(object which)
        {
            switch (which)
            {
                case a_region :
                    return all_interrupts;
                case an_io_port :
                    return all_io_ports;
                default :
                    return slot(object_slots + which);
            }
        }

        bool is_subset(word small, word large)
        {
            return (small & ~large) == 0;
        }

        void test_every_set_of_rights()
        {
            bool enforced = true, granted = true;
            for (const attempt &each : attempts)
            {
                for (word rights = 0; rights <= bits(capability_rights::all); ++rights)
                {
                    // Flags are pending, so that WAIT returns at once.
                    require("flags", call(original(a_bell), bell_op::notify));
                    require("mint", call(root, node_op::mint, object_slots + object_count, original(each.target), rights));
                    const reply got = call(slot(object_slots + object_count), each.operation, each.mr2, 0, 0, 0);
                    const bool is_refused = !got.ok() && got.error() == each.missing;
                    if (is_subset(bits(each.needed), rights))
                    {
                        granted &= !is_refused;
                    }
                    else
                    {
                        enforced &= is_refused;
                    }
                    // A slot without READ and WRITE can be moved, but not removed.
                    require("move", call(slot(object_slots + object_count + 1), node_op::move, 0, slot(object_slots + object_count)));
                    require("empty", call(root, node_op::revoke, object_slots + object_count + 1));
                }
            }
            expect_true("rights", "no operation without the rights it needs, for every set of rights", enforced);
            expect_true("rights", "no operation needs more", granted);
        }

        void test_no_way_back()
        {
            bool never_more = true;
            const word target = object_slots + object_count;
            for (word rights = 0; rights <= bits(capability_rights::all); ++rights)
            {
                require("mint", call(root, node_op::mint, target, original(an_ipc_port), rights));
                for (word wanted = 0; wanted < 32; ++wanted)
                {
                    if (is_subset(wanted, rights))
                    {
                        continue;
                    }
                    never_more &= !call(root, node_op::mint, target + 2, slot(target), wanted).ok();
                    never_more &= !call(root, node_op::demote, target, 0, wanted).ok();
                }
                require("move", call(slot(target + 1), node_op::move, 0, slot(target)));
                require("empty", call(root, node_op::revoke, target + 1));
            }
            expect_true("rights", "neither mint nor demote adds a right", never_more);
        }

        void try_to_write(worker &self)
        {
            *reinterpret_cast<volatile word *>(self.value) = 1;
        }

        void test_frames()
        {
            constexpr word window = 0x2000'0000;
            word next_table       = object_slots + 40;
            while (const word depth = call(own_space, space_op::get_unset_depth, window, 12).mr[2])
            {
                make(capability_type::page_table, depth, next_table);
                require("table", call(own_space, space_op::map, slot(next_table++), window, 0));
            }
            const word read_only = mint(original(a_frame), without(capability_rights::write));
            bool refused = true;
            for (word attributes = 0; attributes < 8; ++attributes)
            {
                const reply got = call(own_space, space_op::map, read_only, window, attributes);
                if (!got.ok())
                {
                    refused &= (attributes & 2) != 0;
                    continue;
                }
                workers[0].value = window;
                refused &= !workers[0].start(try_to_write);
                workers[0].restart();
                require("unmap", call(own_space, space_op::unmap, read_only, window));
            }
            expect_true("rights", "a frame without WRITE is not written, whatever attributes are asked for", refused);
            expect_error("rights", "a frame without WRITE is no IPC buffer",
                configure_field(workers[0].process, abi::configure_field::frame_ipc_buffer, read_only), denied);
            expect_error("rights", "a frame without READ is not mapped",
                call(own_space, space_op::map, mint(original(a_frame), without(read)), window, 0), denied);
        }
    }

    void test_rights()
    {
        make(capability_type::node, node_radix, object_slots + a_node);
        make(capability_type::address_space, 0, object_slots + a_space);
        make(capability_type::frame, abi::page_size_bits, object_slots + a_frame);
        make(capability_type::process_control_block, 0, object_slots + a_process);
        make(capability_type::ipc_port, 0, object_slots + an_ipc_port);
        make(capability_type::notification_port, 0, object_slots + a_bell);
        require("identify", call(original(a_bell), bell_op::identify, 1));
        require("interrupt", call(all_interrupts, abi::interrupt_region_operation::make_port, 200, root, object_slots + an_interrupt_port));
        make(capability_type::node, 1, object_slots + object_count + 1);
        test_every_set_of_rights();
        test_no_way_back();
        test_frames();
        require("remove", call(root, node_op::remove, object_slots + an_interrupt_port));
        clean_up();
    }
}
