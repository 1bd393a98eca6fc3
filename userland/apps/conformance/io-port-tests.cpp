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
        constexpr word nothing = 0xf0f0; ///< no device is there
        constexpr word widths[] = { 1, 2, 4 };
        for (const word width : widths)
        {
            const reply got = call(all_io_ports, operation::read, nothing, width);
            expect_true("io_port.read", "one, two and four bytes of nothing, zero-extended", got.ok() && got.mr[2] >> 8 * width == 0);
            expect_success("io_port.write", "one, two and four bytes to nothing",
                call(all_io_ports, operation::write, nothing, width, ~word { 0 }));
        }
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
        expect_error("io_port.write", "an access that ends beyond 0xffff", call(all_io_ports, operation::write, 0xfffe, 4, 0), denied);
        expect_error("io_port.read", "the last port there could be", call(all_io_ports, operation::read, ~word { 0 }, 1), denied);
        expect_error("io_port.read", "an access that wraps around", call(all_io_ports, operation::read, ~word { 0 }, 4), denied);
        expect_success("io_port.mint", "the whole range: 0 to 2^64 - 1",
            call(all_io_ports, operation::mint, 0, ~word { 0 }, root, narrow_slot));
        require("remove", call(root, abi::node_operation::remove, narrow_slot));

        expect_success("io_port.mint", "a range", call(all_io_ports, operation::mint, 0x3f8, 0x3ff, root, narrow_slot));
        expect_equal("io_port.mint", "the range works", call(narrow, operation::read, scratch_register, 1).mr[2], 0xa5);
        expect_error("io_port.read", "below the range", call(narrow, operation::read, 0x3f7, 1), denied);
        expect_error("io_port.write", "below the range", call(narrow, operation::write, 0x3f7, 1, 0), denied);
        expect_error("io_port.read", "the second byte is beyond the range", call(narrow, operation::read, 0x3ff, 2), denied);
        expect_error("io_port.write", "the second byte is beyond the range", call(narrow, operation::write, 0x3ff, 2, 0), denied);
        expect_error("io_port.mint", "less than its first port", call(narrow, operation::mint, 0x3f7, 0x3ff, root, scratch), denied);
        expect_error("io_port.mint", "more than its range", call(narrow, operation::mint, 0x3f8, 0x400, root, scratch), denied);
        expect_error("io_port.mint", "first after last", call(narrow, operation::mint, 0x3f9, 0x3f8, root, scratch), invalid);
        expect_error("io_port.mint", "slot in use", call(narrow, operation::mint, 0x3f8, 0x3f8, root, narrow_slot), invalid);
        expect_error("io_port.mint", "slot out of range", call(narrow, operation::mint, 0x3f8, 0x3f8, root, 256), invalid);
        expect_error("io_port.mint", "no node there", call(narrow, operation::mint, 0x3f8, 0x3f8, slot(200), 0), invalid);
        expect_error("io_port.mint", "the destination is no node", call(narrow, operation::mint, 0x3f8, 0x3f8, narrow, 0), invalid);
        expect_error("io_port.mint", "the destination without write",
            call(narrow, operation::mint, 0x3f8, 0x3f8, mint(root, without(capability_rights::write)), scratch), denied);
        expect_error("io_port", "unknown operation", call(narrow, 0), capability_error::illegal_operation);
        expect_error("io_port", "unknown operation 4", call(narrow, 4), capability_error::illegal_operation);

        const word unreadable = mint(narrow, without(capability_rights::read));
        expect_error("io_port.read", "without read", call(unreadable, operation::read, 0x3f8, 1), denied);
        const word unwritable = mint(narrow, without(capability_rights::write));
        expect_error("io_port.write", "without write", call(unwritable, operation::write, 0x3ff, 1, 0), denied);
        const word uncopyable = mint(narrow, without(capability_rights::copy));
        expect_error("io_port.mint", "without copy", call(uncopyable, operation::mint, 0x3f8, 0x3f8, root, scratch + 3), denied);

        expect_success("io_port.mint", "of a capability without write", call(unwritable, operation::mint, 0x3ff, 0x3ff, root, scratch + 4));
        expect_error("io_port.write", "a child has its parent's rights", call(slot(scratch + 4), operation::write, 0x3ff, 1, 0), denied);
        expect_equal("io_port.read", "a child has its parent's rights, READ too", call(slot(scratch + 4), operation::read, 0x3ff, 1).mr[2], 0xa5);
        expect_success("io_port.mint", "a subset of a subset", call(narrow, operation::mint, 0x3ff, 0x3ff, root, scratch + 3));
        expect_success("node.revoke", "an I/O port capability", call(root, abi::node_operation::revoke, 9));
        expect_error("node.revoke", "minted I/O ranges are descendants", call(slot(scratch + 3), operation::read, 0x3ff, 1),
            capability_error::invalid_descriptor);
        expect_success("io_port.read", "the revoked capability itself works on", call(all_io_ports, operation::read, 0x3ff, 1));
    }
}
