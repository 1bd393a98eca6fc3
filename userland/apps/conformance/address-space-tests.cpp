// ADDRESS_SPACE (ABI section 8).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using operation = abi::address_space_operation;

        constexpr word space_slot = first_free_slot;
        constexpr word space      = slot(space_slot);
        constexpr word pdpt       = first_free_slot + 1;
        constexpr word directory  = first_free_slot + 2;
        constexpr word table      = first_free_slot + 3;
        constexpr word frame_slot = first_free_slot + 4;
        constexpr word frame      = slot(frame_slot);
        constexpr word large      = first_free_slot + 5;
        constexpr word scratch    = first_free_slot + 6;

        constexpr word address = 0x40'0000; // in the first gigabyte, 2 MiB-aligned

        constexpr word read = 1, write = 2, execute = 4;

        reply map(word what, word at, word attributes = 0, word where = space)
        {
            return call(where, operation::map, what, at, attributes);
        }

        reply unmap(word what, word at, word where = space)
        {
            return call(where, operation::unmap, what, at);
        }

        word unset_depth(word at, word leaf_bits)
        {
            return require("unset depth", call(space, operation::get_unset_depth, at, leaf_bits)).mr[2];
        }

        void test_unset_depth()
        {
            expect_equal("address_space.get_unset_depth", "an empty space misses depth 3", unset_depth(0, 12), 3);
            expect_error("address_space.map", "a page table whose parent is missing", map(slot(table), 0), capability_error::invalid_descriptor);
            require("PDPT", map(slot(pdpt), 0));
            expect_error("address_space.map", "a frame of 2 MiB without page directory", map(slot(large), 0), capability_error::invalid_descriptor);
            expect_equal("address_space.get_unset_depth", "then depth 2", unset_depth(0, 12), 2);
            expect_equal("address_space.get_unset_depth", "nothing for a page of 1 GiB", unset_depth(0, 30), 0);
            require("PD", map(slot(directory), 0));
            expect_equal("address_space.get_unset_depth", "then depth 1", unset_depth(0, 12), 1);
            expect_equal("address_space.get_unset_depth", "nothing for a page of 2 MiB", unset_depth(0, 21), 0);
            require("PT", map(slot(table), 0));
            expect_equal("address_space.get_unset_depth", "then nothing", unset_depth(0, 12), 0);
            expect_equal("address_space.get_unset_depth", "the next gigabyte misses depth 2", unset_depth(0x4000'0000, 12), 2);
            expect_equal("address_space.get_unset_depth", "the next 512 GiB miss depth 3", unset_depth(0x80'0000'0000, 12), 3);
            expect_error("address_space.get_unset_depth", "leaf of 13 bits",
                call(space, operation::get_unset_depth, 0, 13), capability_error::invalid_argument);
            expect_error("address_space.get_unset_depth", "leaf of 39 bits",
                call(space, operation::get_unset_depth, 0, 39), capability_error::invalid_argument);
            expect_error("address_space.get_unset_depth", "a kernel address",
                call(space, operation::get_unset_depth, 0xffff'8000'0000'0000, 12), capability_error::invalid_argument);
            expect_error("address_space.get_unset_depth", "an address that is not canonical",
                call(space, operation::get_unset_depth, 0x8000'0000'0000, 12), capability_error::invalid_argument);
        }

        void test_map()
        {
            // Tables for the first 2 MiB are there; `table` is entered at 0.
            expect_success("address_space.map", "a frame", map(frame, 0x3000));
            expect_error("address_space.map", "onto a mapped page", map(frame, 0x3000), capability_error::illegal_operation);
            expect_success("address_space.map", "the same frame twice", map(frame, 0x4000));
            expect_error("address_space.map", "no page table there", map(frame, address), capability_error::invalid_descriptor);
            expect_error("address_space.map", "table onto a table", map(slot(table), 0x5000), capability_error::illegal_operation);
            expect_success("address_space.map", "a table elsewhere, bits below its coverage ignored", map(slot(table), address + 0x1234));
            require("unmap table", unmap(slot(table), address));
            expect_error("address_space.map", "not aligned", map(frame, 0x3008), capability_error::invalid_argument);
            expect_error("address_space.map", "a kernel address", map(frame, 0xffff'8000'0000'0000), capability_error::invalid_argument);
            expect_error("address_space.map", "the last page of the user half", map(frame, 0x7fff'ffff'f000), capability_error::invalid_argument);
            expect_error("address_space.map", "a table at a kernel address", map(slot(table), 0xffff'8000'0000'0000), capability_error::invalid_argument);
            expect_error("address_space.map", "descriptor leads nowhere", map(slot(200), 0x6000), capability_error::invalid_descriptor);
            expect_error("address_space.map", "neither frame nor page table", map(space, 0x6000), capability_error::invalid_descriptor);
            expect_error("address_space", "unknown operation", call(space, 0), capability_error::illegal_operation);
            expect_error("address_space", "unknown operation 5", call(space, 5), capability_error::illegal_operation);
            word weak = mint(space, without(capability_rights::write));
            expect_error("address_space.map", "space without write", map(frame, 0x6000, 0, weak), capability_error::permission_denied);
            expect_error("address_space.unmap", "space without write", unmap(frame, 0x3000, weak), capability_error::permission_denied);
            weak = mint(space, without(capability_rights::read));
            expect_error("address_space.get_unset_depth", "space without read",
                call(weak, operation::get_unset_depth, 0, 12), capability_error::permission_denied);
            expect_error("address_space.can_map_frame_size_bits", "space without read",
                call(weak, operation::can_map_frame_size_bits, 12), capability_error::permission_denied);

            weak = mint(frame, without(capability_rights::read));
            expect_error("address_space.map", "frame without read", map(weak, 0x6000), capability_error::permission_denied);
            weak = mint(frame, capability_rights::read);
            expect_error("address_space.map", "frame without write, writable", map(weak, 0x6000, read | write), capability_error::permission_denied);
            expect_success("address_space.map", "frame without write, readable", map(weak, 0x6000, read));
            expect_success("address_space.map", "frame without write, attributes 0", map(weak, 0x7000, 0));
        }

        void test_unmap()
        {
            expect_success("address_space.unmap", "a frame", unmap(frame, 0x3000));
            expect_error("address_space.unmap", "a page that is not mapped", unmap(frame, 0x3000), capability_error::illegal_operation);
            expect_error("address_space.unmap", "no page table there", unmap(frame, address), capability_error::invalid_descriptor);
            expect_error("address_space.unmap", "not aligned", unmap(frame, 0x4008), capability_error::invalid_argument);
            expect_error("address_space.unmap", "a kernel address", unmap(frame, 0xffff'8000'0000'0000), capability_error::invalid_argument);
            expect_error("address_space.unmap", "descriptor leads nowhere", unmap(slot(200), 0x4000), capability_error::invalid_descriptor);
            expect_error("address_space.unmap", "neither frame nor page table", unmap(space, 0x4000), capability_error::invalid_descriptor);
            expect_success("address_space.unmap", "a page table", unmap(slot(table), 0));
            expect_success("address_space.unmap", "a page table that is not there", unmap(slot(table), 0));
            expect_equal("address_space.unmap", "depth 1 is missing again", unset_depth(0, 12), 1);
            require("table", map(slot(table), 0));
        }

        void test_large_pages()
        {
            expect_success("address_space.can_map_frame_size_bits", "4 KiB", call(space, operation::can_map_frame_size_bits, 12));
            expect_success("address_space.can_map_frame_size_bits", "2 MiB", call(space, operation::can_map_frame_size_bits, 21));
            expect_error("address_space.can_map_frame_size_bits", "8 KiB", call(space, operation::can_map_frame_size_bits, 13),
                capability_error::invalid_descriptor);
            expect_error("address_space.can_map_frame_size_bits", "0", call(space, operation::can_map_frame_size_bits, 0),
                capability_error::invalid_descriptor);

            expect_success("address_space.map", "a frame of 2 MiB", map(slot(large), address));
            expect_error("address_space.map", "a page below a large one", map(frame, address), capability_error::illegal_operation);
            expect_error("address_space.map", "a table in place of a large page", map(slot(table), address), capability_error::illegal_operation);
            expect_error("address_space.map", "a large page in place of a table", map(slot(large), 0), capability_error::illegal_operation);
            expect_error("address_space.map", "a large frame that is not aligned", map(slot(large), address + 0x1000), capability_error::invalid_argument);
            expect_success("address_space.unmap", "a frame of 2 MiB", unmap(slot(large), address));
            expect_error("address_space.map", "a frame of 2 MiB that reaches into the last page of the user half",
                map(slot(large), 0x7fff'ffe0'0000), capability_error::invalid_argument);
        }

        // ---- What mappings do to memory accesses, in the test's own address space ----------------------------------

        constexpr word window = 0x2000'0000; // nothing of the image is there

        volatile word &at_window(word offset)
        {
            return *reinterpret_cast<volatile word *>(window + offset);
        }

        void enter_own_tables(word &used)
        {
            while (true)
            {
                const word depth = require("unset depth", call(own_space, operation::get_unset_depth, window, 12)).mr[2];
                if (depth == 0)
                {
                    return;
                }
                make(capability_type::page_table, depth, scratch + 4 + used);
                require("enter table", map(slot(scratch + 4 + used++), window, 0, own_space));
            }
        }

        void touch(worker &self)
        {
            const word target = self.value & ~word { 7 };
            switch (self.value & 7)
            {
                case read :
                    self.value = *reinterpret_cast<volatile word *>(target);
                    break;
                case write :
                    *reinterpret_cast<volatile word *>(target) = 1;
                    break;
                default :
                    reinterpret_cast<void (*)()>(target)();
                    break;
            }
        }

        /// Whether a worker can do this at the window without a fault.
        bool can(word access, word offset = 0)
        {
            worker &prober = workers[0];
            prober.value   = (window + offset) | access;
            const bool did = prober.start(touch);
            if (!did)
            {
                prober.restart();
            }
            return did;
        }

        void test_access()
        {
            word tables = 0;
            enter_own_tables(tables);
            make(capability_type::ipc_port, 0, scratch + 1); // faults go here and wait
            require("resolver", configure_field(workers[0].process, abi::configure_field::ipc_port_resolver, slot(scratch + 1)));

            require("map", map(frame, window, 0, own_space));
            expect_equal("address_space.map", "a new frame reads as zero", at_window(0), 0);
            at_window(0) = 0xc3; // RET
            expect_true("address_space.map", "attributes 0: readable, writable, executable", can(read) && can(execute) && can(write));
            at_window(0) = 0xc3;
            require("unmap", unmap(frame, window, own_space));
            expect_true("address_space.unmap", "the page is gone at once", !can(read));

            require("map", map(frame, window, read, own_space));
            expect_true("address_space.map", "attribute READ: read-only, not executable", can(read) && !can(write) && !can(execute));
            require("unmap", unmap(frame, window, own_space));
            require("map", map(frame, window, read | write, own_space));
            expect_true("address_space.map", "attributes READ WRITE: not executable", can(read) && can(write) && !can(execute));
            at_window(0) = 0xc3;
            require("unmap", unmap(frame, window, own_space));
            require("map", map(frame, window, read | execute, own_space));
            expect_true("address_space.map", "attributes READ EXECUTE: read-only", can(read) && !can(write) && can(execute));
            require("unmap", unmap(frame, window, own_space));

            const word read_only = mint(frame, capability_rights::read);
            require("map", map(read_only, window, 0, own_space));
            expect_true("address_space.map", "attributes 0 of a frame without write: not writable", can(read) && !can(write));
            require("unmap", unmap(frame, window, own_space));
            require("forget it", call(root, abi::node_operation::revoke, minted_slots));
            const word last_table = slot(scratch + 3 + tables);
            require("unmap table", unmap(last_table, window, own_space));
            expect_success("address_space.map", "a page table with attribute READ", map(last_table, window, read, own_space));
            require("map", map(frame, window, 0, own_space));
            at_window(0) = 0xc3;
            expect_true("address_space.map", "page tables ignore attributes", can(read) && can(execute) && can(write));
            require("unmap table", unmap(last_table, window, own_space));
            expect_true("address_space.unmap", "the pages of a page table are gone at once", !can(read));
            require("map table", map(last_table, window, 0, own_space));
            require("unmap", unmap(frame, window, own_space));

            expect_true("address_space", "kernel memory is out of reach",
                [] {
                    worker &prober = workers[0];
                    prober.value   = 0xffff'ffff'8010'0000 | read;
                    const bool did = prober.start(touch);
                    prober.restart();
                    return !did;
                }());

            // Removing and revoking take mappings away, even those in tables that are not entered at the moment.
            require("map", map(frame, window, 0, own_space));
            require("remove copy", call(root, abi::node_operation::copy, scratch + 2, frame));
            require("remove copy", call(root, abi::node_operation::remove, frame_slot));
            expect_true("node.remove", "one of two frame capabilities: the mapping stays", can(read));
            require("unmap table", unmap(slot(scratch + 3 + tables), window, own_space));
            expect_success("node.remove", "the last capability to a mapped frame", call(root, abi::node_operation::remove, scratch + 2));
            require("enter table again", map(slot(scratch + 3 + tables), window, 0, own_space));
            expect_true("node.remove", "no mapping of it is left", !can(read));

            make(capability_type::generic, 12, scratch + 2);
            require("frame", call(slot(scratch + 2), abi::generic_operation::convert, capability_type::frame, 12, 1, root, frame_slot));
            require("map", map(frame, window, 0, own_space));
            at_window(0x10) = 0x5ec7e7;
            expect_success("node.revoke", "a Generic with a mapped frame", call(root, abi::node_operation::revoke, scratch + 2));
            expect_true("node.revoke", "no mapping is left", !can(read));
            require("frame", call(slot(scratch + 2), abi::generic_operation::convert, capability_type::frame, 12, 1, root, frame_slot));
            require("map", map(frame, window, 0, own_space));
            expect_equal("node.revoke", "memory comes back without its old contents", at_window(0x10), 0);

            require("map", map(frame, window + 0x1000, 0, own_space));
            expect_success("node.revoke", "a frame itself", call(root, abi::node_operation::revoke, frame_slot));
            expect_true("node.revoke", "its mappings are gone", !can(read) && !can(read, 0x1000));
            expect_success("frame.get_address", "the capability is still there", call(frame, abi::frame_operation::get_address));
        }

        /// Whatever a page of memory was before, as a frame it is all zeros.
        void test_recycling()
        {
            constexpr word generic = slot(scratch);
            constexpr word recycled = scratch + 1;
            constexpr word former   = scratch + 10; // and the slots behind it
            constexpr word words    = abi::page_size / sizeof(word);
            struct
            {
                capability_type type;
                word            specific_bits;
                word            count;
                const char     *detail;
            } const former_lives[] = {
                { capability_type::frame, 12, 1, "a frame full of data, recycled" },
                { capability_type::node, 5, 1, "a node full of capabilities, recycled as a frame" },
                { capability_type::page_table, 1, 1, "a page table in use, recycled as a frame" },
                { capability_type::address_space, 0, 1, "an address space, recycled as a frame" },
                { capability_type::process_control_block, 0, 2, "two processes, recycled as a frame" },
                { capability_type::ipc_port, 0, 8, "IPC ports, recycled as a frame" },
            };
            make(capability_type::generic, 12, scratch);
            word tables = 0;
            enter_own_tables(tables);
            for (const auto &life : former_lives)
            {
                require("former life", call(generic, abi::generic_operation::convert, life.type, life.specific_bits, life.count, root, former));
                switch (life.type)
                {
                    case capability_type::frame :
                        require("map", map(slot(former), window, 0, own_space));
                        for (word i = 0; i < words; ++i)
                        {
                            at_window(i * sizeof(word)) = 0x5ec7'e700'5ec7'e700 | i;
                        }
                        break;
                    case capability_type::node :
                        for (word i = 0; i < 32; ++i)
                        {
                            require("copy", call(slot(former), abi::node_operation::copy, i, own_process));
                        }
                        break;
                    case capability_type::page_table :
                        require("enter table", map(slot(former), window + 0x20'0000, 0, own_space));
                        require("map", map(frame, window + 0x20'0000, 0, own_space));
                        break;
                    case capability_type::process_control_block :
                        require("priority", configure_field(slot(former + 1), abi::configure_field::priority, 7));
                        break;
                    default :
                        break;
                }
                require("revoke", call(root, abi::node_operation::revoke, scratch));
                require("frame", call(generic, abi::generic_operation::convert, capability_type::frame, 12, 1, root, recycled));
                require("map", map(slot(recycled), window, 0, own_space));
                bool is_zero = true;
                for (word i = 0; i < words; ++i)
                {
                    is_zero &= at_window(i * sizeof(word)) == 0;
                }
                expect_true("generic.convert", life.detail, is_zero);
                require("revoke", call(root, abi::node_operation::revoke, scratch));
            }
        }

        /// A process that loses its address space stops.
        void test_loss()
        {
            make(capability_type::generic, 13, scratch + 20);
            require("space", call(slot(scratch + 20), abi::generic_operation::convert, capability_type::address_space, 0, 1, root, scratch + 21));
            make(capability_type::process_control_block, 0, scratch + 22);
            const word process = slot(scratch + 22);
            require("configure", configure_field(process, abi::configure_field::address_space, slot(scratch + 21)));
            require("resume", call(process, abi::process_control_block_operation::resume));
            expect_success("node.revoke", "an address space in use", call(root, abi::node_operation::revoke, scratch + 20));
            expect_error("process_control_block.resume", "without address space",
                call(process, abi::process_control_block_operation::resume), capability_error::illegal_operation);
        }
    }

    void test_address_space()
    {
        make(capability_type::address_space, 0, space_slot);
        make(capability_type::page_table, 3, pdpt);
        make(capability_type::page_table, 2, directory);
        make(capability_type::page_table, 1, table);
        make(capability_type::frame, 12, frame_slot);
        make(capability_type::frame, 21, large);
        test_unset_depth();
        test_map();
        test_unmap();
        test_large_pages();
        clean_up();

        make(capability_type::frame, 12, frame_slot);
        test_access();
        test_loss();
        clean_up();

        make(capability_type::frame, 12, frame_slot);
        test_recycling();
        clean_up();
    }
}
