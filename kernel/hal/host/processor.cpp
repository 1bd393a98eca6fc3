// From events to the core and back.
#include "processor.hpp"

#include "devices.hpp"

#include <setjmp.h>

namespace a9n::host
{
    processor_state running {};
    void (*on_translations_changed)() = nullptr;

    namespace
    {
        using abi::context_register;

        enum class entry_kind : word
        {
            kernel_call = 0,
            interrupt   = 1,
        };

        jmp_buf halted;

        template<typename Entry>
        void enter(entry_kind kind, const Entry& entry)
        {
            if (running.context != nullptr)
            {
                running.context->registers[static_cast<word>(context_register::enter_from)] = static_cast<word>(kind);
            }
            // The core has nothing to destroy, so a jump may leave it.
            if (setjmp(halted) != 0)
            {
                running = { nullptr, no_address_space, true };
                return;
            }
            const next_step step = entry();
            running.context      = step.context;
            // While the processor idles, the address space stays active.
            running.address_space = step.context != nullptr ? step.address_space : running.address_space;
        }
    }

    bool start(physical_address boot_info)
    {
        enter(entry_kind::interrupt, [=] { return start_kernel(boot_info); });
        return true;
    }

    bool make_kernel_call()
    {
        if (running.context == nullptr)
        {
            return false;
        }
        running.context->repeats_call = false;
        enter(entry_kind::kernel_call, handle_kernel_call);
        return true;
    }

    bool fault(const fault_cause& cause)
    {
        if (running.context == nullptr)
        {
            return false;
        }
        enter(entry_kind::interrupt, [&] { return handle_fault(cause); });
        return true;
    }

    bool tick()
    {
        if (running.is_halted)
        {
            return false;
        }
        enter(entry_kind::interrupt, handle_timer_tick);
        return true;
    }

    bool interrupt(word irq)
    {
        if (running.is_halted || irq >= hal::interrupt_line_count || is_interrupt_masked(irq))
        {
            return false;
        }
        hal::mask_interrupt(irq);
        enter(entry_kind::interrupt, [=] { return handle_interrupt(irq); });
        return true;
    }

    void stop_processor()
    {
        longjmp(halted, 1);
    }
}
