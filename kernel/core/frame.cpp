// FRAME: memory that can be mapped.
#include "capability_call.hpp"

namespace a9n
{
    namespace
    {
        outcome get_address(const invocation& call);

        constexpr operation operations[] = {
            /// Where the frame is.
            /// out: MR2 physical address
            { static_cast<word>(abi::frame_operation::get_address), "get_address", capability_rights::read,
                capability_error::permission_denied, get_address },
        };

        outcome get_address(const invocation& call)
        {
            call.set_result(2, call.slot.data.frame.base);
            return success;
        }
    }

    const operation_table frame_operations = make_table(operations);
}
