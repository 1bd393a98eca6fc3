#include "requests.hpp"

#include "grants.hpp"

#include <console/protocol.hpp>
#include <koito/os-protocol.hpp>
#include <runtime/debug-console.hpp>
#include <runtime/memory.hpp>
#include <runtime/message-text.hpp>

namespace koito
{
    namespace
    {
        /// The request's text; false if the message does not carry what it says.
        bool take_text(const a9n::message &request, runtime::text &text)
        {
            text = runtime::get_text(request);
            return text.length == request.payload[runtime::text_length_word];
        }

        /// The part of `text` that the console driver has taken.
        word write_to_console(system &koito, const process &console, runtime::text text)
        {
            // The text is still in the IPC buffer, where the message to the driver needs it.
            a9n::message forwarded = a9n::make_message(console::request::write);
            runtime::put_text(forwarded, text);
            const a9n::result<a9n::message> reply = call_server(koito, console, forwarded);
            const bool is_taken = reply && static_cast<console::reply_code>(reply->payload[0]) == console::reply_code::ok;
            return is_taken && reply->payload[1] <= text.length ? reply->payload[1] : 0;
        }

        a9n::message answer_write(system &koito, const a9n::message &request)
        {
            runtime::text text;
            if (!take_text(request, text))
            {
                return a9n::make_message(os_reply::invalid_argument);
            }
            while (text.length != 0)
            {
                const process *console = koito.find_server("console");
                const word     taken   = console == nullptr ? 0 : write_to_console(koito, *console, text);
                if (taken == 0)
                {
                    runtime::debug_write(text); // there is no driver, it ended just now, or it has no room
                    break;
                }
                text = { text.characters + taken, text.length - taken };
            }
            return a9n::make_message(os_reply::ok);
        }

        a9n::message answer_log(const a9n::message &request)
        {
            runtime::text text;
            if (!take_text(request, text))
            {
                return a9n::make_message(os_reply::invalid_argument);
            }
            runtime::debug_write(text);
            return a9n::make_message(os_reply::ok);
        }

        a9n::message describe(const process &found)
        {
            const summary_state state = found.state == process_state::running ? summary_state::running
                : found.state == process_state::built                         ? summary_state::prepared
                                                                              : summary_state::ended;
            const process_summary summary { state, found.entry->priority, found.restarts, found.creator };
            word                  name[summary_name_words] {};
            memcpy(name, found.entry->name.characters, found.entry->name.length);
            return a9n::make_message(os_reply::ok, found.identifier, summary.bits, found.exit_code, name[0], name[1]);
        }

        a9n::message answer_describe_process(const system &koito, word from)
        {
            for (word i = from; i < maximum_processes; ++i)
            {
                if (koito.processes[i].state != process_state::unused)
                {
                    return describe(koito.processes[i]);
                }
            }
            return a9n::make_message(os_reply::no_such_process);
        }

        a9n::message answer_shut_down(system &koito, const process &sender, word code)
        {
            if (!sender.entry->may_shut_down)
            {
                return a9n::make_message(os_reply::permission_denied);
            }
            if (code != main_exit_code)
            {
                switch_off(code);
            }
            const process *program = koito.main_program();
            if (program == nullptr || program->state == process_state::ended)
            {
                end_with_main_program(koito);
            }
            koito.ends_with_main = true;
            return a9n::make_message(os_reply::ok);
        }

        /// A place for one more of the template: that of one that has ended, or a new one.
        process *find_place(system &koito, const manifest_entry &entry)
        {
            process *unused = nullptr;
            for (word i = maximum_processes - 1; i > koito.plan.entry_count; --i)
            {
                process &each = koito.processes[i];
                if (each.state == process_state::ended && each.entry == &entry)
                {
                    return &each;
                }
                if (each.state == process_state::unused)
                {
                    each.identifier = i;
                    unused          = &each;
                }
            }
            return unused;
        }

        a9n::message answer_make_server(system &koito, const process &sender, const a9n::message &request)
        {
            runtime::text text;
            if (!take_text(request, text))
            {
                return a9n::make_message(os_reply::invalid_argument);
            }
            size_t name_length = 0;
            while (name_length < text.length && text.characters[name_length] != 0)
            {
                ++name_length;
            }
            const word index = koito.plan.find({ text.characters, name_length });
            if (index == koito.plan.entry_count || !koito.plan.entries[index].is_template)
            {
                return a9n::make_message(os_reply::no_such_process);
            }
            const manifest_entry &entry   = koito.plan.entries[index];
            const word            skipped = name_length < text.length ? name_length + 1 : name_length;
            const word            length  = text.length - skipped;
            if (length + 1 > arguments_capacity)
            {
                return a9n::make_message(os_reply::invalid_argument);
            }
            process *place = find_place(koito, entry);
            if (place == nullptr)
            {
                runtime::debug_line("koito: no room for one more ", entry.name, ": ", maximum_processes, " processes are the most");
                return a9n::make_message(os_reply::cannot_start);
            }
            place->entry               = &entry;
            place->creator             = sender.identifier;
            place->exit_code           = 0;
            place->memory_limit        = request.payload[1] == 0 ? entry.memory_limit : request.payload[1];
            place->archive_object      = 0;
            place->archive_object_size = 0;
            memcpy(place->arguments, text.characters + skipped, length);
            place->arguments_length = length;
            if (length != 0 && place->arguments[length - 1] != 0)
            {
                place->arguments[place->arguments_length++] = 0;
            }
            if ((entry.is_server() && !make_service_port(*place, koito.memory.reserve.generic)) || !prepare(koito, *place))
            {
                place->state = process_state::ended;
                remove_service_port(*place);
                return a9n::make_message(os_reply::cannot_start);
            }
            return a9n::make_message(os_reply::ok, place->identifier);
        }

        /// A process that `creator` made and that is in the state, or nullptr.
        process *find_made(system &koito, const process &creator, word identifier, process_state state)
        {
            if (identifier == 0 || identifier >= maximum_processes)
            {
                return nullptr;
            }
            process &candidate = koito.processes[identifier];
            return candidate.state == state && candidate.creator == creator.identifier ? &candidate : nullptr;
        }

        a9n::message answer_start_server(system &koito, const process &sender, const a9n::message &request)
        {
            process *target = find_made(koito, sender, request.payload[1], process_state::built);
            if (target == nullptr)
            {
                return a9n::make_message(os_reply::no_such_process);
            }
            target->archive_object      = request.payload[2];
            target->archive_object_size = request.payload[3];
            start(koito, *target);
            return a9n::make_message(os_reply::ok);
        }

        a9n::message answer_kill_server(system &koito, const process &sender, word identifier)
        {
            process *target = find_made(koito, sender, identifier, process_state::running);
            if (target == nullptr)
            {
                target = find_made(koito, sender, identifier, process_state::built);
            }
            if (target == nullptr)
            {
                return a9n::make_message(os_reply::no_such_process);
            }
            runtime::debug_line("koito: ", sender.entry->name, " ends ", target->entry->name);
            end_for_good(koito, *target);
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
            const auto what = static_cast<os_request>(request.payload[0]);
            switch (what)
            {
                case os_request::write : answer = answer_write(koito, request); return true;
                case os_request::process_identifier :
                    answer = a9n::make_message(os_reply::ok, sender->identifier);
                    return true;
                case os_request::exit :
                    runtime::debug_line(
                        "koito: ", sender->entry->name, " exited with code ", request.payload[1]);
                    sender->exit_code = request.payload[1];
                    handle_end(koito, *sender);
                    return false;
                case os_request::log : answer = answer_log(request); return true;
                case os_request::describe_process : answer = answer_describe_process(koito, request.payload[1]); return true;
                case os_request::shut_down : answer = answer_shut_down(koito, *sender, request.payload[1]); return true;
                case os_request::make_server :
                case os_request::start_server :
                case os_request::kill_server :
                    if (!sender->entry->may_start_servers)
                    {
                        answer = a9n::make_message(os_reply::permission_denied);
                        return true;
                    }
                    answer = what == os_request::make_server ? answer_make_server(koito, *sender, request)
                        : what == os_request::start_server   ? answer_start_server(koito, *sender, request)
                                                             : answer_kill_server(koito, *sender, request.payload[1]);
                    return true;
            }
            answer = a9n::make_message(os_reply::unknown_request);
            return true;
        }
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
