#pragma once

#include <hal/interface/types.hpp>

namespace a9n::hal
{
    /// Loads GDT, TSS and IDT and sets the SYSCALL registers.
    void initialise_descriptor_tables();

    /// Where the processor pushes when an interrupt leaves user mode.
    void set_interrupt_stack(const void* end);
}
