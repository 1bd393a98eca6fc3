// Registers of a process: reading, checking, writing, and loading them into the processor.
#include "context.hpp"

#include "arch/entry_layout.h"
#include "cpu.hpp"
#include "processor_state.hpp"

#include <hal/interface/memory.hpp>
#include <hal/interface/process_context.hpp>

namespace a9n::hal
{
    namespace
    {
        static_assert(offsetof(process_context, rax) == CONTEXT_RAX);
        static_assert(offsetof(process_context, rbp) == CONTEXT_RBP);
        static_assert(offsetof(process_context, r8) == CONTEXT_R8);
        static_assert(offsetof(process_context, r15) == CONTEXT_R15);
        static_assert(offsetof(process_context, rip) == CONTEXT_RIP);
        static_assert(offsetof(process_context, ss) == CONTEXT_SS);
        static_assert(offsetof(process_context, gs_base) == CONTEXT_GS_BASE);
        static_assert(offsetof(process_context, enter_from) == CONTEXT_ENTER_FROM);
        static_assert(CONTEXT_GS_BASE == CONTEXT_FRAME_END);
        static_assert(offsetof(process_context, enter_from) / 8 + 1 == abi::context_register_count);

        constexpr word process_context::*context_registers[abi::context_register_count - 1] = {
            &process_context::rax, &process_context::rbx, &process_context::rcx, &process_context::rdx,
            &process_context::rdi, &process_context::rsi, &process_context::rbp, &process_context::r8,
            &process_context::r9,  &process_context::r10, &process_context::r11, &process_context::r12,
            &process_context::r13, &process_context::r14, &process_context::r15, &process_context::rip,
            &process_context::cs,  &process_context::rflags, &process_context::rsp, &process_context::ss,
            &process_context::gs_base, &process_context::fs_base,
        };

        constexpr word process_context::*message_registers[abi::hardware_message_registers] = {
            &process_context::rdi, &process_context::rsi, &process_context::rdx, &process_context::r8,
            &process_context::r9,  &process_context::r10, &process_context::r12, &process_context::r13,
            &process_context::r14, &process_context::r15,
        };

        // CF PF AF ZF SF TF DF OF RF AC ID: what a user program may choose.
        constexpr word user_flags    = 0x0025'0dd5;
        constexpr word initial_flags = 0x202; // IF and the bit that is always 1

        // Fields of the FXSAVE image that are not zero in a new process.
        constexpr word fxsave_fcw   = 0;
        constexpr word fxsave_mxcsr = 24;

        void save_state(process_context& context)
        {
            asm volatile("fxsave64 %0" : "=m"(context.vector_state));
            context.fs_base = cpu::read_msr(cpu::msr::fs_base);
            context.gs_base = cpu::read_msr(cpu::msr::gs_base);
            asm volatile("movw %%ds, %0" : "=m"(context.selectors.ds));
            asm volatile("movw %%es, %0" : "=m"(context.selectors.es));
            asm volatile("movw %%fs, %0" : "=m"(context.selectors.fs));
            asm volatile("movw %%gs, %0" : "=m"(context.selectors.gs));
        }

        void load_segments(const process_context& context)
        {
            // Loading a selector changes the base, so the bases come last.
            asm volatile("movw %0, %%ds" : : "m"(context.selectors.ds));
            asm volatile("movw %0, %%es" : : "m"(context.selectors.es));
            asm volatile("movw %0, %%fs" : : "m"(context.selectors.fs));
            asm volatile("movw %0, %%gs" : : "m"(context.selectors.gs));
            cpu::write_msr(cpu::msr::fs_base, context.fs_base);
            cpu::write_msr(cpu::msr::gs_base, context.gs_base);
        }

        /// Selectors and bases are slow to write and mostly equal. `former` has been saved just now.
        void load_other_segments(const process_context& context, const process_context& former)
        {
            if (__builtin_bit_cast(word, context.selectors) != __builtin_bit_cast(word, former.selectors))
            {
                load_segments(context);
                return;
            }
            if (context.fs_base != former.fs_base)
            {
                cpu::write_msr(cpu::msr::fs_base, context.fs_base);
            }
            if (context.gs_base != former.gs_base)
            {
                cpu::write_msr(cpu::msr::gs_base, context.gs_base);
            }
        }

        bool is_loaded(const process_context& context)
        {
            return this_processor_state().loaded_context == &context;
        }

        constexpr bool is_base_register(word index)
        {
            return index == static_cast<word>(abi::context_register::gs_base)
                || index == static_cast<word>(abi::context_register::fs_base);
        }
    }

    process_context* load_context(process_context& context)
    {
        processor_state&       processor = this_processor_state();
        process_context* const former    = processor.loaded_context;
        if (former != nullptr)
        {
            save_state(*former);
            load_other_segments(context, *former);
        }
        else
        {
            load_segments(context);
        }
        asm volatile("fxrstor64 %0" : : "m"(context.vector_state));
        processor.loaded_context    = &context;
        processor.task_state.rsp[0] = reinterpret_cast<word>(&context) + CONTEXT_FRAME_END;
        return &context;
    }

    void initialise_context(process_context& context)
    {
        forget_context(context);
        context            = {};
        context.rflags     = initial_flags;
        context.cs         = USER_CODE_SELECTOR;
        context.ss         = USER_DATA_SELECTOR;
        context.enter_from = entry_kind::interrupt;
        context.vector_state[fxsave_fcw]       = 0x7f; // FCW 0x037f
        context.vector_state[fxsave_fcw + 1]   = 0x03;
        context.vector_state[fxsave_mxcsr]     = 0x80; // MXCSR 0x1f80
        context.vector_state[fxsave_mxcsr + 1] = 0x1f;
    }

    void forget_context(process_context& context)
    {
        if (is_loaded(context))
        {
            this_processor_state().loaded_context = nullptr;
        }
    }

    word get_message_register(const process_context& context, word index)
    {
        return context.*message_registers[index];
    }

    void set_message_register(process_context& context, word index, word value)
    {
        context.*message_registers[index] = value;
    }

    word get_kernel_call(const process_context& context)
    {
        return context.rax;
    }

    void repeat_kernel_call(process_context& context)
    {
        constexpr word syscall_length = 2;
        context.rip -= syscall_length;
    }

    word get_program_counter(const process_context& context)
    {
        return context.rip;
    }

    void set_program_counter(process_context& context, virtual_address value)
    {
        context.rip = value;
    }

    void set_stack_pointer(process_context& context, virtual_address value)
    {
        context.rsp = value;
    }

    void set_thread_local_base(process_context& context, virtual_address value)
    {
        context.gs_base = value;
        if (is_loaded(context))
        {
            cpu::write_msr(cpu::msr::gs_base, value);
        }
    }

    word read_register(const process_context& context, word index)
    {
        if (index == static_cast<word>(abi::context_register::enter_from))
        {
            return static_cast<word>(context.enter_from);
        }
        if (is_loaded(context) && is_base_register(index))
        {
            return cpu::read_msr(
                index == static_cast<word>(abi::context_register::gs_base) ? cpu::msr::gs_base : cpu::msr::fs_base);
        }
        return context.*context_registers[index];
    }

    bool are_registers_valid(const word* values, word count)
    {
        for (word i = 0; i < count; i++)
        {
            const bool is_address = i == static_cast<word>(abi::context_register::rip)
                || i == static_cast<word>(abi::context_register::rsp) || is_base_register(i);
            if (is_address && !is_user_address(values[i]))
            {
                return false;
            }
        }
        return true;
    }

    void write_registers(process_context& context, const word* values, word count)
    {
        for (word i = 0; i < count; i++)
        {
            switch (static_cast<abi::context_register>(i))
            {
                case abi::context_register::cs:
                case abi::context_register::ss:
                case abi::context_register::enter_from:
                    break;
                case abi::context_register::rflags:
                    context.rflags = (values[i] & user_flags) | initial_flags;
                    break;
                default:
                    context.*context_registers[i] = values[i];
                    break;
            }
        }
        if (is_loaded(context))
        {
            if (count > static_cast<word>(abi::context_register::gs_base))
            {
                cpu::write_msr(cpu::msr::gs_base, context.gs_base);
            }
            if (count > static_cast<word>(abi::context_register::fs_base))
            {
                cpu::write_msr(cpu::msr::fs_base, context.fs_base);
            }
        }
        context.enter_from = entry_kind::interrupt;
    }
}
