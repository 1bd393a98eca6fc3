// IO_PORT (ABI section 16), on COM1's scratch register.
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    void test_io_port()
    {
        using operation = abi::io_port_operation;
        constexpr word scratch_register = 0x3ff;
        constexpr word narrow_slot      = first_free_slot; ///< COM1: 0x3f8…0x3ff
        constexpr word narrow           = slot(narrow_slot);
        constexpr word scratch          = first_free_slot + 1;
        const auto denied  = capability_error::permission_denied;
        const auto invalid = capability_error::invalid_argument;

        expect_success("io_port.write", "one byte", call(all_io_ports, operation::write, scratch_register, 1, 0x1a5));
        expect_equal("io_port.read", "one byte, zero-extended", call(all_io_ports, operation::read, scratch_register, 1).mr[2], 0xa5);
        expect_success("io_port.read", "four bytes of nothing", call(all_io_ports, operation::read, 0xf0f0, 4));
        constexpr word bad_widths[] = { 0, 3, 8 };
        for (const word width : bad_widths)
        {
            expect_error("io_port.read", "a width that is not 1, 2 or 4", call(all_io_ports, operation::read, scratch_register, width),
                capability_error::fatal);
            expect_error("io_port.write", "a width that is not 1, 2 or 4",
                call(all_io_ports, operation::write, scratch_register, width, 0), capability_error::fatal);
        }
        expect_error("io_port.read", "port 0x10000", call(all_io_ports, operation::read, 0x10000, 1), denied);
        expect_error("io_port.write", "port 0x10000", call(all_io_ports, operation::write, 0x10000, 1, 0), denied);
        expect_error("io_port.read", "an access that ends beyond 0xffff", call(all_io_ports, operation::read, 0xffff, 2), denied);

        expect_success("io_port.mint", "a range", call(all_io_ports, operation::mint, 0x3f8, 0x3ff, root, narrow_slot));
        expect_equal("io_port.mint", "the range works", call(narrow, operation::read, scratch_register, 1).mr[2], 0xa5);
        expect_error("io_port.read", "below the range", call(narrow, operation::read, 0x3f7, 1), denied);
        expect_error("io_port.write", "below the range", call(narrow, operation::write, 0x3f7, 1, 0), denied);
        expect_error("io_port.read", "the second byte is beyond the range", call(narrow, operation::read, 0x3ff, 2), denied);
        expect_error("io_port.write", "the second byte is beyond the range", call(narrow, operation::write, 0x3ff, 2, 0), denied);
        expect_error("io_port.mint", "more than its range", call(narrow, operation::mint, 0x3f8, 0x400, root, scratch), denied);
        expect_error("io_port.mint", "first after last", call(narrow, operation::mint, 0x3f9, 0x3f8, root, scratch), invalid);
        expect_error("io_port.mint", "slot in use", call(narrow, operation::mint, 0x3f8, 0x3f8, root, narrow_slot), invalid);
        expect_error("io_port.mint", "slot out of range", call(narrow, operation::mint, 0x3f8, 0x3f8, root, 256), invalid);
        expect_error("io_port.mint", "no node there", call(narrow, operation::mint, 0x3f8, 0x3f8, slot(200), 0), invalid);
        expect_error("io_port", "unknown operation", call(narrow, 0), capability_error::illegal_operation);

        const word unreadable = mint(narrow, without(capability_rights::read));
        expect_error("io_port.read", "without read", call(unreadable, operation::read, 0x3f8, 1), denied);
        const word unwritable = mint(narrow, without(capability_rights::write));
        expect_error("io_port.write", "without write", call(unwritable, operation::write, 0x3ff, 1, 0), denied);
        const word uncopyable = mint(narrow, without(capability_rights::copy));
        expect_error("io_port.mint", "without copy", call(uncopyable, operation::mint, 0x3f8, 0x3f8, root, scratch + 3), denied);

        expect_success("io_port.mint", "a subset of a subset", call(narrow, operation::mint, 0x3ff, 0x3ff, root, scratch + 3));
        expect_success("node.revoke", "an I/O port capability", call(root, abi::node_operation::revoke, 9));
        expect_error("node.revoke", "minted I/O ranges are descendants", call(slot(scratch + 3), operation::read, 0x3ff, 1),
            capability_error::invalid_descriptor);
        expect_success("io_port.read", "the revoked capability itself works on", call(all_io_ports, operation::read, 0x3ff, 1));
    }
}
