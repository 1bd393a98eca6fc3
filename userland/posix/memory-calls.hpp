// brk, mmap and what changes mappings.
#pragma once

#include "call.hpp"

namespace posix
{
    outcome brk(call &made);
    outcome mmap(call &made);
    outcome munmap(call &made);
    outcome mprotect(call &made);
    outcome mremap(call &made);
    outcome madvise(call &made);
    outcome msync(call &made);
    outcome memory_lock(call &made);
}
