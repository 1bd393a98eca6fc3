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

        /// The servers forget a process that has ended or is about to.
        void take_leave(system &koito, process &target)
        {
            if (&target == koito.memory_server)
            {
                koito.memory_server = nullptr;
            }
            if (&target == koito.console)
            {
                koito.console = nullptr;
            }
            if (koito.memory_server != nullptr)
            {
                (void)call_server(koito, memory_server_port,
                    a9n::make_message(ulmm::request::detach_client, target.identifier));
            }
        }

        void end_machine(const system &koito)
        {
            const process *program = koito.main_program;
            const bool     exited  = program != nullptr && program->state == process_state::exited;
            switch_off(exited ? program->exit_code : 1);
        }

        void handle_events(system &koito)
        {
            const word events    = koito.pending_events;
            koito.pending_events = 0;
            if ((events & fault_flag) != 0)
            {
                for (process &each : koito.processes)
                {
                    if (each.state == process_state::faulted)
                    {
                        take_leave(koito, each);
                        each.state = process_state::exited;
                    }
                }
            }
            if ((events & shutdown_flag) != 0)
            {
                // The end of the input is no reason to cut the program's work short.
                if (koito.main_program != nullptr && koito.main_program->state == process_state::running)
                {
                    koito.pending_events |= shutdown_flag;
                    return;
                }
                end_machine(koito);
            }
        }

        a9n::message answer_write(system &koito, const a9n::message &request)
        {
            const runtime::text text = runtime::get_text(request);
            if (text.length != request.payload[runtime::text_length_word])
            {
                return a9n::make_message(os_reply::invalid_argument);
            }
            if (koito.console != nullptr)
            {
                // The text is still in the IPC buffer, where the message to the driver needs it.
                a9n::message forwarded = a9n::make_message(console::request::write, 0, text.length);
                forwarded.length       = request.length;
                if (call_server(koito, console_port, forwarded))
                {
                    return a9n::make_message(os_reply::ok);
                }
            }
            runtime::debug_write(text); // there is no driver, or it ended just now
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
                    take_leave(koito, *sender);
                    revoke_process(*sender);
                    sender->exit_code = request.payload[1];
                    sender->state     = process_state::exited;
                    return false;
                default : break;
            }
            answer = a9n::make_message(os_reply::unknown_request);
            return true;
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
            koito.pending_events |= reply->identifier;
        }
    }

    void switch_off(word code)
    {
        runtime::debug_line("koito: shutting down with code ", code);
        (void)all_io_ports.write(exit_device_port, exit_device_width, code);
        runtime::debug_line("koito: there is no exit device; the machine may be switched off");
    }

    void serve(system &koito)
    {
        for (;;)
        {
            handle_events(koito);
            const a9n::result<a9n::message> incoming = os_port.receive();
            if (!incoming)
            {
                continue;
            }
            if (incoming->source == a9n::message_source::notification)
            {
                koito.pending_events |= incoming->identifier;
                continue;
            }
            a9n::message answer;
            if (handle_request(koito, *incoming, answer))
            {
                (void)os_port.reply(answer);
            }
        }
    }
}
