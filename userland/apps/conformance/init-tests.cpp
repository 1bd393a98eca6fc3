// The init process as it starts (ABI sections 20 and 21).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        void test_slots()
        {
            expect_error("init", "slot 0 is empty", call(slot(0), 1), capability_error::invalid_descriptor);
            expect_equal("init", "slot 1 is its own process: priority can be set",
                configure_field(own_process, abi::configure_field::priority, own_priority).mr[0], 1);
            expect_success("init", "slot 2 is its address space",
                call(own_space, abi::address_space_operation::get_unset_depth, 0x1000, abi::page_size_bits));
            expect_error("init", "slot 3 is the root node of radix 8",
                call(root, abi::node_operation::remove, 256), capability_error::invalid_argument);
            expect_error("init", "slot 4 is a node of 128 slots",
                call(slot(4), abi::node_operation::remove, 128), capability_error::invalid_argument);
            expect_error("init", "slot 5 is a node of 32768 slots",
                call(slot(5), abi::node_operation::remove, 32768), capability_error::invalid_argument);
            expect_error("init", "slot 7 is a node of 128 slots",
                call(slot(7), abi::node_operation::remove, 128), capability_error::invalid_argument);
            expect_error("init", "slot 8 is an interrupt region",
                call(slot(8), abi::interrupt_region_operation::make_port, 256, root, 100),
                capability_error::invalid_argument);
            expect_success("init", "slot 9 is an I/O port capability for every port",
                call(slot(9), abi::io_port_operation::read, 0x3fd, 1));
            expect_error("init", "slot 200 is empty", call(slot(200), 1), capability_error::invalid_descriptor);
        }

        void test_frames()
        {
            const word page  = reinterpret_cast<word>(ipc_buffer) >> abi::page_size_bits;
            const word first = call(abi::init_frame_descriptor(0), abi::frame_operation::get_address).mr[2];
            expect_equal("init", "frame i is page i of the image",
                call(abi::init_frame_descriptor(page), abi::frame_operation::get_address).mr[2],
                first + page * abi::page_size);
            expect_equal("init", "slot 6 is the frame of the IPC buffer",
                call(own_buffer, abi::frame_operation::get_address).mr[2], first + page * abi::page_size);
            expect_equal("init", "frames have all rights: one can be minted with all",
                call(root, abi::node_operation::mint, first_free_slot, own_buffer, 15).mr[0], 1);
            require("remove", call(root, abi::node_operation::remove, first_free_slot));
        }

        void test_generics()
        {
            bool are_plausible = init_info->generic_list_count > 0
                && init_info->generic_list_count <= abi::init_maximum_generics;
            bool are_page_aligned = true;
            for (word i = 0; i < init_info->generic_list_count && are_plausible; ++i)
            {
                const abi::generic_descriptor &generic = init_info->generic_list[i];
                are_plausible &= generic.size_bits >= abi::page_size_bits && generic.size_bits < 64 && generic.is_device < 2;
                are_page_aligned &= generic.address % abi::page_size == 0;
            }
            expect_true("init", "init_info lists Generics", are_plausible);
            expect_true("init", "they start on pages", are_page_aligned);
            expect_error("init", "a Generic is in the Generic node where the list says so",
                call(abi::init_generic_descriptor(0), abi::generic_operation::convert, capability_type::frame, 13, 1, root, 100),
                capability_error::invalid_argument);
            expect_error("init", "behind the list the node is empty",
                call(abi::init_generic_descriptor(init_info->generic_list_count), 0),
                capability_error::invalid_descriptor);
        }
    }

    void test_init_process()
    {
        expect_equal("init", "init_info has the IPC buffer's address", init_info->ipc_buffer,
            reinterpret_cast<word>(ipc_buffer));
        expect_true("init", "init_info has the ACPI root pointer", init_info->arch_info[abi::arch_info_rsdp] != 0);
        test_slots();
        test_frames();
        test_generics();
    }
}
