// What the core offers to the HAL: one function for each way into the kernel. Each does its work with interrupts off
// and returns what the processor is to do next.
#pragma once

#include <hal/interface/process_context.hpp>
#include <hal/interface/types.hpp>

namespace a9n
{
    /// The process to run, in which address space. `context` is nullptr if there is none: wait for an interrupt.
    struct next_step
    {
        hal::process_context* context;
        physical_address      address_space;
    };

    /// A process did what its hardware forbids.
    struct fault_cause
    {
        abi::fault_type type;
        word            detail; ///< memory faults: the address; otherwise the architecture's code
        word            code;   ///< memory faults: the architecture's error code
    };

    /// `boot_info`: physical address of an abi::boot_info as the loader left it.
    next_step start_kernel(physical_address boot_info);

    /// The current process made a kernel call.
    next_step handle_kernel_call();

    /// The current process faulted.
    next_step handle_fault(const fault_cause& cause);

    /// The preemption timer ticked.
    next_step handle_timer_tick();

    /// Interrupt line `irq` fired. The HAL has acknowledged it at the controller and masked the line.
    next_step handle_interrupt(word irq);
}
