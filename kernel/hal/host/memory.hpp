// The machine's physical memory, for the program that runs the kernel.
//
// RAM is a file in memory, mapped at `direct_map`. The kernel's own static data (see image.ld) has physical addresses,
// too, from `image_physical_address` on: far above all RAM, so that a memory map never contains them.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    inline constexpr word direct_map = 0x2000'0000'0000;

    inline constexpr physical_address image_physical_address = 0x4000'0000'0000;

    /// Makes RAM of `size` bytes, a multiple of the page size, all zero. Once. False, with errno, if there is no room.
    bool create_memory(word size);

    word memory_size();

    /// File descriptor of the RAM: offset = physical address. What is mapped from it shared is one memory with what
    /// the kernel sees, until `save_machine`.
    int memory_file();

    /// Is told before the kernel clears memory, which it does with all that it hands out. nullptr: nobody is.
    extern void (*on_memory_cleared)(void* start, word size);

    /// Remembers RAM and the kernel's static data, HAL included, as they are now. Once. False, with errno, on failure.
    bool save_machine();

    /// Brings back what save_machine remembered. The time it takes grows with the pages written since, not with memory.
    void restore_machine();
}
