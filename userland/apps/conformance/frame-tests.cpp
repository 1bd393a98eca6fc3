// FRAME and PAGE_TABLE (ABI sections 9 and 10).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    void test_frame()
    {
        constexpr word first = first_free_slot;
        require("frames", convert(capability_type::frame, abi::page_size_bits, first, 2));
        const reply a = call(slot(first), abi::frame_operation::get_address);
        expect_success("frame.get_address", "a frame", a);
        expect_equal("frame.get_address", "is page-aligned", a.mr[2] % abi::page_size, 0);
        expect_equal("frame.get_address", "frames of one CONVERT follow each other",
            call(slot(first + 1), abi::frame_operation::get_address).mr[2], a.mr[2] + abi::page_size);
        const word unreadable = mint(slot(first), without(capability_rights::read));
        expect_error("frame.get_address", "without read", call(unreadable, abi::frame_operation::get_address),
            capability_error::permission_denied);
        expect_error("frame", "unknown operation", call(slot(first), 2), capability_error::illegal_operation);

        make(capability_type::page_table, 1, first + 3);
        for (word operation = 0; operation < 5; ++operation)
        {
            expect_error("page_table", "has no operations", call(slot(first + 3), operation),
                capability_error::illegal_operation);
        }
        clean_up();
    }
}
