#include "manifest.hpp"

namespace koito
{
    namespace
    {
        constexpr word lowest_slot       = static_cast<word>(process_slot::user_node);
        constexpr word highest_slot      = (word { 1 } << process_root_radix) - 1;
        constexpr word highest_priority  = 30; // KOITO itself has 31
        constexpr word highest_irq       = 255;
        constexpr word highest_io_port   = 0xffff;
        constexpr word highest_radix     = 12;
        constexpr word lowest_generic    = 12;
        constexpr word highest_generic   = 22;
        constexpr word highest_restarts  = 1000;
        constexpr word longest_name      = 16;

        constexpr bool is_blank(char character)
        {
            return character == ' ' || character == '\t' || character == '\r';
        }

        runtime::text trimmed(runtime::text part)
        {
            while (part.length != 0 && is_blank(part.characters[0]))
            {
                part = { part.characters + 1, part.length - 1 };
            }
            while (part.length != 0 && is_blank(part.characters[part.length - 1]))
            {
                --part.length;
            }
            return part;
        }

        /// A number, decimal or 0x…; false if it is none or does not fit.
        bool read_number(runtime::text digits, word &value)
        {
            word base = 10;
            if (digits.length > 2 && digits.characters[0] == '0' && digits.characters[1] == 'x')
            {
                base   = 16;
                digits = { digits.characters + 2, digits.length - 2 };
            }
            value = 0;
            for (size_t i = 0; i < digits.length; ++i)
            {
                const char character = digits.characters[i];
                const word digit     = character >= '0' && character <= '9' ? static_cast<word>(character - '0')
                        : character >= 'a' && character <= 'f'              ? static_cast<word>(character - 'a' + 10)
                                                                            : base;
                if (digit >= base || value > (~word { 0 } - digit) / base)
                {
                    return false;
                }
                value = value * base + digit;
            }
            return digits.length != 0;
        }

        bool is_name(runtime::text name)
        {
            for (size_t i = 0; i < name.length; ++i)
            {
                const char each = name.characters[i];
                if (!((each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-'))
                {
                    return false;
                }
            }
            return name.length != 0 && name.length <= longest_name;
        }

        /// A `calls` whose server may come later in the text.
        struct open_call
        {
            word          entry;
            word          grant;
            word          line;
            runtime::text server;
        };

        class reader
        {
        public:
            reader(runtime::text text, manifest &result, manifest_error &error)
                : rest(text), result(result), error(error)
            {
            }

            bool read()
            {
                result = {};
                while (rest.length != 0)
                {
                    if (!read_line(next_line()))
                    {
                        return false;
                    }
                }
                return finish_entry() && resolve_calls() && check_whole();
            }

        private:
            template<typename... Parts>
            bool fail_at(word where, Parts... parts)
            {
                error = { where, runtime::format(parts...) };
                return false;
            }

            template<typename... Parts>
            bool fail(Parts... parts)
            {
                return fail_at(line, parts...);
            }

            runtime::text next_line()
            {
                size_t length = 0;
                while (length < rest.length && rest.characters[length] != '\n')
                {
                    ++length;
                }
                const runtime::text found { rest.characters, length };
                const size_t        past = length + (length < rest.length ? 1 : 0);
                rest                     = { rest.characters + past, rest.length - past };
                ++line;
                return found;
            }

            bool read_line(runtime::text characters)
            {
                for (size_t i = 0; i < characters.length; ++i)
                {
                    if (characters.characters[i] == '#')
                    {
                        characters.length = i;
                    }
                }
                words = trimmed(characters);
                runtime::text key;
                if (!next_argument(words, key))
                {
                    return true;
                }
                if (key == "process")
                {
                    return finish_entry() && begin_entry();
                }
                if (result.entry_count == 0)
                {
                    return fail("\"", key, "\" belongs to no process: begin with a line \"process NAME\"");
                }
                return read_property(key) && expect_end(key);
            }

            bool expect_end(runtime::text key)
            {
                runtime::text extra;
                return !next_argument(words, extra)
                    || fail("\"", extra, "\" is one word too many after \"", key, "\": remove it");
            }

            bool begin_entry()
            {
                runtime::text name;
                if (!next_argument(words, name) || !is_name(name))
                {
                    return fail("a process needs a name of 1 to ", longest_name, " characters a-z, 0-9 and -");
                }
                if (result.find(name) != result.entry_count)
                {
                    return fail("there is a process ", name, " already: give this one another name");
                }
                if (result.entry_count == maximum_entries)
                {
                    return fail("more than ", maximum_entries, " processes: remove some");
                }
                manifest_entry &fresh = result.entries[result.entry_count++];
                fresh                 = {};
                fresh.name            = name;
                fresh.program         = name;
                fresh.line            = line;
                return expect_end(name);
            }

            manifest_entry &entry()
            {
                return result.entries[result.entry_count - 1];
            }

            bool finish_entry()
            {
                if (result.entry_count == 0)
                {
                    return true;
                }
                const manifest_entry &done = entry();
                if (done.priority == 0)
                {
                    return fail_at(done.line, "process ", done.name, " has no priority: add \"priority N\", N from 1 to ",
                        highest_priority);
                }
                if (done.is_template && (done.is_essential || done.is_main || done.restarts != 0))
                {
                    return fail_at(done.line, "process ", done.name,
                        " is a template: essential, main and restart do not go with it");
                }
                return true;
            }

            bool expect_number(const char *what, word lowest, word highest, word &value)
            {
                runtime::text digits;
                if (!next_argument(words, digits))
                {
                    return fail(what, " is missing: a number from ", lowest, " to ", highest);
                }
                if (!read_number(digits, value) || value < lowest || value > highest)
                {
                    return fail(what, " is \"", digits, "\", must be a number from ", lowest, " to ", highest);
                }
                return true;
            }

            bool read_property(runtime::text key)
            {
                manifest_entry &current = entry();
                if (key == "program")
                {
                    return next_argument(words, current.program) || fail("the program's file in the archive is missing");
                }
                if (key == "priority")
                {
                    return expect_number("the priority", 1, highest_priority, current.priority);
                }
                if (key == "restart")
                {
                    return expect_number("the number of restarts", 1, highest_restarts, current.restarts);
                }
                if (key == "arguments")
                {
                    current.arguments = words;
                    return count_arguments();
                }
                if (key == "may")
                {
                    return read_rights();
                }
                if (key == "slot")
                {
                    return read_slot();
                }
                struct
                {
                    const char *name;
                    bool       &flag;
                } const flags[] = { { "essential", current.is_essential }, { "main", current.is_main },
                    { "template", current.is_template }, { "boot-archive", current.has_boot_archive } };
                for (const auto &[name, flag] : flags)
                {
                    if (key == name)
                    {
                        flag = true;
                        return true;
                    }
                }
                return fail("\"", key, "\" is no property of a process: use program, priority, restart, arguments, may, slot, "
                                       "essential, main, template or boot-archive");
            }

            bool count_arguments()
            {
                word          count = 0;
                runtime::text argument;
                while (next_argument(words, argument))
                {
                    ++count;
                }
                return count <= maximum_arguments || fail("more than ", maximum_arguments, " arguments: remove some");
            }

            bool read_rights()
            {
                runtime::text right;
                word          count = 0;
                for (; next_argument(words, right); ++count)
                {
                    if (right == "shut-down")
                    {
                        entry().may_shut_down = true;
                    }
                    else if (right == "start-servers")
                    {
                        entry().may_start_servers = true;
                    }
                    else
                    {
                        return fail("\"", right, "\" is no right: use shut-down or start-servers");
                    }
                }
                return count != 0 || fail("the right is missing: shut-down or start-servers");
            }

            bool read_slot()
            {
                manifest_entry &current = entry();
                grant           fresh;
                if (!expect_number("the slot", lowest_slot, highest_slot, fresh.slot))
                {
                    return false;
                }
                for (word i = 0; i < current.grant_count; ++i)
                {
                    if (current.grants[i].slot == fresh.slot)
                    {
                        return fail("slot ", fresh.slot, " is in use already: choose another from ", lowest_slot, " to ",
                            highest_slot);
                    }
                }
                runtime::text kind;
                if (!next_argument(words, kind))
                {
                    return fail("what slot ", fresh.slot, " holds is missing: ", kinds);
                }
                // There are as many slots as grants.
                static_assert(highest_slot - lowest_slot + 1 <= maximum_grants);
                if (!read_grant(kind, fresh))
                {
                    return false;
                }
                current.grants[current.grant_count++] = fresh;
                return true;
            }

            bool read_grant(runtime::text kind, grant &fresh)
            {
                if (kind == "serves" || kind == "owns")
                {
                    fresh.kind = kind == "serves" ? grant_kind::serves : grant_kind::owns;
                    return !entry().is_server() || fail("process ", entry().name, " has a request port already: it can have one");
                }
                if (kind == "calls")
                {
                    fresh.kind = grant_kind::calls;
                    return remember_call();
                }
                if (kind == "memory")
                {
                    fresh.kind = grant_kind::memory;
                    return is_first(fresh.kind) && read_memory();
                }
                if (kind == "notification")
                {
                    fresh.kind = grant_kind::notification;
                    return is_first(fresh.kind);
                }
                if (kind == "io-ports")
                {
                    fresh.kind = grant_kind::io_ports;
                    return expect_number("the first port", 0, highest_io_port, fresh.first)
                        && expect_number("the last port", fresh.first, highest_io_port, fresh.last);
                }
                if (kind == "interrupt")
                {
                    fresh.kind = grant_kind::interrupt;
                    return expect_number("the IRQ", 0, highest_irq, fresh.first) && is_unused_interrupt(fresh.first);
                }
                if (kind == "node")
                {
                    fresh.kind = grant_kind::node;
                    return expect_number("the radix", 1, highest_radix, fresh.first);
                }
                if (kind == "generic")
                {
                    fresh.kind = grant_kind::generic;
                    return expect_number("the number of size bits", lowest_generic, highest_generic, fresh.first);
                }
                return fail("a slot cannot hold \"", kind, "\": ", kinds);
            }

            bool is_first(grant_kind kind)
            {
                return entry().find(kind) == nullptr || fail("process ", entry().name, " has one already: it can have one");
            }

            bool is_unused_interrupt(word irq)
            {
                for (word i = 0; i < result.entry_count; ++i)
                {
                    const manifest_entry &each = result.entries[i];
                    for (word j = 0; j < each.grant_count; ++j)
                    {
                        if (each.grants[j].kind == grant_kind::interrupt && each.grants[j].first == irq)
                        {
                            return fail("interrupt ", irq, " belongs to process ", each.name, " already: an interrupt has one driver");
                        }
                    }
                }
                return true;
            }

            /// SIZE [observer] [administrator]
            bool read_memory()
            {
                manifest_entry &current = entry();
                runtime::text   unit;
                constexpr word  highest = word { 1 } << 20;
                if (!expect_number("the memory limit", 1, highest, current.memory_limit))
                {
                    return false;
                }
                if (!next_argument(words, unit))
                {
                    return fail("the memory limit has no unit: add KiB, MiB or GiB");
                }
                if (unit != "KiB" && unit != "MiB" && unit != "GiB")
                {
                    return fail("\"", unit, "\" is no unit of memory: use KiB, MiB or GiB");
                }
                current.memory_limit <<= unit == "KiB" ? 10 : unit == "MiB" ? 20 : 30;
                for (runtime::text flag; next_argument(words, flag);)
                {
                    if (flag == "observer")
                    {
                        current.is_memory_observer = true;
                    }
                    else if (flag == "administrator")
                    {
                        current.is_memory_administrator = true;
                    }
                    else
                    {
                        return fail("\"", flag, "\" is nothing a client of ULMM can be: use observer or administrator");
                    }
                }
                return true;
            }

            bool remember_call()
            {
                open_call call { result.entry_count - 1, entry().grant_count, line, {} };
                if (!next_argument(words, call.server))
                {
                    return fail("the name of the server is missing");
                }
                calls[call_count++] = call;
                return true;
            }

            bool resolve_calls()
            {
                for (word i = 0; i < call_count; ++i)
                {
                    const open_call &call   = calls[i];
                    const word       server = result.find(call.server);
                    if (server == result.entry_count || !result.entries[server].is_server()
                        || result.entries[server].is_template)
                    {
                        return fail_at(call.line, "no process ", call.server,
                            " serves requests: correct the name, or give that process a slot with \"serves\"");
                    }
                    const manifest_entry &caller = result.entries[call.entry];
                    if (result.entries[server].priority <= caller.priority)
                    {
                        return fail_at(call.line, "process ", caller.name, " (priority ", caller.priority, ") calls ",
                            call.server, " (", result.entries[server].priority,
                            "): a server needs a higher priority than its callers, or two could wait for each other");
                    }
                    result.entries[call.entry].grants[call.grant].first = server;
                }
                return true;
            }

            bool check_whole()
            {
                if (result.entry_count == 0)
                {
                    return fail_at(0, "there is no process in it: begin with \"process ulmm\"");
                }
                const manifest_entry &first = result.entries[0];
                if (first.name != "ulmm" || !first.is_server() || first.is_template)
                {
                    return fail_at(first.line, "the first process must be ulmm, with a slot that \"serves\": the others' memory comes from it");
                }
                word mains = 0;
                for (word i = 0; i < result.entry_count; ++i)
                {
                    const manifest_entry &each = result.entries[i];
                    if (each.is_main && ++mains == 2)
                    {
                        return fail_at(each.line, "process ", each.name, " is the second that is main: there can be one");
                    }
                    if (each.find(grant_kind::memory) != nullptr && each.priority >= first.priority)
                    {
                        return fail_at(each.line, "process ", each.name, " (priority ", each.priority, ") uses the memory of ulmm (",
                            first.priority, "): a server needs a higher priority than its callers");
                    }
                }
                return true;
            }

            static constexpr const char *kinds
                = "use serves, owns, calls, memory, notification, io-ports, interrupt, node or generic";

            runtime::text   rest;
            runtime::text   words; ///< of the line that is being read, those not yet taken
            word            line = 0;
            manifest       &result;
            manifest_error &error;
            open_call       calls[maximum_entries * maximum_grants] {};
            word            call_count = 0;
        };
    }

    word manifest::find(runtime::text name) const
    {
        for (word i = 0; i < entry_count; ++i)
        {
            if (entries[i].name == name)
            {
                return i;
            }
        }
        return entry_count;
    }

    bool read_manifest(runtime::text text, manifest &result, manifest_error &error)
    {
        return reader { text, result, error }.read();
    }

    bool next_argument(runtime::text &rest, runtime::text &argument)
    {
        rest = trimmed(rest);
        if (rest.length == 0)
        {
            return false;
        }
        size_t length = 0;
        while (length < rest.length && !is_blank(rest.characters[length]))
        {
            ++length;
        }
        argument = { rest.characters, length };
        rest     = { rest.characters + length, rest.length - length };
        return true;
    }
}
