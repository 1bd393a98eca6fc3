#include "fault-resolver.hpp"

#include <runtime/debug-console.hpp>

extern "C" void koito_fault_resolver_start();

namespace koito
{
    namespace
    {
        /// A program that faulted counts as exited with this plus the fault's number, much as a shell reports signals.
        constexpr word fault_exit_code = 128;

        constexpr word resolver_priority   = 31;
        constexpr word resolver_stack_size = 0x4000;

        alignas(16) uint8_t resolver_stack[resolver_stack_size];

        const char *to_string(a9n::abi::fault_type type)
        {
            using a9n::abi::fault_type;
            switch (type)
            {
                case fault_type::memory : return "memory access";
                case fault_type::memory_instruction_fetch : return "instruction fetch";
                case fault_type::invalid_instruction : return "invalid instruction";
                case fault_type::invalid_arithmetic : return "invalid arithmetic";
                case fault_type::invalid_kernel_call : return "invalid kernel call";
                case fault_type::fatal : return "fatal";
                case fault_type::architecture : return "processor exception";
            }
            return "unknown fault";
        }

        runtime::line describe(const process &culprit, const a9n::message &fault)
        {
            const auto    type = static_cast<a9n::abi::fault_type>(fault.payload[0]);
            runtime::line line = runtime::format("koito: ", culprit.name, " faulted: ", to_string(type), " at ",
                runtime::hexadecimal { fault.payload[1] });
            if (type == a9n::abi::fault_type::memory || type == a9n::abi::fault_type::memory_instruction_fetch)
            {
                line.append(", address ");
                line.append(runtime::hexadecimal { fault.payload[2] });
            }
            line.append('\n');
            return line;
        }
    }

    a9n::status start_fault_resolver(system &koito, a9n::generic reserve)
    {
        const a9n::status made = reserve.convert(
            a9n::capability_type::process_control_block, 0, 1, root, static_cast<word>(own::resolver));
        if (!made)
        {
            return made;
        }
        // No IPC buffer: fault messages come in registers, as far as they are of interest.
        a9n::process_configuration configuration;
        configuration.set_address_space(own_address_space);
        configuration.set_root_node(root);
        configuration.set_instruction_pointer(reinterpret_cast<word>(&koito_fault_resolver_start));
        configuration.set_stack_pointer(reinterpret_cast<word>(resolver_stack + resolver_stack_size));
        configuration.set_priority(resolver_priority);
        if (const a9n::status configured = resolver.configure(configuration); !configured)
        {
            return configured;
        }

        constexpr word count = static_cast<word>(a9n::abi::context_register::rdi) + 1;
        word           registers[count] {};
        registers[count - 1] = reinterpret_cast<word>(&koito);
        if (const a9n::status written = resolver.write_registers(registers, count); !written)
        {
            return written;
        }
        return resolver.resume();
    }
}

/// The thread's function.
extern "C" [[noreturn]] void koito_resolve_faults(koito::system *system)
{
    using namespace koito;
    for (;;)
    {
        const a9n::result<a9n::message> fault = fault_port.receive();
        if (!fault || fault->source != a9n::message_source::fault)
        {
            continue;
        }
        process *culprit = system->find(fault->identifier);
        if (culprit == nullptr)
        {
            continue;
        }
        runtime::debug_write(describe(*culprit, *fault));
        culprit->exit_code = fault_exit_code + fault->payload[0];
        culprit->state     = process_state::faulted;
        // Whoever waits for the process, the main thread included, gets an error and goes on.
        revoke_process(*culprit);
        (void)fault_event.notify();
    }
}
