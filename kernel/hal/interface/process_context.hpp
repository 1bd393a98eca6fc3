// The registers of a process outside of the kernel. The architecture defines the type (it is embedded in the process
// control block, where the entry code saves registers); the core touches it through these functions only. They take the
// context of any process, and see and change what the process would find in its registers if it ran now, wherever the HAL
// keeps that at the moment.
#pragma once

#include <arch/process_context.hpp>
#include <hal/interface/types.hpp>

namespace a9n::hal
{
    /// Gives every register its initial value: all zero, user mode, interrupts on. The memory is zero or was a context.
    void initialise_context(process_context& context);

    /// The processor may still hold registers of `context` (vector state, segment bases): they are not needed any more,
    /// and must not be stored there later, because the memory may become something else.
    void forget_context(process_context& context);

    /// Message registers 0 ≤ index < abi::hardware_message_registers.
    word get_message_register(const process_context& context, word index);
    void set_message_register(process_context& context, word index, word value);

    /// Which kernel call the process made (the call-type register).
    word get_kernel_call(const process_context& context);

    /// The process makes the kernel call under way again as soon as it runs, as if it had not been made yet: with the
    /// registers it has now. Once for each call; other processes and interrupts may come before. If the program counter is
    /// set meanwhile, the process goes on there instead.
    void repeat_kernel_call(process_context& context);

    /// Where the process goes on. The setters take user addresses only.
    word get_program_counter(const process_context& context);
    void set_program_counter(process_context& context, virtual_address value);
    void set_stack_pointer(process_context& context, virtual_address value);
    void set_thread_local_base(process_context& context, virtual_address value);

    /// The context as words in the order of abi::context_register; `index` < abi::context_register_count.
    word read_register(const process_context& context, word index);

    /// Whether write_registers would accept `values`: program counter, stack pointer and bases are user addresses.
    bool are_registers_valid(const word* values, word count);

    /// Writes the first `count` words of the context. Bits and words a user may not choose keep their value.
    /// The process then resumes with exactly these registers, whatever brought it into the kernel.
    void write_registers(process_context& context, const word* values, word count);
}
