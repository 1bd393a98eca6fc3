// The registers that carry a kernel call's arguments and results.
#pragma once

#include <a9n/abi.hpp>

namespace a9n
{
    using abi::word;

    /// MR0…MR9, the message registers that are CPU registers. As input MR0 is the descriptor and MR1 the operation;
    /// as output MR0 is 1 for success, or 0 with the error in MR1.
    struct message_registers
    {
        word mr[abi::hardware_message_registers] {};

        [[gnu::artificial, gnu::always_inline]] inline constexpr bool ok() const
        {
            return mr[0] == 1;
        }

        [[gnu::artificial, gnu::always_inline]] inline constexpr abi::capability_error error() const
        {
            return static_cast<abi::capability_error>(mr[1]);
        }
    };
}
