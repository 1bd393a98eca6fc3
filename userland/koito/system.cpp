#include "system.hpp"

#include "grants.hpp"

#include <runtime/debug-console.hpp>
#include <runtime/memory.hpp>
#include <ulmm/protocol.hpp>

namespace koito
{
    namespace
    {
        /// QEMU's isa-debug-exit and our emulator end the machine when something is written here.
        constexpr word exit_device_port  = 0xf4;
        constexpr word exit_device_width = 4;

        /// Says what failed. The system goes on as far as it can: without a driver it is easier to examine.
        bool check(const process &about, const char *what, a9n::status step)
        {
            if (!step)
            {
                runtime::debug_line("koito: ", about.entry->name, ": ", what, ": ", a9n::to_string(step.error));
            }
            return step.ok;
        }

        bool is_alive(const process &candidate)
        {
            return candidate.state == process_state::running || candidate.state == process_state::built;
        }

        bool ask_memory_server(system &koito, const process &about, const char *what, const a9n::message &request)
        {
            const a9n::result<a9n::message> reply
                = call_server(koito, koito.processes[memory_server_identifier], request);
            if (!reply)
            {
                runtime::debug_line("koito: ", about.entry->name, ": ", what, ": ", a9n::to_string(reply.error));
                return false;
            }
            const auto code = static_cast<ulmm::reply_code>(reply->payload[0]);
            if (code != ulmm::reply_code::ok)
            {
                runtime::debug_line("koito: ", about.entry->name, ": ", what, ": ", ulmm::to_string(code));
            }
            return code == ulmm::reply_code::ok;
        }

        a9n::message with_transfer(a9n::message request, a9n::descriptor source)
        {
            a9n::set_transfer_source(0, source);
            request.transfer_count = 1;
            return request;
        }

        bool make_memory_client(system &koito, const process &target)
        {
            const manifest_entry &entry = *target.entry;
            const ulmm::client_flags flags
                = (entry.is_memory_observer ? ulmm::client_flags::observer : ulmm::client_flags::none)
                | (entry.is_memory_administrator ? ulmm::client_flags::administrator : ulmm::client_flags::none);
            const bool attached = check(target, "copy of its address space", root.copy(scratch_index, target.space()))
                && ask_memory_server(koito, target, "becoming a client of ulmm",
                    with_transfer(a9n::make_message(ulmm::request::attach_client, target.identifier, target.memory_limit, flags),
                        root[scratch_index]));
            (void)root.remove(scratch_index); // empty unless the transfer failed
            return attached;
        }

        /// Ends the machine if the server fails.
        void give_memory(system &koito, const process &memory_server)
        {
            for (word i = 0; i < koito.memory.other_count; ++i)
            {
                const known_generic &piece = koito.memory.others[i];
                if (piece.size_bits >= ulmm::smallest_memory_bits)
                {
                    ask_memory_server(koito, memory_server, "memory of the machine",
                        with_transfer(a9n::make_message(ulmm::request::add_memory, piece.address, piece.size_bits), piece.generic));
                    handle_events(koito);
                }
            }
        }

        void take_arguments(process &target)
        {
            target.arguments_length = 0;
            runtime::text rest      = target.entry->arguments;
            for (runtime::text argument; next_argument(rest, argument);)
            {
                if (target.arguments_length + argument.length + 1 > arguments_capacity)
                {
                    runtime::debug_line("koito: ", target.entry->name, ": arguments longer than ", arguments_capacity, " bytes are cut");
                    return;
                }
                memcpy(target.arguments + target.arguments_length, argument.characters, argument.length);
                target.arguments_length += argument.length;
                target.arguments[target.arguments_length++] = 0;
            }
        }

        void tell_callers(const system &koito, const process &server)
        {
            for (const process &each : koito.processes)
            {
                if (!is_alive(each))
                {
                    continue;
                }
                for (word i = 0; i < each.entry->grant_count; ++i)
                {
                    const grant &given = each.entry->grants[i];
                    if (given.kind == grant_kind::calls && given.first + 1 == server.identifier)
                    {
                        tell_of_restart(each);
                    }
                }
            }
        }

        /// Nothing of the process is left, but its entry in the table, its Generic and its port.
        void clear_away(system &koito, process &target)
        {
            if (target.is_memory_client())
            {
                (void)call_server(koito, koito.processes[memory_server_identifier],
                    a9n::make_message(ulmm::request::detach_client, target.identifier));
            }
            revoke_process(target);
            for (process &each : koito.processes)
            {
                if (each.creator == target.identifier && is_alive(each))
                {
                    runtime::debug_line("koito: ", each.entry->name, " ends with ", target.entry->name, ", which had it made");
                    end_for_good(koito, each);
                }
            }
        }

        bool launch(system &koito, process &target)
        {
            if (!prepare(koito, target))
            {
                target.state = process_state::ended;
                remove_service_port(target);
                return false;
            }
            start(koito, target);
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

    process *system::find_server(runtime::text name)
    {
        const word index = plan.find(name);
        return index == plan.entry_count || !plan.entries[index].is_server() ? nullptr : find(index + 1);
    }

    process *system::main_program()
    {
        for (word i = 0; i < plan.entry_count; ++i)
        {
            if (plan.entries[i].is_main)
            {
                return &processes[i + 1];
            }
        }
        return nullptr;
    }

    void start_processes(system &koito)
    {
        // First all ports: a process may call one that is started after it.
        for (word i = 0; i < koito.plan.entry_count; ++i)
        {
            const manifest_entry &entry  = koito.plan.entries[i];
            process              &target = koito.processes[i + 1];
            target.identifier            = i + 1;
            target.entry                 = &entry;
            target.memory_limit          = entry.memory_limit;
            if (!entry.is_template)
            {
                take_arguments(target);
                if (entry.is_server())
                {
                    check(target, "request port", make_service_port(target, koito.memory.reserve.generic));
                }
            }
        }
        for (word i = 0; i < koito.plan.entry_count; ++i)
        {
            process &target = koito.processes[i + 1];
            if (target.entry->is_template)
            {
                continue;
            }
            const bool runs = launch(koito, target);
            if (target.identifier == memory_server_identifier && runs)
            {
                give_memory(koito, target);
            }
            handle_events(koito);
        }
    }

    bool prepare(system &koito, process &target)
    {
        bytes file;
        if (!find_file(koito.archive, target.entry->program, file))
        {
            runtime::debug_line("koito: cannot start ", target.entry->name, ": there is no file ", target.entry->program, " in the archive");
            return false;
        }
        if (!build_process(target, file, koito.boot_archive, koito.memory.reserve.generic))
        {
            return false;
        }
        if (target.is_memory_client() && !make_memory_client(koito, target))
        {
            revoke_process(target);
            return false;
        }
        return true;
    }

    void start(system &koito, process &target)
    {
        target.state = process_state::running;
        if (target.restarts == 0)
        {
            runtime::debug_line("koito: starting ", target.entry->name);
        }
        else
        {
            runtime::debug_line("koito: starting ", target.entry->name, " again, ", target.restarts, " of ", target.entry->restarts);
        }
        check(target, "start information", write_start_information(target, koito.boot_archive));
        check(target, "resume", target.control_block().resume());
    }

    void handle_end(system &koito, process &target)
    {
        const bool has_failed = target.state == process_state::faulted;
        if (target.entry->is_essential && (!has_failed || target.restarts == target.entry->restarts))
        {
            if (has_failed)
            {
                runtime::debug_line("koito: without ", target.entry->name, " the system cannot go on");
            }
            switch_off(has_failed ? 1 : target.exit_code);
        }
        if (target.restarts == target.entry->restarts)
        {
            if (target.restarts != 0)
            {
                runtime::debug_line("koito: ", target.entry->name, " has ended too often and is not started again");
            }
            end_for_good(koito, target);
            return;
        }
        target.state = process_state::ended;
        clear_away(koito, target);
        ++target.restarts;
        if (launch(koito, target))
        {
            tell_callers(koito, target);
        }
    }

    void end_for_good(system &koito, process &target)
    {
        target.state = process_state::ended;
        clear_away(koito, target);
        remove_service_port(target);
        if (koito.ends_with_main && target.entry->is_main)
        {
            end_with_main_program(koito);
        }
    }

    void handle_events(system &koito)
    {
        do
        {
            koito.pending_events = 0;
            for (process &each : koito.processes)
            {
                if (each.state == process_state::faulted)
                {
                    handle_end(koito, each);
                }
            }
        } while (koito.pending_events != 0);
    }

    a9n::result<a9n::message> call_server(system &koito, const process &server, const a9n::message &request)
    {
        koito.called = server.identifier;
        ++koito.call_number;
        a9n::result<a9n::message> reply = a9n::capability_error::illegal_operation;
        // A server that fails meanwhile is noticed by the fault resolver, which ends the call.
        while (server.state == process_state::running)
        {
            reply = server.service_port().call(request);
            if (!reply || reply->source != a9n::message_source::notification)
            {
                break;
            }
            koito.pending_events |= reply->identifier;
            reply                 = a9n::capability_error::illegal_operation;
        }
        koito.called = 0;
        return reply;
    }

    void switch_off(word code)
    {
        runtime::debug_line("koito: shutting down with code ", code);
        (void)all_io_ports.write(exit_device_port, exit_device_width, code);
        runtime::debug_line("koito: there is no exit device; the machine may be switched off");
        for (;;)
        {
            (void)own_process.suspend();
        }
    }

    void end_with_main_program(system &koito)
    {
        const process *program = koito.main_program();
        switch_off(program == nullptr ? 0 : program->exit_code);
    }
}
