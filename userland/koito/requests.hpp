// How KOITO answers its processes (os-protocol.hpp).
#pragma once

#include "system.hpp"

namespace koito
{
    [[noreturn]] void serve(system &koito);
}
