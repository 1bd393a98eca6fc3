// What the machine's devices show to the program that runs the kernel.
#pragma once

#include <hal/interface/devices.hpp>

namespace a9n::host
{
    enum class effect_kind : word
    {
        console  = 0,
        io_read  = 1,
        io_write = 2,
    };

    /// What the kernel did to the outside.
    struct effect
    {
        effect_kind kind;
        word        port;  ///< I/O
        word        width; ///< I/O: bytes
        word        value; ///< the character, or what was read or written
    };

    /// Is told of every effect. nullptr: nobody is.
    extern void (*on_effect)(const effect& happened);

    /// What hal::is_interrupt_pending says: that the program will make an interrupt or a tick happen next.
    extern bool interrupt_waits;

    bool is_interrupt_masked(word irq);
}
