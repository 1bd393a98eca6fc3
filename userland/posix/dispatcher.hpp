// From a call's number to its handler.
#pragma once

#include "call.hpp"

namespace posix
{
    outcome dispatch(call &made);

    /// For the trace; nullptr if there is no such call.
    const char *name_of_call(word number);

    inline constexpr size_t call_count = 512;
}
