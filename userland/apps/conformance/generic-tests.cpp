// GENERIC (ABI section 7).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using operation = abi::generic_operation;

        constexpr word node_slot  = first_free_slot;
        constexpr word node_radix = 5;
        constexpr word node       = slot(node_slot);
        constexpr word small_slot = first_free_slot + 1; ///< a Generic of 64 KiB
        constexpr word small      = slot(small_slot);
        constexpr word scratch    = first_free_slot + 2;

        reply convert_small(capability_type type, word specific_bits, word count, word destination, word first)
        {
            return call(small, operation::convert, type, specific_bits, count, destination, first);
        }

        void reset()
        {
            require("revoke", call(root, abi::node_operation::revoke, small_slot));
        }

        void test_types()
        {
            struct
            {
                capability_type type;
                word            specific_bits;
                const char     *detail;
            } const cases[] = {
                { capability_type::node, 3, "node" },
                { capability_type::generic, 12, "Generic" },
                { capability_type::address_space, 0, "address space" },
                { capability_type::page_table, 1, "page table of depth 1" },
                { capability_type::page_table, 3, "page table of depth 3" },
                { capability_type::frame, 12, "frame" },
                { capability_type::process_control_block, 0, "process control block" },
                { capability_type::ipc_port, 0, "IPC port" },
                { capability_type::notification_port, 0, "notification port" },
            };
            for (const auto &each : cases)
            {
                expect_success("generic.convert", each.detail, convert_small(each.type, each.specific_bits, 1, node, 0));
                reset();
            }
            const auto invalid = capability_error::invalid_argument;
            constexpr capability_type impossible[] = { capability_type::none, capability_type::debug,
                capability_type::interrupt_region, capability_type::interrupt_port, capability_type::io_port,
                capability_type::virtual_cpu, capability_type::virtual_address_space,
                capability_type::virtual_page_table };
            for (const capability_type type : impossible)
            {
                expect_error("generic.convert", "a type that cannot be made", convert_small(type, 0, 1, node, 0), invalid);
            }
            expect_error("generic.convert", "type 16", call(small, operation::convert, 16, 0, 1, node, 0), invalid);
            expect_error("generic.convert", "type 256 + IPC port", call(small, operation::convert, 264, 0, 1, node, 0), invalid);
        }

        void test_arguments()
        {
            const auto invalid = capability_error::invalid_argument;
            expect_error("generic.convert", "count 0", convert_small(capability_type::ipc_port, 0, 0, node, 0), invalid);
            expect_error("generic.convert", "node of radix 0", convert_small(capability_type::node, 0, 1, node, 0), invalid);
            expect_error("generic.convert", "node of radix 57", convert_small(capability_type::node, 57, 1, node, 0), invalid);
            expect_error("generic.convert", "page table of depth 0", convert_small(capability_type::page_table, 0, 1, node, 0), invalid);
            expect_error("generic.convert", "page table of depth 4", convert_small(capability_type::page_table, 4, 1, node, 0), invalid);
            expect_error("generic.convert", "frame of 13 bits", convert_small(capability_type::frame, 13, 1, node, 0), invalid);
            expect_error("generic.convert", "Generic of 64 bits", convert_small(capability_type::generic, 64, 1, node, 0), invalid);
            expect_error("generic.convert", "first slot out of range", convert_small(capability_type::ipc_port, 0, 1, node, 32), invalid);
            expect_error("generic.convert", "last slot out of range", convert_small(capability_type::ipc_port, 0, 2, node, 31), invalid);
            expect_error("generic.convert", "slot range overflows", convert_small(capability_type::ipc_port, 0, 2, node, ~word { 0 }), invalid);
            expect_error("generic.convert", "count beyond the node", convert_small(capability_type::ipc_port, 0, ~word { 0 }, node, 0), invalid);
            require("port", convert_small(capability_type::ipc_port, 0, 1, node, 3));
            expect_error("generic.convert", "a slot is in use", convert_small(capability_type::ipc_port, 0, 4, node, 0), invalid);
            expect_error("generic.convert", "and nothing was made", call(slot_in(node_slot, node_radix, 0), abi::ipc_port_operation::identify, 0),
                capability_error::invalid_descriptor);
            expect_error("generic.convert", "no node at the destination", convert_small(capability_type::ipc_port, 0, 1, slot(200), 0),
                capability_error::invalid_descriptor);
            expect_error("generic.convert", "the destination is no node", convert_small(capability_type::ipc_port, 0, 1, small, 0),
                capability_error::invalid_descriptor);
            expect_error("generic", "unknown operation", call(small, 1), capability_error::illegal_operation);
            reset();

            const word unwritable = mint(node, without(capability_rights::write));
            expect_error("generic.convert", "destination without write", convert_small(capability_type::ipc_port, 0, 1, unwritable, 0),
                capability_error::permission_denied);
            make(capability_type::generic, 12, scratch + 1);
            require("demote", call(root, abi::node_operation::demote, scratch + 1, unused_argument, bits(capability_rights::read)));
            expect_error("generic.convert", "Generic without write",
                call(slot(scratch + 1), operation::convert, capability_type::ipc_port, 0, 1, node, 0),
                capability_error::permission_denied);
        }

        void test_capacity()
        {
            expect_success("generic.convert", "an allocation that exactly fills the Generic",
                convert_small(capability_type::frame, 12, 16, node, 0));
            expect_error("generic.convert", "a full Generic", convert_small(capability_type::ipc_port, 0, 1, node, 20),
                capability_error::illegal_operation);
            reset();
            expect_success("generic.convert", "again after revocation", convert_small(capability_type::generic, 16, 1, node, 0));
            reset();
            expect_error("generic.convert", "one more than fits", convert_small(capability_type::frame, 12, 17, node, 0),
                capability_error::illegal_operation);
            expect_error("generic.convert", "larger than the Generic", convert_small(capability_type::generic, 17, 1, node, 0),
                capability_error::illegal_operation);
            expect_error("generic.convert", "a size that overflows", convert_small(capability_type::generic, 63, 2, node, 0),
                capability_error::illegal_operation);

            expect_error("generic.convert", "a frame of 1 GiB", convert_small(capability_type::frame, 30, 1, node, 0),
                capability_error::illegal_operation);
            expect_error("generic.convert", "without room nothing is made",
                call(slot_in(node_slot, node_radix, 0), abi::frame_operation::get_address), capability_error::invalid_descriptor);
            expect_success("generic.convert", "nor is memory taken", convert_small(capability_type::frame, 12, 16, node, 0));
            reset();

            // One port moves the watermark by 32 bytes; a frame then starts on the next page.
            require("port", convert_small(capability_type::ipc_port, 0, 1, node, 0));
            expect_success("generic.convert", "the rest after alignment", convert_small(capability_type::frame, 12, 15, node, 1));
            expect_error("generic.convert", "alignment left no room", convert_small(capability_type::frame, 12, 1, node, 20),
                capability_error::illegal_operation);
            reset();

            struct
            {
                capability_type type;
                word            specific_bits;
                word            unit_bits;
                const char     *detail;
            } const units[] = {
                { capability_type::node, 2, 9, "a node of radix 2 takes 512 bytes" },
                { capability_type::node, 1, 8, "a node of radix 1 takes 256 bytes" },
                { capability_type::process_control_block, 0, 11, "a process control block takes 2048 bytes" },
                { capability_type::address_space, 0, 12, "an address space takes 4096 bytes" },
                { capability_type::page_table, 2, 12, "a page table takes 4096 bytes" },
            };
            for (const auto &unit : units)
            {
                // Fill a page-sized Generic: exactly 4096 / unit objects fit.
                require("page", convert_small(capability_type::generic, 12, 1, node, 31));
                const word page  = slot_in(node_slot, node_radix, 31);
                const word count = word { 1 } << (abi::page_size_bits - unit.unit_bits);
                const bool fits  = call(page, operation::convert, unit.type, unit.specific_bits, count, node, 0).ok();
                const bool full  = !call(page, operation::convert, capability_type::ipc_port, 0, 1, node, 30).ok();
                expect_true("generic.convert", unit.detail, fits && full);
                reset();
            }
            // Ports are smaller than what one node here has slots for: count 32-byte steps through a node of 128.
            make(capability_type::node, 7, scratch + 2);
            require("page", convert_small(capability_type::generic, 12, 1, node, 31));
            const word page = slot_in(node_slot, node_radix, 31);
            expect_true("generic.convert", "an IPC port takes 32 bytes",
                call(page, operation::convert, capability_type::ipc_port, 0, 128, slot(scratch + 2), 0).ok()
                    && !call(page, operation::convert, capability_type::ipc_port, 0, 1, node, 0).ok());
            reset();
            require("page", convert_small(capability_type::generic, 12, 1, node, 31));
            expect_true("generic.convert", "a notification port takes 64 bytes",
                call(page, operation::convert, capability_type::notification_port, 0, 64, slot(scratch + 2), 0).ok()
                    && !call(page, operation::convert, capability_type::ipc_port, 0, 1, node, 0).ok());
            reset();
        }

        void test_rights()
        {
            require("port", convert_small(capability_type::ipc_port, 0, 1, node, 0));
            struct
            {
                capability_type type;
                word            specific_bits;
            } const others[] = { { capability_type::node, 1 }, { capability_type::address_space, 0 },
                { capability_type::page_table, 1 }, { capability_type::frame, 12 },
                { capability_type::process_control_block, 0 }, { capability_type::notification_port, 0 } };
            bool all = true;
            for (const auto &other : others)
            {
                require("object", convert_small(other.type, other.specific_bits, 1, node, 10));
                all &= call(node, abi::node_operation::mint, 11, slot_in(node_slot, node_radix, 10), bits(capability_rights::all)).ok();
                require("remove", call(node, abi::node_operation::remove, 10));
                require("remove", call(node, abi::node_operation::remove, 11));
            }
            expect_true("generic.convert", "new capabilities of every other type, too", all);
            expect_success("generic.convert", "new capabilities have all rights",
                call(node, abi::node_operation::mint, 1, slot_in(node_slot, node_radix, 0), bits(capability_rights::all)));
            require("Generic", convert_small(capability_type::generic, 12, 1, node, 2));
            expect_error("generic.convert", "a new Generic is not copyable",
                call(node, abi::node_operation::copy, 3, slot_in(node_slot, node_radix, 2)),
                capability_error::permission_denied);
            expect_error("generic.convert", "a new Generic has no more than READ and WRITE",
                call(node, abi::node_operation::demote, 2, unused_argument, 7), capability_error::permission_denied);
            expect_success("node.demote", "a new Generic has READ and WRITE", call(node, abi::node_operation::demote, 2, unused_argument, 3));
            reset();
            expect_success("generic.convert", "specific bits of what has none are ignored",
                convert_small(capability_type::ipc_port, ~word { 0 }, 1, node, 0));
            reset();
        }

        void test_device_memory()
        {
            word device = init_info->generic_list_count;
            for (word i = 0; i < init_info->generic_list_count; ++i)
            {
                if (init_info->generic_list[i].is_device != 0)
                {
                    device = i;
                }
            }
            if (device == init_info->generic_list_count)
            {
                return; // a machine without device memory
            }
            const word generic = abi::init_generic_descriptor(device);
            expect_error("generic.convert", "device memory as something else than frames",
                call(generic, operation::convert, capability_type::node, 2, 1, node, 0), capability_error::invalid_argument);
            expect_success("generic.convert", "device memory as a frame",
                call(generic, operation::convert, capability_type::frame, 12, 1, node, 0));
            expect_equal("generic.convert", "at the start of the device memory",
                call(slot_in(node_slot, node_radix, 0), abi::frame_operation::get_address).mr[2],
                init_info->generic_list[device].address);
            expect_success("generic.convert", "device memory as a Generic",
                call(generic, operation::convert, capability_type::generic, 12, 1, node, 1));
            expect_error("generic.convert", "which is device memory, too",
                call(slot_in(node_slot, node_radix, 1), operation::convert, capability_type::ipc_port, 0, 1, node, 2),
                capability_error::invalid_argument);
            expect_error("process_control_block.configure", "IPC buffer in device memory",
                configure_field(workers[0].process, abi::configure_field::frame_ipc_buffer, slot_in(node_slot, node_radix, 0)),
                capability_error::invalid_descriptor);
            require("revoke devices", call(slot(7), abi::node_operation::revoke, device));
        }
    }

    void test_generic()
    {
        make(capability_type::node, node_radix, node_slot);
        make(capability_type::generic, 16, small_slot);
        test_types();
        test_arguments();
        test_capacity();
        test_rights();
        test_device_memory();
        clean_up();
    }
}
