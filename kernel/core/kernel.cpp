// Kernel entries: each does its work, then the scheduler says who goes on.
#include "boot.hpp"
#include "capability_call.hpp"
#include "console.hpp"
#include "fault.hpp"
#include "interrupt_port.hpp"
#include "revocation.hpp"
#include "scheduler.hpp"

#include <hal/interface/devices.hpp>
#include <hal/interface/kernel_entry.hpp>

namespace a9n
{
    namespace
    {
        next_step resume(process_control_block& process)
        {
            return { &process.context, process.address_space.data.address_space.base };
        }

        next_step leave()
        {
            process_control_block* process = scheduler::choose();
            if (process == nullptr && is_revocation_unfinished())
            {
                // Whoever wanted it done is gone or has been stopped. It may make others ready.
                if (!go_on_with_revocation())
                {
                    return { nullptr, 0 };
                }
                process = scheduler::choose();
            }
            if (process == nullptr)
            {
                // Only an interrupt could make a process ready.
                if (!is_any_interrupt_bound())
                {
                    console::print("A9N: no process can ever run again: all are blocked, and no interrupt is bound\nA9N: halted\n");
                    hal::halt();
                }
                return { nullptr, 0 };
            }
            return resume(*process);
        }

        [[gnu::noinline]] void handle_other_kernel_call(process_control_block& caller, word number)
        {
            switch (static_cast<abi::kernel_call>(number))
            {
                case abi::kernel_call::yield:
                    scheduler::yield();
                    break;
                case abi::kernel_call::debug:
                    hal::write_console(static_cast<char>(hal::get_message_register(caller.context, 0)));
                    break;
                default:
                    raise_fault(caller, { abi::fault_type::invalid_kernel_call, number, 0 });
                    break;
            }
        }
    }

    next_step start_kernel(physical_address boot_info)
    {
        boot(boot_info);
        return leave();
    }

    next_step handle_kernel_call()
    {
        process_control_block& caller = *this_processor().current_process;
        const word             number = hal::get_kernel_call(caller.context);
        if (static_cast<abi::kernel_call>(number) == abi::kernel_call::capability_call) [[likely]]
        {
            process_control_block* next = perform_capability_call(caller);
            return next != nullptr ? resume(*next) : leave();
        }
        handle_other_kernel_call(caller, number);
        return leave();
    }

    next_step handle_fault(const fault_cause& cause)
    {
        raise_fault(*this_processor().current_process, cause);
        return leave();
    }

    next_step handle_timer_tick()
    {
        scheduler::tick();
        do_abandoned_revocation();
        return leave();
    }

    next_step handle_interrupt(word irq)
    {
        deliver_interrupt(irq);
        return leave();
    }
}
