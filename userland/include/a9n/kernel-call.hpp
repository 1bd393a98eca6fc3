// The three kernel calls as functions. Everything else in this folder is types over them.
//
// To a debugger this plumbing is a part of the line that uses it (`gnu::artificial`): a step into `generic.convert`
// goes on to the kernel, not through the loading of registers.
#pragma once

#include <a9n/result.hpp>
#include <a9n/system-call.hpp>

namespace a9n
{
    /// Success or the error, of a call that has no other result.
    [[gnu::artificial, gnu::always_inline]] inline constexpr status outcome(const message_registers &reply)
    {
        return reply.ok() ? status {} : status { reply.error() };
    }

    /// CAPABILITY_CALL on `descriptor`; `arguments` become MR2, MR3, ….
    template<typename Operation, typename... Arguments>
    [[gnu::artificial, gnu::always_inline]] inline message_registers capability_call(
        word descriptor, Operation operation, Arguments... arguments)
    {
        static_assert(sizeof...(arguments) <= abi::hardware_message_registers - 2);
        message_registers registers { { descriptor, static_cast<word>(operation), static_cast<word>(arguments)... } };
        kernel_call(abi::kernel_call::capability_call, registers);
        return registers;
    }

    /// A CAPABILITY_CALL that has no other result than its success.
    template<typename Operation, typename... Arguments>
    [[gnu::artificial, gnu::always_inline]] inline status capability_command(
        word descriptor, Operation operation, Arguments... arguments)
    {
        return outcome(capability_call(descriptor, operation, arguments...));
    }

    /// A CAPABILITY_CALL whose result is MR2.
    template<typename Operation, typename... Arguments>
    [[gnu::artificial, gnu::always_inline]] inline result<word> capability_query(
        word descriptor, Operation operation, Arguments... arguments)
    {
        const message_registers reply = capability_call(descriptor, operation, arguments...);
        if (!reply.ok())
        {
            return reply.error();
        }
        return reply.mr[2];
    }

    /// Gives up the rest of the quantum.
    inline void yield()
    {
        message_registers registers;
        kernel_call(abi::kernel_call::yield, registers);
    }

    /// Writes one byte to the kernel's console.
    inline void debug_write(char character)
    {
        message_registers registers { { static_cast<word>(static_cast<unsigned char>(character)) } };
        kernel_call(abi::kernel_call::debug, registers);
    }
}
