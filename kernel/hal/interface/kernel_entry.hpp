// What the core offers to the HAL: one function for each way into the kernel. Each does its work with interrupts off
// and returns what the processor is to do next.
#pragma once

#include <hal/interface/process_context.hpp>
#include <hal/interface/types.hpp>

namespace a9n
{
    /// The process to run, in which address space. `context` is nullptr if there is none: wait for an interrupt in kernel
    /// mode; whichever address space is active stays so.
    struct next_step
    {
        hal::process_context* context;
        physical_address      address_space; ///< its root table
    };

    /// A process did what its hardware forbids.
    struct fault_cause
    {
        abi::fault_type type;
        word            detail; ///< memory faults: the address; otherwise the architecture's code
        word            code;   ///< memory faults: the architecture's error code
    };

    /// First and once. `boot_info`: physical address of an abi::boot_info as the loader left it; 0 and nonsense are
    /// refused with a message. Static data of core is zero or initialised, the console works.
    next_step start_kernel(physical_address boot_info);

    // The others may be called once it has returned. The registers of the process that was running are in its context. A
    // kernel call or fault comes from a process; ticks and interrupts also come while none runs.

    /// The current process made a kernel call. Its context says which one, and its program counter is behind the
    /// instruction.
    next_step handle_kernel_call();

    /// The current process faulted. Its program counter is at the instruction that did, or where the architecture leaves it
    /// for this fault.
    next_step handle_fault(const fault_cause& cause);

    /// The preemption timer ticked. The HAL has acknowledged it.
    next_step handle_timer_tick();

    /// Interrupt line `irq` fired. The HAL has acknowledged it at the controller and masked the line. Lines that do not exist
    /// are ignored: an interrupt nobody asked for needs no case of its own.
    next_step handle_interrupt(word irq);
}
