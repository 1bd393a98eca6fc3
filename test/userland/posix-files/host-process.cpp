#include "host-process.hpp"

#include <posix/files/file-server.hpp>
#include <posix/process-service.hpp>

#include <algorithm>
#include <cstring>

namespace host
{
    process_side others;

    posix::result<posix::user_span> memory::reach(word address, word size, posix::user_access)
    {
        constexpr word first = 64 * 1024;
        if (address < first || address >= posix::user_address_end)
        {
            return posix::error::efault;
        }
        return posix::user_span { reinterpret_cast<uint8_t *>(address), std::min(size, posix::page_size - address % posix::page_size) };
    }

    word console::write(const uint8_t *data, word size)
    {
        const word taken = std::min(size, room);
        shown.append(reinterpret_cast<const char *>(data), taken);
        room -= taken;
        return taken;
    }

    namespace
    {
        void remove_all(posix::memory_directory &folder)
        {
            const posix::process_state nobody {};
            posix::directory_item      item;
            while (folder.next(posix::parent_cookie, nobody, item))
            {
                posix::directory_entry &entry = *folder.entry_of(item.name);
                if (posix::directory *child = posix::as_directory(*entry.target))
                {
                    child->mounted = nullptr;
                    remove_all(static_cast<posix::memory_directory &>(*child));
                }
                folder.remove(entry);
            }
        }

        /// The root of what is mounted there, which knows its place no more.
        posix::reference<posix::directory> unmount(posix::memory_directory &where, const char *name)
        {
            posix::directory                  &place = *posix::as_directory(*where.entry_of(name)->target);
            posix::reference<posix::directory> root  = place.mounted;
            place.mounted                            = nullptr;
            root->covered                            = nullptr;
            return root;
        }

        void end_root(const posix::reference<posix::directory> &root, bool has_entries)
        {
            if (has_entries)
            {
                remove_all(static_cast<posix::memory_directory &>(*root));
            }
            root->parent = nullptr;
        }
    }

    void stop_files()
    {
        {
            auto      &root = static_cast<posix::memory_directory &>(*posix::files->root);
            const auto dev  = unmount(root, "dev");
            end_root(unmount(static_cast<posix::memory_directory &>(*dev), "pts"), true);
            end_root(dev, true);
            end_root(unmount(root, "proc"), false);
            end_root(unmount(root, "tmp"), true);
            end_root(posix::files->root, true);
        }
        runtime::destroy(posix::files);
        posix::files = nullptr;
    }

    process::process(int32_t identifier, uint32_t user)
    {
        state.identifier = identifier;
        state.parent     = 1;
        state.group      = identifier;
        state.session    = identifier;
        posix::credentials &who = state.who;
        who.user = who.effective_user = who.saved_user = who.file_user = user;
        who.group = who.effective_group = who.saved_group = who.file_group = user;
        for (posix::resource_limit &limit : state.limits)
        {
            limit = { posix::no_limit, posix::no_limit };
        }
        others.processes.push_back(&state);
    }

    process::~process()
    {
        posix::release_files(state);
        std::erase(others.processes, &state);
    }

    int64_t process::begin(word number, const word *arguments)
    {
        wait.clear();
        current_number = number;
        std::copy(arguments, arguments + 6, current_arguments);
        return run();
    }

    int64_t process::resume()
    {
        if (!wait.is_ready && others.now < wait.deadline)
        {
            return waiting;
        }
        wait.leave();
        return run();
    }

    void process::interrupt()
    {
        wait.clear();
    }

    int64_t process::run()
    {
        const auto end   = posix::file_calls.entries + posix::file_calls.count;
        const auto found = std::find_if(posix::file_calls.entries, end, [&](const auto &entry) { return entry.number == current_number; });
        if (found == end)
        {
            return -static_cast<int64_t>(posix::error::enosys);
        }
        posix::call made { current_number, {}, state, own_memory, wait, { others.now, others.now + boot_time },
            reinterpret_cast<posix::thread &>(*this) };
        std::copy(current_arguments, current_arguments + 6, made.arguments);
        last = found->handler(made);
        if (last.what == posix::outcome::kind::wait || last.what == posix::outcome::kind::wait_once)
        {
            return waiting;
        }
        return static_cast<int64_t>(last.encoded());
    }
}

namespace posix
{
    using host::others;

    void signal_group(int32_t group, int signal)
    {
        others.group_signals.emplace_back(group, signal);
    }

    void signal_caller(call &, int signal)
    {
        others.caller_signals.push_back(signal);
    }

    bool caller_ignores(const call &, int signal)
    {
        return std::find(others.ignored.begin(), others.ignored.end(), signal) != others.ignored.end();
    }

    bool is_orphaned_group(int32_t)
    {
        return others.is_orphaned;
    }

    bool is_group_of_session(int32_t group, int32_t session)
    {
        return std::any_of(others.processes.begin(), others.processes.end(),
            [&](const process_state *each) { return each->group == group && each->session == session; });
    }

    void set_mask_during_call(call &, uint64_t)
    {
    }

    bool describe_process(int32_t identifier, process_description &description)
    {
        const process_state *state = find_process_state(identifier);
        if (state == nullptr)
        {
            return false;
        }
        description               = {};
        description.identifier    = identifier;
        description.parent        = state->parent;
        description.group         = state->group;
        description.session       = state->session;
        description.state         = 'S';
        description.thread_count  = 1;
        description.user          = state->who.effective_user;
        description.group_of_user = state->who.effective_group;
        description.virtual_size  = 8192;
        description.resident_size = 4096;
        description.started       = 1'230'000'000;
        description.cpu_time      = 50'000'000;
        std::strcpy(description.name, "a program");
        return true;
    }

    bool next_process(int32_t after, process_description &description)
    {
        int32_t least = INT32_MAX;
        for (const process_state *each : others.processes)
        {
            least = each->identifier > after ? std::min(least, each->identifier) : least;
        }
        return least != INT32_MAX && describe_process(least, description);
    }

    result<word> read_process_arguments(int32_t, bool environment, word offset, uint8_t *buffer, word size)
    {
        constexpr char arguments[] = "/bin/program\0-x"; // with the last zero byte
        constexpr char variables[] = "HOME=/";
        const char    *source      = environment ? variables : arguments;
        const word     length      = environment ? sizeof(variables) : sizeof(arguments);
        const word     count       = offset >= length ? 0 : std::min(size, length - offset);
        std::memcpy(buffer, source + offset, count);
        return count;
    }

    inode *process_executable(int32_t)
    {
        return nullptr;
    }

    bool next_mapping(int32_t, word from, mapping_description &description)
    {
        if (from >= 0x402000)
        {
            return false;
        }
        description = { 0x400000, 0x402000, true, false, true, false, "/bin/program" };
        return true;
    }

    process_state *find_process_state(int32_t identifier)
    {
        for (process_state *each : others.processes)
        {
            if (each->identifier == identifier)
            {
                return each;
            }
        }
        return nullptr;
    }

    clock_reading read_clocks()
    {
        return { others.now, others.now + host::boot_time };
    }

    memory_description describe_memory()
    {
        return { others.memory, others.memory / 2 };
    }
}
