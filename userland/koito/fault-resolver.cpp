#include "fault-resolver.hpp"

#include <runtime/debug-console.hpp>
#include <ulmm/memory.hpp>

extern "C" void koito_fault_resolver_start();

namespace koito
{
    namespace
    {
        /// A program that faulted counts as exited with this plus the fault's number, much as a shell reports signals.
        constexpr word fault_exit_code = 128;

        constexpr word resolver_priority   = 31;
        constexpr word resolver_stack_size = 0x4000;

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
            runtime::line line = runtime::format("koito: ", culprit.entry->name, " faulted: ", to_string(type), " at ",
                runtime::hexadecimal { fault.payload[1] });
            if (type == a9n::abi::fault_type::memory || type == a9n::abi::fault_type::memory_instruction_fetch)
            {
                line.append(", address ");
                line.append(runtime::hexadecimal { fault.payload[2] });
            }
            else if (type == a9n::abi::fault_type::architecture)
            {
                line.append(", vector ");
                line.append(fault.payload[2] >> 32);
            }
            line.append('\n');
            return line;
        }
    }

    namespace
    {
        struct resolver_thread
        {
            a9n::process_control_block control_block;
            a9n::ipc_port              faults;
            bool                       asks_memory_server;
            system                    *koito = nullptr;
            alignas(16) uint8_t        stack[resolver_stack_size] {};
        };

        resolver_thread threads[] = { { resolver, fault_port, false }, { memory_resolver, memory_fault_port, true } };

        a9n::status start(resolver_thread &thread)
        {
            // No IPC buffer: fault messages come in registers, as far as they are of interest.
            a9n::process_configuration configuration;
            configuration.set_address_space(own_address_space);
            configuration.set_root_node(root);
            configuration.set_instruction_pointer(reinterpret_cast<word>(&koito_fault_resolver_start));
            configuration.set_stack_pointer(reinterpret_cast<word>(thread.stack + resolver_stack_size));
            configuration.set_priority(resolver_priority);
            if (const a9n::status configured = thread.control_block.configure(configuration); !configured)
            {
                return configured;
            }

            constexpr word count = static_cast<word>(a9n::abi::context_register::rdi) + 1;
            word           registers[count] {};
            registers[count - 1] = reinterpret_cast<word>(&thread);
            if (const a9n::status written = thread.control_block.write_registers(registers, count); !written)
            {
                return written;
            }
            return thread.control_block.resume();
        }

        /// Asks ULMM to make the page present that a process missed.
        bool is_resolved_by_memory_server(const a9n::message &fault)
        {
            constexpr word written = 2; // bits of the processor's error code
            constexpr word fetched = 16;
            const auto     type    = static_cast<a9n::abi::fault_type>(fault.payload[0]);
            if (type != a9n::abi::fault_type::memory && type != a9n::abi::fault_type::memory_instruction_fetch)
            {
                return false;
            }
            const word               code      = fault.payload[3];
            const ulmm::fault_access attempted = (code & fetched) != 0 ? ulmm::fault_access::execute
                : (code & written) != 0                                ? ulmm::fault_access::write
                                                                       : ulmm::fault_access::read;
            const ulmm::memory_service memory { memory_server_port };
            return static_cast<bool>(memory.resolve_client_fault(fault.identifier, fault.payload[2], attempted));
        }

        /// Does not return to a call whose receiver is no more: nobody else would answer it before the receiver's successor.
        void end_call_of_main_thread(const system &koito, word called, word call_number)
        {
            // If the call had been received, it has ended by now, and the main thread goes on as soon as it may.
            a9n::yield();
            if (koito.called == called && koito.call_number == call_number)
            {
                (void)own_process.suspend();
                (void)own_process.resume();
            }
        }

        void end_process(system &koito, process &culprit, const a9n::message &fault)
        {
            const bool is_called   = koito.called == culprit.identifier;
            const word call_number = koito.call_number;
            runtime::debug_write(describe(culprit, fault));
            culprit.exit_code = fault_exit_code + fault.payload[0];
            culprit.state     = process_state::faulted;
            // Whoever waits for the process, the main thread included, gets an error and goes on.
            revoke_process(culprit);
            (void)fault_event.notify();
            if (is_called)
            {
                end_call_of_main_thread(koito, culprit.identifier, call_number);
            }
        }
    }

    a9n::status start_fault_resolvers(system &koito, a9n::generic reserve)
    {
        const a9n::status made = reserve.convert(
            a9n::capability_type::process_control_block, 0, 2, root, static_cast<word>(own::resolver));
        if (!made)
        {
            return made;
        }
        for (resolver_thread &thread : threads)
        {
            thread.koito = &koito;
            if (const a9n::status started = start(thread); !started)
            {
                return started;
            }
        }
        return {};
    }
}

/// A thread's function; its argument is of a type that only this file knows.
extern "C" [[noreturn]] void koito_resolve_faults(void *argument)
{
    using namespace koito;
    const auto &thread = *static_cast<const resolver_thread *>(argument);
    for (;;)
    {
        const a9n::result<a9n::message> fault = thread.faults.receive();
        if (!fault || fault->source != a9n::message_source::fault)
        {
            continue;
        }
        process *culprit = thread.koito->find(fault->identifier);
        if (culprit == nullptr)
        {
            continue;
        }
        if (thread.asks_memory_server && is_resolved_by_memory_server(*fault))
        {
            (void)thread.faults.reply({});
            continue;
        }
        end_process(*thread.koito, *culprit, *fault);
    }
}
