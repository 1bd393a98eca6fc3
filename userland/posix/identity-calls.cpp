#include "identity-calls.hpp"

#include "process.hpp"
#include "time-calls.hpp"

#include <runtime/memory.hpp>

namespace posix
{
    void set_default_limits(process_state &process)
    {
        for (resource_limit &each : process.limits)
        {
            each = { no_limit, no_limit };
        }
        const auto set = [&](resource which, word current, word maximum) {
            process.limits[static_cast<size_t>(which)] = { current, maximum };
        };
        set(resource::stack, stack_size, stack_size);
        set(resource::core, 0, 0);
        set(resource::open_files, 256, 1024);
        set(resource::processes, maximum_threads - 1, maximum_threads - 1);
    }

    // ---- Users and groups ------------------------------------------------------------------------------------------------

    namespace
    {
        /// One of the two triples of identifiers.
        struct identity
        {
            uint32_t &real, &effective, &saved, &file;
        };

        identity users_of(call &made)
        {
            credentials &who = made.process.who;
            return { who.user, who.effective_user, who.saved_user, who.file_user };
        }

        identity groups_of(call &made)
        {
            credentials &who = made.process.who;
            return { who.group, who.effective_group, who.saved_group, who.file_group };
        }

        constexpr uint32_t unchanged = 0xffff'ffff;

        bool is_own(const identity &of, uint32_t wanted)
        {
            return wanted == of.real || wanted == of.effective || wanted == of.saved;
        }

        outcome get_three(call &made, const identity &of)
        {
            const uint32_t values[] = { of.real, of.effective, of.saved };
            for (size_t i = 0; i < 3; ++i)
            {
                if (const status written = made.memory.write(made.arguments[i], values[i]); !written)
                {
                    return written;
                }
            }
            return word { 0 };
        }

        outcome set_one(call &made, const identity &of)
        {
            const auto wanted = static_cast<uint32_t>(made.arguments[0]);
            if (wanted == unchanged)
            {
                return error::einval;
            }
            if (made.process.who.is_root())
            {
                of.real = of.saved = wanted;
            }
            else if (wanted != of.real && wanted != of.saved)
            {
                return error::eperm;
            }
            of.effective = of.file = wanted;
            return word { 0 };
        }

        outcome set_two(call &made, const identity &of)
        {
            const auto     real      = static_cast<uint32_t>(made.arguments[0]);
            const auto     effective = static_cast<uint32_t>(made.arguments[1]);
            const uint32_t old_real  = of.real;
            if (!made.process.who.is_root()
                && ((real != unchanged && real != of.real && real != of.effective)
                    || (effective != unchanged && !is_own(of, effective))))
            {
                return error::eperm;
            }
            if (real != unchanged)
            {
                of.real = real;
            }
            if (effective != unchanged)
            {
                of.effective = effective;
            }
            if (real != unchanged || (effective != unchanged && effective != old_real))
            {
                of.saved = of.effective;
            }
            of.file = of.effective;
            return word { 0 };
        }

        outcome set_three(call &made, const identity &of)
        {
            uint32_t wanted[3];
            for (size_t i = 0; i < 3; ++i)
            {
                wanted[i] = static_cast<uint32_t>(made.arguments[i]);
                if (wanted[i] != unchanged && !made.process.who.is_root() && !is_own(of, wanted[i]))
                {
                    return error::eperm;
                }
            }
            uint32_t *const places[] = { &of.real, &of.effective, &of.saved };
            for (size_t i = 0; i < 3; ++i)
            {
                if (wanted[i] != unchanged)
                {
                    *places[i] = wanted[i];
                }
            }
            of.file = of.effective;
            return word { 0 };
        }

        /// Always the old value, whether it changed or not.
        outcome set_file(call &made, const identity &of)
        {
            const word old    = of.file;
            const auto wanted = static_cast<uint32_t>(made.arguments[0]);
            if (wanted != unchanged && (made.process.who.is_root() || is_own(of, wanted)))
            {
                of.file = wanted;
            }
            return old;
        }
    }

    outcome getuid(call &made)
    {
        return word { made.process.who.user };
    }

    outcome geteuid(call &made)
    {
        return word { made.process.who.effective_user };
    }

    outcome getgid(call &made)
    {
        return word { made.process.who.group };
    }

    outcome getegid(call &made)
    {
        return word { made.process.who.effective_group };
    }

    outcome getresuid(call &made)
    {
        return get_three(made, users_of(made));
    }

    outcome getresgid(call &made)
    {
        return get_three(made, groups_of(made));
    }

    outcome setuid(call &made)
    {
        return set_one(made, users_of(made));
    }

    outcome setgid(call &made)
    {
        return set_one(made, groups_of(made));
    }

    outcome setreuid(call &made)
    {
        return set_two(made, users_of(made));
    }

    outcome setregid(call &made)
    {
        return set_two(made, groups_of(made));
    }

    outcome setresuid(call &made)
    {
        return set_three(made, users_of(made));
    }

    outcome setresgid(call &made)
    {
        return set_three(made, groups_of(made));
    }

    outcome setfsuid(call &made)
    {
        return set_file(made, users_of(made));
    }

    outcome setfsgid(call &made)
    {
        return set_file(made, groups_of(made));
    }

    outcome getgroups(call &made)
    {
        const credentials &who   = made.process.who;
        const auto         count = static_cast<int32_t>(made.arguments[0]);
        if (count == 0)
        {
            return word { who.group_count };
        }
        if (count < 0 || static_cast<uint32_t>(count) < who.group_count)
        {
            return error::einval;
        }
        const status written = made.memory.copy_out(made.arguments[1], who.groups, who.group_count * sizeof(uint32_t));
        return written ? outcome { word { who.group_count } } : outcome { written };
    }

    outcome setgroups(call &made)
    {
        credentials &who = made.process.who;
        if (!who.is_root())
        {
            return error::eperm;
        }
        if (made.arguments[0] > credentials::maximum_groups)
        {
            return error::einval;
        }
        uint32_t groups[credentials::maximum_groups];
        if (const status read = made.memory.copy_in(groups, made.arguments[1], made.arguments[0] * sizeof(uint32_t)); !read)
        {
            return read;
        }
        memcpy(who.groups, groups, sizeof(groups));
        who.group_count = static_cast<uint32_t>(made.arguments[0]);
        return word { 0 };
    }

    // ---- The system --------------------------------------------------------------------------------------------------------

    outcome uname(call &made)
    {
        constexpr size_t length = 65;
        struct
        {
            char system[length], node[length], release[length], version[length], machine[length], domain[length];
        } name {};
        const auto put = [](char(&field)[length], const char *text) {
            for (size_t i = 0; text[i] != 0; ++i)
            {
                field[i] = text[i];
            }
        };
        put(name.system, "Linux"); // what its programs look for
        put(name.node, "koito");
        put(name.release, "6.1.0-koito");
        put(name.version, "KOITO on A9N");
        put(name.machine, "x86_64");
        put(name.domain, "(none)");
        return made.memory.write(made.arguments[0], name);
    }

    outcome getrandom(call &made)
    {
        constexpr word known_flags = 7, most_at_once = 1 << 20;
        if ((made.arguments[2] & ~known_flags) != 0)
        {
            return error::einval;
        }
        const word size = made.arguments[1] < most_at_once ? made.arguments[1] : most_at_once;
        return made.memory.for_each_span(made.arguments[0], size, user_access::write, [](user_span span) {
            machine::fill_random(span.data, span.size);
            return result<word> { span.size };
        });
    }

    outcome sysinfo(call &made)
    {
        struct
        {
            int64_t  uptime;
            word     loads[3];
            word     total, free, shared, buffers, swap_total, swap_free;
            uint16_t processes, padding;
            word     high_total, high_free;
            uint32_t unit;
            uint32_t padding_at_end;
        } information {};
        static_assert(sizeof(information) == 112);
        const machine::memory_usage memory = machine::memory();
        information.uptime                 = static_cast<int64_t>(made.now.monotonic / nanoseconds_per_second);
        information.total                  = memory.total;
        information.free                   = memory.free;
        information.unit                   = 1;
        for (process &each : table().all)
        {
            information.processes = static_cast<uint16_t>(information.processes + each.thread_count);
        }
        return made.memory.write(made.arguments[0], information);
    }

    namespace
    {
        outcome change_limit(call &made, process &of, word which, word new_address, word old_address)
        {
            if (which >= static_cast<word>(resource::count))
            {
                return error::einval;
            }
            resource_limit      &limit  = of.state.limits[which];
            const resource_limit old    = limit;
            resource_limit       wanted = old;
            if (new_address != 0)
            {
                const result<resource_limit> given = made.memory.read<resource_limit>(new_address);
                if (!given)
                {
                    return given.reason;
                }
                wanted = *given;
                if (wanted.current > wanted.maximum)
                {
                    return error::einval;
                }
                if (wanted.maximum > old.maximum && !made.process.who.is_root())
                {
                    return error::eperm;
                }
            }
            if (old_address != 0)
            {
                if (const status written = made.memory.write(old_address, old); !written)
                {
                    return written;
                }
            }
            limit = wanted;
            return word { 0 };
        }
    }

    outcome prlimit64(call &made)
    {
        process *of = made.arguments[0] == 0 ? made.caller.owner : table().find(static_cast<int32_t>(made.arguments[0]));
        if (of == nullptr)
        {
            return error::esrch;
        }
        if (of != made.caller.owner && !made.process.who.is_root() && of->state.who.user != made.process.who.user)
        {
            return error::eperm;
        }
        return change_limit(made, *of, made.arguments[1], made.arguments[2], made.arguments[3]);
    }

    outcome getrlimit(call &made)
    {
        return change_limit(made, *made.caller.owner, made.arguments[0], 0, made.arguments[1]);
    }

    outcome setrlimit(call &made)
    {
        return change_limit(made, *made.caller.owner, made.arguments[0], made.arguments[1], 0);
    }

    outcome sched_yield(call &)
    {
        return word { 0 };
    }

    outcome sched_getaffinity(call &made)
    {
        constexpr word mask = 1;
        if (made.arguments[1] < sizeof(mask) || made.arguments[1] % sizeof(mask) != 0)
        {
            return error::einval;
        }
        const status written = made.memory.write(made.arguments[2], mask);
        return written ? outcome { word { sizeof(mask) } } : outcome { written };
    }

    outcome getcpu(call &made)
    {
        const word addresses[] = { made.arguments[0], made.arguments[1] };
        for (const word address : addresses)
        {
            if (address != 0)
            {
                if (const status written = made.memory.write(address, uint32_t { 0 }); !written)
                {
                    return written;
                }
            }
        }
        return word { 0 };
    }

    outcome getpriority(call &)
    {
        return word { 20 }; // nice value 0, as the call reports it
    }

    outcome setpriority(call &made)
    {
        return made.arguments[2] == 0 ? outcome { word { 0 } } : outcome { error::eacces };
    }
}
