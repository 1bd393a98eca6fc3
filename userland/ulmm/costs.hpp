// What the server's records count against the limit of the client they are for: about what they take.
#pragma once

#include "common.hpp"

namespace ulmm::cost
{
    inline constexpr word range  = 128;
    inline constexpr word group  = 384; ///< of 64 pages
    inline constexpr word space  = page_size + 1024; ///< the kernel's part included
    inline constexpr word object = 512;
    inline constexpr word holder = 256;
    inline constexpr word kernel_objects = 512; ///< one request's, beside their memory
}
