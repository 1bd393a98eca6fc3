#pragma once

#include <hal/interface/types.hpp>

namespace a9n::kernel_version
{
    inline constexpr word major = 0;
    inline constexpr word minor = 1;
    inline constexpr word patch = 0;
    inline constexpr char text[] = "0.1.0";
}
