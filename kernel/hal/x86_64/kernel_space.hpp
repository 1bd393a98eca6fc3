// The kernel's half of every address space: its image, the direct map of RAM and device registers.
#pragma once

#include "cpu.hpp"
#include "page_table.hpp"

namespace a9n::hal
{
    /// Replaces the boot mappings by final ones: image with text read-only, data not executable.
    void initialise_kernel_space();

    /// Maps device registers, uncached, and returns where. nullptr if there is no room left.
    volatile void* map_device(physical_address address);

    /// Makes `root` the processor's page map.
    inline void activate_address_space(physical_address root)
    {
        // CR3 has no flags: nothing sets any.
        if (cpu::read_cr3() != root)
        {
            cpu::write_cr3(root);
        }
    }

    /// The PML4 that has only the kernel's half.
    const page_table& kernel_root();
}
