// From the entry stubs to the core and back.
#include "context.hpp"
#include "cpu.hpp"
#include "descriptor_tables.hpp"
#include "exception.hpp"
#include "interrupt_controllers.hpp"
#include "kernel_space.hpp"
#include "processor_state.hpp"
#include "serial_console.hpp"

#include <core/console.hpp>
#include <hal/interface/devices.hpp>
#include <hal/interface/kernel_entry.hpp>

extern "C" [[noreturn]] void idle(); // entry.S; interrupts are taken there, on an empty stack

namespace a9n::hal
{
    namespace
    {
        /// Loads what `step` asks for and is not loaded; the entry code restores the registers of the context returned.
        inline process_context* prepare(const next_step& step)
        {
            if (step.context == nullptr)
            {
                idle();
            }
            activate_address_space(step.address_space);
            const bool is_loaded = this_processor_state().loaded_context == step.context;
            return is_loaded ? step.context : load_context(*step.context);
        }

        next_step handle_trap(word vector, word error_code)
        {
            if (vector < first_interrupt)
            {
                return a9n::handle_fault(
                    describe_exception(vector, error_code, vector == page_fault ? cpu::read_cr2() : 0));
            }
            if (vector == timer_vector)
            {
                end_interrupt();
                return a9n::handle_timer_tick();
            }
            const word irq = interrupt_line_of_vector(vector);
            if (irq < interrupt_line_count)
            {
                mask_interrupt(irq);
                end_interrupt();
            }
            return a9n::handle_interrupt(irq);
        }
    }

    extern "C" process_context* start_x86_64(physical_address boot_info)
    {
        initialise_console();
        mask_legacy_interrupts();
        initialise_descriptor_tables();
        initialise_kernel_space();
        return prepare(a9n::start_kernel(boot_info));
    }

    extern "C" process_context* handle_kernel_call_entry()
    {
        return prepare(a9n::handle_kernel_call());
    }

    extern "C" process_context* handle_trap_entry(word vector, word error_code)
    {
        return prepare(handle_trap(vector, error_code));
    }

    /// An exception in kernel mode, NMI, double fault or machine check: prints the registers and stops.
    extern "C" [[noreturn]] void handle_kernel_exception(const process_context* context, word vector, word error_code)
    {
        constexpr const char* names[] = { "rax", "rbx", "rcx", "rdx", "rdi", "rsi", "rbp", "r8", "r9", "r10", "r11",
            "r12", "r13", "r14", "r15", "rip", "cs", "rflags", "rsp", "ss" };
        console::print("A9N: exception in the kernel: vector ", vector, ", error code ", console::hex { error_code },
            "\n");
        for (word i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        {
            console::print("  ", names[i], " ", console::hex { read_register(*context, i) }, "\n");
        }
        console::print("  cr2 ", console::hex { cpu::read_cr2() }, "\n  cr3 ", console::hex { cpu::read_cr3() },
            "\nA9N: halted\n");
        halt();
    }
}
