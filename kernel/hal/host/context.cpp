// Registers of a process: the rules of the ABI (sections 1 and 11) for its register context.
#include <hal/interface/memory.hpp>
#include <hal/interface/process_context.hpp>

namespace a9n::hal
{
    namespace
    {
        using abi::context_register;

        constexpr context_register message_registers[abi::hardware_message_registers] = {
            context_register::rdi, context_register::rsi, context_register::rdx, context_register::r8,
            context_register::r9,  context_register::r10, context_register::r12, context_register::r13,
            context_register::r14, context_register::r15,
        };

        // CF PF AF ZF SF TF DF OF RF AC ID: what a user program may choose.
        constexpr word user_flags    = 0x0025'0dd5;
        constexpr word initial_flags = 0x202; // interrupts on, and the bit that is always 1

        constexpr word user_code_selector = 0x2b;
        constexpr word user_data_selector = 0x23;

        constexpr word entered_by_interrupt = 1;

        // What is not zero in the vector state of a new process: FCW 0x037f, MXCSR 0x1f80.
        constexpr struct
        {
            word    offset;
            uint8_t value;
        } initial_vector_state[] = { { 0, 0x7f }, { 1, 0x03 }, { 24, 0x80 }, { 25, 0x1f } };

        word& at(process_context& context, context_register name)
        {
            return context.registers[static_cast<word>(name)];
        }

        word at(const process_context& context, context_register name)
        {
            return context.registers[static_cast<word>(name)];
        }
    }

    void initialise_context(process_context& context)
    {
        context                                   = {};
        at(context, context_register::rflags)     = initial_flags;
        at(context, context_register::cs)         = user_code_selector;
        at(context, context_register::ss)         = user_data_selector;
        at(context, context_register::enter_from) = entered_by_interrupt;
        for (const auto& byte : initial_vector_state)
        {
            context.vector_state[byte.offset] = byte.value;
        }
    }

    void forget_context(process_context&)
    {
        // Registers are nowhere but in the context.
    }

    word get_message_register(const process_context& context, word index)
    {
        return at(context, message_registers[index]);
    }

    void set_message_register(process_context& context, word index, word value)
    {
        at(context, message_registers[index]) = value;
    }

    word get_kernel_call(const process_context& context)
    {
        return at(context, context_register::rax);
    }

    void repeat_kernel_call(process_context& context)
    {
        context.repeats_call = true;
    }

    word get_program_counter(const process_context& context)
    {
        return at(context, context_register::rip);
    }

    void set_program_counter(process_context& context, virtual_address value)
    {
        context.repeats_call &= value == at(context, context_register::rip);
        at(context, context_register::rip) = value;
    }

    void set_stack_pointer(process_context& context, virtual_address value)
    {
        at(context, context_register::rsp) = value;
    }

    void set_thread_local_base(process_context& context, virtual_address value)
    {
        at(context, context_register::gs_base) = value;
    }

    word read_register(const process_context& context, word index)
    {
        return context.registers[index];
    }

    bool are_registers_valid(const word* values, word count)
    {
        constexpr context_register addresses[] = { context_register::rip, context_register::rsp,
            context_register::gs_base, context_register::fs_base };
        for (const context_register address : addresses)
        {
            const word index = static_cast<word>(address);
            if (index < count && !is_user_address(values[index]))
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
            switch (static_cast<context_register>(i))
            {
                case context_register::cs:
                case context_register::ss:
                case context_register::enter_from:
                    break;
                case context_register::rip:
                    set_program_counter(context, values[i]);
                    break;
                case context_register::rflags:
                    context.registers[i] = (values[i] & user_flags) | initial_flags;
                    break;
                default:
                    context.registers[i] = values[i];
                    break;
            }
        }
        at(context, context_register::enter_from) = entered_by_interrupt;
    }
}
