// futex: waiting for a word of a program's memory to change.
#pragma once

#include "process.hpp"

namespace posix
{
    outcome futex(call &made);

    /// Wakes up to `count` who wait for the word; how many that were.
    word wake_futex(program_memory &memory, word address, word count);

    /// The locks that a thread holds when it ends (set_robust_list): marked, and one waiter of each woken.
    void release_robust_futexes(thread &gone);
}
