#include "fault.hpp"

#include "console.hpp"
#include "ipc_port.hpp"

namespace a9n
{
    namespace
    {
        const char* name_of(abi::fault_type type)
        {
            switch (type)
            {
                case abi::fault_type::memory:
                    return "memory";
                case abi::fault_type::memory_instruction_fetch:
                    return "instruction fetch";
                case abi::fault_type::invalid_instruction:
                    return "invalid instruction";
                case abi::fault_type::invalid_arithmetic:
                    return "invalid arithmetic";
                case abi::fault_type::invalid_kernel_call:
                    return "invalid kernel call";
                case abi::fault_type::fatal:
                    return "fatal";
                default:
                    return "architecture";
            }
        }
    }

    void raise_fault(process_control_block& process, const fault_cause& cause)
    {
        process.has_fault = true;
        process.fault     = cause;

        const capability_slot& resolver = process.resolver_port;
        if (resolver.is_empty() || !resolver.has(read_write) || cause.type == abi::fault_type::fatal)
        {
            console::print("A9N: process suspended by a fault without resolver: ", name_of(cause.type), " at ",
                console::hex { hal::get_program_counter(process.context) }, ", detail ", console::hex { cause.detail },
                ", code ", console::hex { cause.code }, "\n");
            suspend_process(process);
            return;
        }
        send_fault(process, resolver.object<ipc_port>(), resolver.data.port.identifier);
    }
}
