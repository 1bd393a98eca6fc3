// Words and addresses, as core and HAL both see them.
#pragma once

#include <a9n/abi.hpp>

namespace a9n
{
    using abi::capability_error;
    using abi::word;

    using physical_address = word;
    using virtual_address  = word;
}
