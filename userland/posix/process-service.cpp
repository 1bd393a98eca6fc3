#include "process-service.hpp"

#include "file-service.hpp"
#include "run.hpp"

namespace posix
{
    void signal_group(int32_t group, int signal)
    {
        for (process &each : table().all)
        {
            if (each.state.group == group)
            {
                send_signal(each, from_kernel(signal));
            }
        }
    }

    void signal_caller(call &from, int signal)
    {
        send_signal(from.caller, from_kernel(signal));
    }

    bool caller_ignores(const call &from, int signal)
    {
        return (from.caller.blocked & only(signal)) != 0
            || from.caller.owner->actions[signal].handler == ignore_handler;
    }

    bool is_orphaned_group(int32_t group)
    {
        for (process &each : table().all)
        {
            if (each.state.group != group || each.is == life::zombie)
            {
                continue;
            }
            const process *parent = table().find(each.state.parent);
            if (parent != nullptr && parent->is == life::alive && parent->state.group != group
                && parent->state.session == each.state.session)
            {
                return false;
            }
        }
        return true;
    }

    bool is_group_of_session(int32_t group, int32_t session)
    {
        for (process &each : table().all)
        {
            if (each.state.group == group && each.state.session == session)
            {
                return true;
            }
        }
        return false;
    }

    void set_mask_during_call(call &from, uint64_t mask)
    {
        if (!from.caller.has_saved_mask)
        {
            set_mask_until_end_of_call(from.caller, mask);
        }
    }

    // ---- /proc ---------------------------------------------------------------------------------------------------------------

    namespace
    {
        char state_letter(process &of)
        {
            if (of.is == life::zombie)
            {
                return 'Z';
            }
            if (of.stopped)
            {
                return 'T';
            }
            for (thread &each : of.threads)
            {
                if (each.state == thread_state::running || each.state == thread_state::calling)
                {
                    return 'R';
                }
            }
            return 'S';
        }

        void describe(process &of, process_description &description)
        {
            description              = {};
            description.identifier   = of.identifier();
            description.parent       = of.state.parent;
            description.group        = of.state.group;
            description.session      = of.state.session;
            description.state        = state_letter(of);
            description.thread_count = of.thread_count;
            description.user         = of.state.who.user;
            description.group_of_user = of.state.who.group;
            description.started       = of.started;
            description.cpu_time      = of.times.user + of.times.system;
            memcpy(description.name, of.name, sizeof(description.name));
            if (of.memory != nullptr)
            {
                description.virtual_size  = of.memory->mapped_bytes();
                description.resident_size = machine::usage(of.memory->space).present;
            }
        }
    }

    bool next_process(int32_t after, process_description &description)
    {
        process *found = nullptr;
        for (process &each : table().all)
        {
            if (each.identifier() > after && (found == nullptr || each.identifier() < found->identifier()))
            {
                found = &each;
            }
        }
        if (found != nullptr)
        {
            describe(*found, description);
        }
        return found != nullptr;
    }

    bool describe_process(int32_t identifier, process_description &description)
    {
        process *found = table().find(identifier);
        if (found != nullptr)
        {
            describe(*found, description);
        }
        return found != nullptr;
    }

    result<word> read_process_arguments(int32_t identifier, bool environment, word offset, uint8_t *buffer, word size)
    {
        process *of = table().find(identifier);
        if (of == nullptr)
        {
            return error::esrch;
        }
        if (of->memory == nullptr)
        {
            return word { 0 };
        }
        program_memory &memory = *of->memory;
        const word      start  = environment ? memory.environment_start : memory.arguments_start;
        const word      end    = environment ? memory.environment_end : memory.arguments_end;
        if (offset >= end - start)
        {
            return word { 0 };
        }
        const word count = size < end - start - offset ? size : end - start - offset;
        const status read = memory.copy_in(buffer, start + offset, count);
        return read ? result<word> { count } : result<word> { read.reason };
    }

    bool next_mapping(int32_t identifier, word from, mapping_description &description)
    {
        process *of = table().find(identifier);
        if (of == nullptr || of->memory == nullptr)
        {
            return false;
        }
        const mapping *found = of->memory->find_above(from);
        if (found == nullptr)
        {
            return false;
        }
        description            = {};
        description.start      = found->start;
        description.end        = found->end;
        description.readable   = (found->protection & machine::readable) != 0;
        description.writable   = (found->protection & machine::writable) != 0;
        description.executable = (found->protection & machine::executable) != 0;
        description.shared     = found->shared;
        const auto put         = [&](const char *name) { memcpy(description.name, name, runtime::text { name }.length + 1); };
        switch (found->kind)
        {
            case mapping_kind::anonymous : break;
            case mapping_kind::file : file_path(*found->file, description.name, sizeof(description.name)); break;
            case mapping_kind::heap : put("[heap]"); break;
            case mapping_kind::stack : put("[stack]"); break;
            case mapping_kind::signal_page : put("[signal]"); break;
        }
        return true;
    }

    process_state *find_process_state(int32_t identifier)
    {
        process *found = table().find(identifier);
        return found == nullptr ? nullptr : &found->state;
    }

    inode *process_executable(int32_t identifier)
    {
        process *found = table().find(identifier);
        return found == nullptr ? nullptr : found->executable;
    }

    clock_reading read_clocks()
    {
        return now();
    }

    memory_description describe_memory()
    {
        const machine::memory_usage usage = machine::memory();
        return { usage.total, usage.free };
    }
}
