// The numbers of the ABI's tables (sections 2, 4 to 8, 10 and 11), as they stand there: the rest of this program takes them from
// the public header.
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        template<typename Name, word count>
        bool are_numbered_from(word first, const Name (&names)[count])
        {
            bool same = true;
            for (word i = 0; i < count; ++i)
            {
                same &= static_cast<word>(names[i]) == first + i;
            }
            return same;
        }

        template<typename Name, word count>
        bool are_bits(const Name (&names)[count])
        {
            bool same = true;
            for (word i = 0; i < count; ++i)
            {
                same &= static_cast<word>(names[i]) == word { 1 } << i;
            }
            return same;
        }

        void test_capability_numbers()
        {
            using error = capability_error;
            constexpr error errors[] = { error::illegal_operation, error::permission_denied, error::invalid_descriptor,
                error::invalid_depth, error::invalid_argument, error::fatal, error::debug_unimplemented };
            expect_true("abi", "errors 0 to 6", are_numbered_from(0, errors));

            using right = capability_rights;
            constexpr right rights[] = { right::read, right::write, right::copy, right::modify };
            expect_true("abi", "rights 1, 2, 4, 8; all are 15", are_bits(rights) && bits(right::all) == 15);

            using type = capability_type;
            constexpr type types[] = { type::none, type::debug, type::node, type::generic, type::address_space,
                type::page_table, type::frame, type::process_control_block, type::ipc_port, type::notification_port,
                type::interrupt_region, type::interrupt_port, type::io_port, type::virtual_cpu,
                type::virtual_address_space, type::virtual_page_table };
            expect_true("abi", "capability types 0 to 15", are_numbered_from(0, types));
        }

        void test_operation_numbers()
        {
            using node = abi::node_operation;
            constexpr node nodes[] = { node::copy, node::move, node::mint, node::demote, node::revoke, node::remove };
            expect_true("abi", "operations of NODE, 1 to 6", are_numbered_from(1, nodes));
            expect_equal("abi", "CONVERT is 0", static_cast<word>(abi::generic_operation::convert), 0);

            using space = abi::address_space_operation;
            constexpr space spaces[] = { space::map, space::unmap, space::get_unset_depth, space::can_map_frame_size_bits };
            expect_true("abi", "operations of ADDRESS_SPACE, 1 to 4", are_numbered_from(1, spaces));
            using attribute = abi::map_attribute;
            constexpr attribute attributes[] = { attribute::read, attribute::write, attribute::execute };
            expect_true("abi", "attributes of MAP: 1, 2, 4", are_bits(attributes));
            expect_equal("abi", "GET_ADDRESS is 1", static_cast<word>(abi::frame_operation::get_address), 1);

            using process = abi::process_control_block_operation;
            constexpr process processes[] = { process::configure, process::read_register, process::write_register,
                process::resume, process::suspend };
            expect_true("abi", "operations of PROCESS_CONTROL_BLOCK, 1 to 5", are_numbered_from(1, processes));
            using field = abi::configure_field;
            constexpr field fields[] = { field::address_space, field::root_node, field::frame_ipc_buffer,
                field::notification_port, field::ipc_port_resolver, field::instruction_pointer, field::stack_pointer,
                field::thread_local_base, field::priority, field::affinity };
            expect_true("abi", "fields of CONFIGURE, bits 0 to 9", are_bits(fields));
        }

        void test_layouts()
        {
            expect_true("abi", "the IPC buffer: 494 messages, descriptors at 0xf70, node at 0xff0, index at 0xff8",
                sizeof(abi::ipc_buffer) == 4096 && sizeof(abi::ipc_buffer::messages) == 494 * sizeof(word)
                    && offsetof(abi::ipc_buffer, messages) == 0
                    && offsetof(abi::ipc_buffer, transfer_source_descriptors) == 0xf70
                    && sizeof(abi::ipc_buffer::transfer_source_descriptors) == 16 * sizeof(word)
                    && offsetof(abi::ipc_buffer, transfer_destination_node) == 0xff0
                    && offsetof(abi::ipc_buffer, transfer_destination_index) == 0xff8);
            expect_true("abi", "descriptors of init: root slots and Generics",
                slot(5) == 0x0805'0000'0000'0000 && abi::init_generic_descriptor(3) == 0x0f07'0600'0000'0000);
        }
    }

    void test_numbers()
    {
        test_capability_numbers();
        test_operation_numbers();
        test_layouts();
    }
}
