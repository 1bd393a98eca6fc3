#include "system.hpp"

#include <console/protocol.hpp>
#include <koito/os-protocol.hpp>
#include <runtime/debug-console.hpp>
#include <runtime/message-text.hpp>
#include <ulmm/protocol.hpp>

namespace koito
{
    namespace
    {
        /// QEMU's isa-debug-exit and our emulator end the machine when something is written here.
        constexpr word exit_device_port  = 0xf4;
        constexpr word exit_device_width = 4;

        /// As a shell reports a program that a signal ended.
        constexpr word fault_exit_code = 128;

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

        void end_process(system &koito, process &target, word exit_code)
        {
            target.exit_code = exit_code;
            // Servers that hold something of the process give it up first.
            if (koito.memory_server != nullptr && &target != koito.memory_server)
            {
                (void)call_server(koito, memory_server_port,
                    a9n::make_message(ulmm::request::detach_client, target.identifier));
            }
            if (&target == koito.console)
            {
                koito.console = nullptr;
            }
            if (&target == koito.memory_server)
            {
                koito.memory_server = nullptr;
            }
            destroy_process(target);
        }

        a9n::message answer_write(system &koito, const a9n::message &request)
        {
            const runtime::text text = runtime::get_text(request);
            if (text.length != request.payload[runtime::text_length_word])
            {
                return a9n::make_message(os_reply::invalid_argument);
            }
            if (koito.console == nullptr)
            {
                runtime::debug_write(text);
                return a9n::make_message(os_reply::ok);
            }
            // The text is still in the IPC buffer, where the message to the driver needs it.
            a9n::message forwarded = a9n::make_message(console::request::write, 0, text.length);
            forwarded.length       = request.length;
            (void)call_server(koito, console_port, forwarded);
            return a9n::make_message(os_reply::ok);
        }

        /// Whether the request has an answer; it then is in `answer`.
        bool handle_request(system &koito, const a9n::message &request, a9n::message &answer)
        {
            process *sender = koito.find(request.identifier);
            if (sender == nullptr)
            {
                return false;
            }
            switch (static_cast<os_request>(request.payload[0]))
            {
                case os_request::write : answer = answer_write(koito, request); return true;
                case os_request::process_identifier :
                    answer = a9n::make_message(os_reply::ok, sender->identifier);
                    return true;
                case os_request::exit :
                    runtime::debug_line(
                        "koito: ", sender->name, " exited with code ", request.payload[1]);
                    end_process(koito, *sender, request.payload[1]);
                    return false;
            }
            answer = a9n::make_message(os_reply::unknown_request);
            return true;
        }

        /// KOITO repairs no fault: it says what happened and ends the process.
        void handle_fault(system &koito, const a9n::message &fault)
        {
            process *culprit = koito.find(fault.identifier);
            if (culprit == nullptr)
            {
                return;
            }
            const auto type = static_cast<a9n::abi::fault_type>(fault.payload[0]);
            runtime::line line =
                runtime::format("koito: ", culprit->name, " faulted: ", to_string(type), " at ",
                    runtime::hexadecimal { fault.payload[1] });
            if (type == a9n::abi::fault_type::memory || type == a9n::abi::fault_type::memory_instruction_fetch)
            {
                line.append(", address ");
                line.append(runtime::hexadecimal { fault.payload[2] });
            }
            line.append('\n');
            runtime::debug_write(line);
            end_process(koito, *culprit, fault_exit_code + fault.payload[0]);
        }

        void end_machine(const system &koito)
        {
            const process *program = koito.main_program;
            const bool     exited  = program != nullptr && program->state == process_state::exited;
            const word     code    = exited ? program->exit_code : 1;
            runtime::debug_line("koito: shutting down with code ", code);
            (void)all_io_ports.write(exit_device_port, exit_device_width, code);
            runtime::debug_line("koito: there is no exit device; the machine may be switched off");
        }
    }

    process *system::find(word identifier)
    {
        if (identifier == 0 || identifier >= maximum_processes)
        {
            return nullptr;
        }
        process &candidate = processes[identifier];
        return candidate.state == process_state::running ? &candidate : nullptr;
    }

    process *prepare(system &koito, bytes archive, const program_description &description, a9n::generic reserve)
    {
        bytes file;
        if (!find_file(archive, description.name, file))
        {
            runtime::debug_line("koito: cannot start ", description.name, ": not in the archive");
            return nullptr;
        }
        if (koito.next_identifier == maximum_processes)
        {
            runtime::debug_line("koito: cannot start ", description.name, ": too many processes");
            return nullptr;
        }
        process &target   = koito.processes[koito.next_identifier];
        target.identifier = koito.next_identifier++;
        return build_process(target, description, file, reserve) ? &target : nullptr;
    }

    a9n::result<a9n::message> call_server(system &koito, a9n::ipc_port server, const a9n::message &request)
    {
        for (;;)
        {
            const a9n::result<a9n::message> reply = server.call(request);
            if (!reply || reply->source != a9n::message_source::notification)
            {
                return reply;
            }
            koito.shutdown_pending = true;
        }
    }

    void serve(system &koito)
    {
        for (;;)
        {
            if (koito.shutdown_pending)
            {
                end_machine(koito);
                koito.shutdown_pending = false;
            }
            const a9n::result<a9n::message> incoming = os_port.receive();
            if (!incoming)
            {
                continue;
            }
            switch (incoming->source)
            {
                case a9n::message_source::notification : koito.shutdown_pending = true; break;
                case a9n::message_source::fault : handle_fault(koito, *incoming); break;
                case a9n::message_source::normal :
                    a9n::message answer;
                    if (handle_request(koito, *incoming, answer))
                    {
                        (void)os_port.reply(answer);
                    }
                    break;
            }
        }
    }
}
