#pragma once

#include <hal/interface/types.hpp>

namespace a9n::hal
{
    /// Loads GDT, TSS and IDT and sets the SYSCALL registers.
    void initialise_descriptor_tables();
}
