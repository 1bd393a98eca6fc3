// /proc, as far as ps, top and shells look.
#pragma once

#include "directory.hpp"

namespace posix
{
    /// The root of /proc; null if there is no memory.
    reference<directory> make_process_root(file_system &home, uint64_t real_time);
}
