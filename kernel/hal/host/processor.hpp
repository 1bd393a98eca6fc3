// The processor as the program that runs the kernel sees it: it makes events happen, each is a kernel entry.
#pragma once

#include <hal/interface/kernel_entry.hpp>

namespace a9n::host
{
    inline constexpr physical_address no_address_space = 0;

    /// What the last kernel entry said.
    struct processor_state
    {
        hal::process_context* context; ///< nullptr: idle, or halted
        physical_address      address_space;
        bool                  is_halted;
    };

    extern processor_state running;

    /// Translations cached for the active address space may be stale. nullptr: nobody caches any.
    extern void (*on_translations_changed)();

    // Each is one kernel entry, after which `running` says what goes on. False, and nothing has happened: such an event
    // cannot be, because the kernel has halted, no process runs, or the interrupt line is masked.

    bool start(physical_address boot_info);

    /// Registers of the running process are in its context; RAX says which call it makes. Also if its context says that it
    /// makes its last call again.
    bool make_kernel_call();
    bool fault(const fault_cause& cause);
    bool tick();
    bool interrupt(word irq);

    /// hal::halt: the kernel entry under way ends here.
    [[noreturn]] void stop_processor();
}
