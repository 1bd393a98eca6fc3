// Kernel calls with nothing between them and the kernel but the public ABI header.
#pragma once

#include <a9n/abi.hpp>

namespace conformance
{
    namespace abi = a9n::abi;
    using abi::capability_error;
    using abi::capability_rights;
    using abi::capability_type;
    using abi::message_info;
    using abi::message_source;
    using abi::process_state;
    using abi::word;

    /// In the order raw-call.S expects.
    struct register_file
    {
        word rax, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15;
    };

    extern "C" void raw_call(register_file *file);
    extern "C" char raw_call_return[]; ///< address after the `syscall` of raw_call

    /// Message registers after a call.
    struct reply
    {
        word mr[abi::hardware_message_registers];
        bool preserved; ///< RAX, RBX and RBP are as before; so is every message register after 1 if the call failed

        bool ok() const
        {
            return mr[0] == 1;
        }

        capability_error error() const
        {
            return static_cast<capability_error>(mr[1]);
        }
    };

    /// What unused message registers hold, so that a change is seen.
    constexpr word unused_argument = 0x5a5a'0000'c0de'0001;

    inline register_file to_registers(abi::kernel_call type, const word (&mr)[abi::hardware_message_registers])
    {
        return { static_cast<word>(type), 0xb0b0'1111, mr[2], mr[1], mr[0], 0xb0b0'2222, mr[3], mr[4], mr[5], mr[6],
            mr[7], mr[8], mr[9] };
    }

    inline reply perform(const register_file &before)
    {
        register_file after = before;
        raw_call(&after);
        reply got { { after.rdi, after.rsi, after.rdx, after.r8, after.r9, after.r10, after.r12, after.r13, after.r14,
                        after.r15 },
            after.rax == before.rax && after.rbx == before.rbx && after.rbp == before.rbp };
        if (got.mr[0] == 0)
        {
            got.preserved &= after.rdx == before.rdx && after.r8 == before.r8 && after.r9 == before.r9
                && after.r10 == before.r10 && after.r12 == before.r12 && after.r13 == before.r13
                && after.r14 == before.r14 && after.r15 == before.r15;
        }
        return got;
    }

    template<typename Operation, typename... Arguments>
    inline register_file prepare(word descriptor, Operation operation, Arguments... arguments)
    {
        static_assert(sizeof...(arguments) <= abi::hardware_message_registers - 2);
        word mr[abi::hardware_message_registers];
        for (word &value : mr)
        {
            value = unused_argument;
        }
        mr[0]      = descriptor;
        mr[1]      = static_cast<word>(operation);
        word index = 2;
        ((mr[index++] = static_cast<word>(arguments)), ...);
        return to_registers(abi::kernel_call::capability_call, mr);
    }

    /// CAPABILITY_CALL; `arguments` are MR2, MR3, ….
    template<typename Operation, typename... Arguments>
    inline reply call(word descriptor, Operation operation, Arguments... arguments)
    {
        return perform(prepare(descriptor, operation, arguments...));
    }

    inline void yield()
    {
        word mr[abi::hardware_message_registers] {};
        perform(to_registers(abi::kernel_call::yield, mr));
    }
}
