// For programs built with AddressSanitizer: memory in which the kernel has no business is poisoned, so that a stale pointer is found.
#pragma once

#include "inventory.hpp"

namespace a9n::host
{
    /// Poisons all RAM; from here on memory is unpoisoned when the kernel clears it, to make an object of it.
    void begin_guard();

    /// After a kernel entry: poisons all RAM but nodes, processes, ports, tables and IPC buffers.
    void guard_memory(const inventory& objects);

    /// What a user program does to its memory: words at a physical address of RAM, poisoned or not.
    void write_user_memory(physical_address address, const word* words, word count);
}
