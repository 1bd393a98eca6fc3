#include "process-calls.hpp"

#include "file-service.hpp"
#include "futex.hpp"
#include "identity-calls.hpp"
#include "process-service.hpp"
#include "run.hpp"
#include "time-calls.hpp"
#include "trace.hpp"

namespace posix
{
    namespace
    {
        using machine::context_register;

        enum clone_flags : word
        {
            clone_signal_mask      = 0xff,
            clone_memory           = 0x0000'0100,
            clone_directories      = 0x0000'0200,
            clone_descriptors      = 0x0000'0400,
            clone_handlers         = 0x0000'0800,
            clone_vfork            = 0x0000'4000,
            clone_parent           = 0x0000'8000,
            clone_thread           = 0x0001'0000,
            clone_system_v         = 0x0004'0000,
            clone_thread_storage   = 0x0008'0000,
            clone_parent_set_tid   = 0x0010'0000,
            clone_child_clear_tid  = 0x0020'0000,
            clone_detached         = 0x0040'0000,
            clone_untraced         = 0x0080'0000,
            clone_child_set_tid    = 0x0100'0000,
            clone_input_output     = 0x8000'0000,
        };

        constexpr word clone_known = clone_signal_mask | clone_memory | clone_directories | clone_descriptors | clone_handlers | clone_vfork
            | clone_parent | clone_thread | clone_system_v | clone_thread_storage | clone_parent_set_tid | clone_child_clear_tid
            | clone_detached | clone_untraced | clone_child_set_tid | clone_input_output;

        struct clone_request
        {
            word flags;
            word stack          = 0; ///< 0: the caller's
            word parent_address = 0;
            word child_address  = 0;
            word thread_storage = 0;
        };

        /// Registers of the child: those of the caller, as if its call had returned 0.
        void put_child_registers(thread &child, thread &parent, const clone_request &request)
        {
            child.registers     = registers_of(parent);
            child.has_registers = true;
            child.door          = parent.door;
            if (parent.door == machine::door::message)
            {
                child.registers[context_register::rdi] = 1;
                child.registers[context_register::rdx] = a9n::abi::message_info { true, 1 }.value;
                child.registers[context_register::r8]  = 0;
                child.registers[context_register::r9]  = 0;
            }
            else
            {
                child.registers[context_register::rax] = 0;
            }
            if (request.stack != 0)
            {
                child.registers[context_register::rsp] = request.stack;
            }
            if ((request.flags & clone_thread_storage) != 0)
            {
                child.registers[context_register::fs_base] = request.thread_storage;
            }
        }

        status check(const clone_request &request)
        {
            const word flags = request.flags;
            if ((flags & ~clone_known) != 0 || ((flags & clone_handlers) != 0 && (flags & clone_memory) == 0)
                || ((flags & clone_thread) != 0 && (flags & clone_handlers) == 0)
                || (flags & clone_signal_mask) > signal_count || request.stack >= user_address_end
                || ((flags & clone_thread_storage) != 0 && request.thread_storage >= user_address_end))
            {
                return error::einval;
            }
            return {};
        }

        result<thread *> make_child_thread(thread &caller, process &owner, int32_t identifier)
        {
            thread *child = add_thread(owner, identifier);
            if (child == nullptr)
            {
                return error::eagain;
            }
            const result<machine::control> control = machine::make_thread(owner.memory->space, child->index);
            if (!control)
            {
                remove_thread(*child);
                return error::eagain;
            }
            child->control = *control;
            child->blocked = caller.has_saved_mask ? caller.saved_mask : caller.blocked;
            return child;
        }

        /// A process with files and memory like the caller's, but without thread.
        result<process *> make_child_process(process &parent, word flags)
        {
            process *child = add_process(&parent);
            if (child == nullptr)
            {
                return error::eagain;
            }
            if ((flags & clone_parent) != 0)
            {
                child->state.parent = parent.state.parent;
            }
            child->exit_signal = static_cast<int32_t>(flags & clone_signal_mask);
            child->started     = now().monotonic;
            const status files = inherit_files(
                parent.state, child->state, (flags & clone_descriptors) != 0, (flags & clone_directories) != 0);
            if (!files)
            {
                remove_process(*child);
                return files.reason;
            }
            if ((flags & clone_memory) != 0)
            {
                parent.memory->acquire();
                child->memory = parent.memory;
            }
            else
            {
                const result<program_memory *> memory = parent.memory->clone();
                if (!memory)
                {
                    release_files(child->state);
                    remove_process(*child);
                    return memory.reason;
                }
                child->memory = *memory;
            }
            child->executable = acquire(*parent.executable);
            return child;
        }

        void abandon(process &child)
        {
            release_files(child.state);
            program_memory::release(child.memory);
            release(*child.executable);
            remove_process(child);
        }

        outcome make_clone(call &made, const clone_request &request)
        {
            thread  &caller = made.caller;
            process &parent = *caller.owner;

            // A vfork's caller waits here until the child has its own memory.
            if (made.wait.memory[0] != 0)
            {
                const process *child = table().find(static_cast<int32_t>(made.wait.memory[0]));
                if (child == nullptr || child->state.parent != parent.identifier() || child->is == life::zombie
                    || child->executed)
                {
                    return made.wait.memory[0];
                }
            }
            else
            {
                if (const status checked = check(request); !checked)
                {
                    return checked;
                }
                (void)registers_of(caller);

                process *owner = &parent;
                int32_t  identifier;
                if ((request.flags & clone_thread) != 0)
                {
                    identifier = table().new_identifier();
                }
                else
                {
                    const result<process *> child = make_child_process(parent, request.flags);
                    if (!child)
                    {
                        return child.reason;
                    }
                    owner      = *child;
                    identifier = owner->identifier();
                }
                const result<thread *> child = make_child_thread(caller, *owner, identifier);
                if (!child)
                {
                    if (owner != &parent)
                    {
                        abandon(*owner);
                    }
                    return child.reason;
                }
                if ((request.flags & clone_memory) == 0 || (request.flags & clone_vfork) != 0)
                {
                    (*child)->alternate = caller.alternate;
                }
                put_child_registers(**child, caller, request);
                const auto written_identifier = static_cast<uint32_t>(identifier);
                if ((request.flags & clone_parent_set_tid) != 0)
                {
                    (void)made.memory.write(request.parent_address, written_identifier);
                }
                if ((request.flags & clone_child_set_tid) != 0)
                {
                    (void)owner->memory->write(request.child_address, written_identifier);
                }
                if ((request.flags & clone_child_clear_tid) != 0)
                {
                    (*child)->clear_child_address = request.child_address;
                }
                start_thread(**child);
                if ((request.flags & clone_vfork) == 0)
                {
                    return static_cast<word>(identifier);
                }
                made.wait.memory[0] = static_cast<word>(identifier);
            }

            process *child = table().find(static_cast<int32_t>(made.wait.memory[0]));
            if (child == nullptr)
            {
                return made.wait.memory[0];
            }
            if (const status joined = made.wait.join(child->vfork_end); !joined)
            {
                return joined;
            }
            return outcome::kind::wait_killable;
        }
    }

    outcome fork(call &made)
    {
        return make_clone(made, { .flags = sigchld });
    }

    outcome vfork(call &made)
    {
        return make_clone(made, { .flags = clone_memory | clone_vfork | sigchld });
    }

    outcome clone(call &made)
    {
        return make_clone(made,
            { .flags         = made.arguments[0],
                .stack          = made.arguments[1],
                .parent_address = made.arguments[2],
                .child_address  = made.arguments[3],
                .thread_storage = made.arguments[4] });
    }

    // ---- execve --------------------------------------------------------------------------------------------------------------

    namespace
    {
        constexpr size_t maximum_path         = 4096;
        constexpr int    maximum_script_depth = 4;
        constexpr int32_t at_current_directory = -100; // AT_FDCWD

        /// A null-terminated array of string pointers.
        status read_strings(user_memory &memory, word address, string_list &strings)
        {
            if (address == 0)
            {
                return {};
            }
            for (word i = 0;; ++i)
            {
                const result<word> pointer = memory.read<word>(address + i * sizeof(word));
                if (!pointer)
                {
                    return pointer.reason;
                }
                if (*pointer == 0)
                {
                    return {};
                }
                const size_t before = strings.bytes.size();
                for (word done = 0;;)
                {
                    const result<user_span> span = memory.reach(*pointer + done, page_size, user_access::read);
                    if (!span)
                    {
                        return span.reason;
                    }
                    word length = 0;
                    while (length < span->size && span->data[length] != 0)
                    {
                        ++length;
                    }
                    const bool ends = length < span->size;
                    const word taken = length + (ends ? 1 : 0);
                    if (before + done + taken > maximum_arguments_size)
                    {
                        return error::e2big;
                    }
                    const size_t at = strings.bytes.size();
                    if (!strings.bytes.resize(at + taken))
                    {
                        return error::enomem;
                    }
                    memcpy(strings.bytes.data() + at, span->data, taken);
                    done += taken;
                    if (ends)
                    {
                        break;
                    }
                }
                ++strings.count;
                if (strings.bytes.size() + strings.count * sizeof(word) > maximum_arguments_size)
                {
                    return error::e2big;
                }
            }
        }

        /// arguments := interpreter, its argument, path of the script, arguments but the first.
        status prepend_interpreter(const script_line &line, const char *path, string_list &arguments)
        {
            string_list changed;
            bool        fits = changed.append(line.interpreter);
            if (line.argument.length != 0)
            {
                fits = fits && changed.append(line.argument);
            }
            fits        = fits && changed.append(path);
            size_t rest = 0;
            if (arguments.count != 0)
            {
                while (arguments.bytes[rest++] != 0)
                {
                }
            }
            const size_t before = changed.bytes.size();
            const size_t size   = arguments.bytes.size() - rest;
            if (!fits || !changed.bytes.resize(before + size))
            {
                return error::enomem;
            }
            if (size != 0)
            {
                memcpy(changed.bytes.data() + before, arguments.bytes.data() + rest, size);
            }
            changed.count += arguments.count == 0 ? 0 : arguments.count - 1;
            arguments      = static_cast<string_list &&>(changed);
            return {};
        }

        /// The last part of a path, as comm.
        void put_name(process &of, const char *path)
        {
            const char *name = path;
            for (const char *each = path; *each != 0; ++each)
            {
                if (*each == '/')
                {
                    name = each + 1;
                }
            }
            size_t length = 0;
            while (length < sizeof(of.name) - 1 && name[length] != 0)
            {
                of.name[length] = name[length];
                ++length;
            }
            of.name[length] = 0;
        }

        struct loaded
        {
            program_start start;
            inode        *file;
        };

        /// Follows scripts to an executable, and loads it.
        result<loaded> load(process &owner, int32_t directory, char *path, word flags, string_list &arguments,
            const string_list &environment)
        {
            for (int depth = 0;; ++depth)
            {
                const result<inode *> file = open_executable(owner.state, directory, path, flags);
                if (!file)
                {
                    return file.reason;
                }
                char               head[256];
                const result<word> read = read_file(**file, 0, head, sizeof(head));
                script_line        line;
                if (read && read_script_line(head, *read, line))
                {
                    release(**file);
                    if (depth == maximum_script_depth)
                    {
                        return error::eloop;
                    }
                    if (const status done = prepend_interpreter(line, path, arguments); !done)
                    {
                        return done.reason;
                    }
                    memcpy(path, line.interpreter.characters, line.interpreter.length);
                    path[line.interpreter.length] = 0;
                    directory                     = at_current_directory;
                    flags                         = 0;
                    continue;
                }
                const result<program_start> started
                    = load_program({ owner.state, **file, path, arguments, environment });
                if (!started)
                {
                    release(**file);
                    return started.reason;
                }
                return loaded { *started, *file };
            }
        }

        void put_start_registers(thread &of, const program_start &start)
        {
            constexpr word interrupts_on = 0x202;
            of.registers                           = {};
            of.registers[context_register::rip]    = start.instruction_pointer;
            of.registers[context_register::rsp]    = start.stack_pointer;
            of.registers[context_register::rflags] = interrupts_on;
            of.has_registers                       = true;
        }

        /// Signals with handlers have their default action again; the rest stays.
        void reset_signals(process &owner, thread &caller)
        {
            for (signal_action &each : owner.actions)
            {
                if (each.handler != ignore_handler)
                {
                    each = {};
                }
            }
            caller.alternate = { 0, ss_disable, 0, 0 };
        }

        outcome execute(call &made, int32_t directory, word path_address, word arguments_address,
            word environment_address, word flags)
        {
            thread  &caller = made.caller;
            process &owner  = *caller.owner;
            char     path[maximum_path];
            if (const result<word> length = made.memory.copy_string(path, path_address, sizeof(path)); !length)
            {
                return length.reason;
            }
            const string_list empty;
            string_list       arguments, environment;
            if (const status read = read_strings(made.memory, arguments_address, arguments); !read)
            {
                return read;
            }
            if (const status read = read_strings(made.memory, environment_address, environment); !read)
            {
                return read;
            }
            if (arguments.count == 0 && !arguments.append(""))
            {
                return error::enomem;
            }
            if (const status own = unshare_files(owner.state); !own)
            {
                return own;
            }
            char named[maximum_path];
            memcpy(named, path, sizeof(named));
            const result<loaded> program = load(owner, directory, path, flags, arguments, environment);
            if (!program)
            {
                return program.reason;
            }
            const result<machine::control> control = machine::make_thread(program->start.memory->space, caller.index);
            if (!control)
            {
                program_memory::release(program->start.memory);
                release(*program->file);
                return control.reason;
            }

            // From here on nothing fails.
            trace_execute(caller, named);
            end_other_threads(caller);
            forget_current(caller);
            machine::release_thread(caller.control);
            caller.control    = *control;
            caller.identifier = owner.identifier();
            if (caller.clear_child_address != 0 && owner.memory->users > 1)
            {
                (void)owner.memory->write<uint32_t>(caller.clear_child_address, 0);
                wake_futex(*owner.memory, caller.clear_child_address, 1);
            }
            caller.clear_child_address = 0;
            caller.robust_list         = 0;
            program_memory::release(owner.memory);
            owner.memory = program->start.memory;
            if (owner.executable != nullptr)
            {
                release(*owner.executable);
            }
            owner.executable = program->file;
            owner.executed   = true;
            put_name(owner, named);
            close_on_exec(owner.state);
            reset_signals(owner, caller);
            owner.vfork_end.wake_all();
            put_start_registers(caller, program->start);
            start_thread(caller);
            return outcome::kind::no_reply;
        }
    }

    outcome execve(call &made)
    {
        return execute(made, at_current_directory, made.arguments[0], made.arguments[1], made.arguments[2], 0);
    }

    outcome execveat(call &made)
    {
        return execute(made, static_cast<int32_t>(made.arguments[0]), made.arguments[1], made.arguments[2],
            made.arguments[3], made.arguments[4]);
    }

    status start_first_process(const char *path, const string_list &arguments, const string_list &environment)
    {
        process *first = add_process(nullptr);
        if (first == nullptr)
        {
            return error::enomem;
        }
        table().initial      = first;
        first->state.group   = first->identifier();
        first->state.session = first->identifier();
        first->started       = now().monotonic;
        set_default_limits(first->state);
        if (const status opened = open_first_files(first->state); !opened)
        {
            return opened;
        }
        char        buffer[maximum_path] {};
        string_list copied;
        size_t      at = 0;
        for (size_t i = 0; i < arguments.count; ++i)
        {
            const runtime::text each { arguments.bytes.data() + at };
            at += each.length + 1;
            if (!copied.append(each))
            {
                return error::enomem;
            }
        }
        const runtime::text name { path };
        if (name.length >= sizeof(buffer))
        {
            return error::enametoolong;
        }
        memcpy(buffer, path, name.length + 1);
        const result<loaded> program = load(*first, at_current_directory, buffer, 0, copied, environment);
        if (!program)
        {
            return program.reason;
        }
        first->memory     = program->start.memory;
        first->executable = program->file;
        put_name(*first, path);
        thread *main = add_thread(*first, first->identifier());
        if (main == nullptr)
        {
            return error::enomem;
        }
        const result<machine::control> control = machine::make_thread(first->memory->space, main->index);
        if (!control)
        {
            return control.reason;
        }
        main->control = *control;
        put_start_registers(*main, program->start);
        start_thread(*main);
        return {};
    }

    // ---- exit and wait ---------------------------------------------------------------------------------------------------------

    outcome exit(call &made)
    {
        thread &caller = made.caller;
        if (caller.owner->thread_count == 1)
        {
            return exit_group(made);
        }
        end_thread(caller);
        return outcome::kind::no_reply;
    }

    outcome exit_group(call &made)
    {
        end_process(*made.caller.owner, exited_status(static_cast<int>(made.arguments[0])));
        return outcome::kind::no_reply;
    }

    namespace
    {
        enum wait_options : uint32_t
        {
            wait_no_hang   = 1,
            wait_stopped   = 2, // WUNTRACED, WSTOPPED
            wait_exited    = 4,
            wait_continued = 8,
            wait_no_wait   = 0x0100'0000,
            wait_no_thread = 0x2000'0000,
            wait_all       = 0x4000'0000,
            wait_clone     = 0x8000'0000,
        };

        struct wait_request
        {
            int32_t  identifier = -1; ///< > 0: that child; −1: any; < −1: of that group
            uint32_t options    = 0;
        };

        struct wait_report
        {
            int32_t     identifier = 0; ///< 0: nobody has anything to report, and that was all right
            uint32_t    user       = 0;
            int32_t     code       = 0; ///< CLD_…
            int32_t     status     = 0; ///< as wait4 reports it
            usage_times times;
        };

        bool is_meant(const process &child, const wait_request &request)
        {
            return request.identifier == -1 || child.identifier() == request.identifier
                || (request.identifier < -1 && child.state.group == -request.identifier);
        }

        /// One child's news of the kinds asked for. Taken away unless WNOWAIT.
        bool take_report(process &child, uint32_t options, wait_report &report)
        {
            const bool keeps = (options & wait_no_wait) != 0;
            report           = { child.identifier(), child.state.who.user, 0, 0, child.times };
            report.times.user += child.children_times.user;
            report.times.system += child.children_times.system;
            if (child.is == life::zombie)
            {
                if ((options & wait_exited) == 0)
                {
                    return false;
                }
                report.status = child.exit_status;
                report.code   = (child.exit_status & 0x7f) != 0 ? cld_killed : cld_exited;
                if (!keeps)
                {
                    process *parent = table().find(child.state.parent);
                    if (parent != nullptr)
                    {
                        parent->children_times.user += report.times.user;
                        parent->children_times.system += report.times.system;
                    }
                    remove_process(child);
                }
                return true;
            }
            if ((options & wait_stopped) != 0 && child.has_stop_report)
            {
                child.has_stop_report = keeps;
                report.status         = child.stop_signal << 8 | 0x7f;
                report.code           = cld_stopped;
                return true;
            }
            if ((options & wait_continued) != 0 && child.has_continue_report)
            {
                child.has_continue_report = keeps;
                report.status             = 0xffff;
                report.code               = cld_continued;
                return true;
            }
            return false;
        }

        /// ECHILD: nobody to wait for. A wait, joined to the queue: `waits`.
        status find_report(call &made, const wait_request &request, wait_report &report, bool &waits)
        {
            process &parent    = *made.caller.owner;
            bool     has_child = false;
            waits              = false;
            report             = {};
            for (process &each : table().all)
            {
                if (each.state.parent != parent.identifier() || !is_meant(each, request))
                {
                    continue;
                }
                has_child = true;
                if (take_report(each, request.options, report))
                {
                    return {};
                }
            }
            report = {};
            if (!has_child)
            {
                return error::echild;
            }
            if ((request.options & wait_no_hang) != 0)
            {
                return {};
            }
            waits = true;
            return made.wait.join(parent.child_events);
        }

        status write_usage(call &made, word address, const usage_times &times)
        {
            struct
            {
                time_value user, system;
                int64_t    others[14];
            } usage {};
            usage.user   = to_value(times.user);
            usage.system = to_value(times.system);
            return address == 0 ? status {} : made.memory.write(address, usage);
        }
    }

    outcome wait4(call &made)
    {
        const auto options = static_cast<uint32_t>(made.arguments[2]);
        if ((options & ~(wait_no_hang | wait_stopped | wait_continued | wait_no_thread | wait_all | wait_clone)) != 0)
        {
            return error::einval;
        }
        wait_request request { static_cast<int32_t>(made.arguments[0]), options | wait_exited };
        if (request.identifier == INT32_MIN)
        {
            return error::esrch;
        }
        if (request.identifier == 0)
        {
            request.identifier = -made.process.group;
        }
        wait_report report;
        bool        waits;
        if (const status found = find_report(made, request, report, waits); !found)
        {
            return found;
        }
        if (waits)
        {
            return outcome::kind::wait;
        }
        if (report.identifier != 0)
        {
            if (made.arguments[1] != 0)
            {
                if (const status written = made.memory.write(made.arguments[1], report.status); !written)
                {
                    return written;
                }
            }
            if (const status written = write_usage(made, made.arguments[3], report.times); !written)
            {
                return written;
            }
        }
        return static_cast<word>(report.identifier);
    }

    outcome waitid(call &made)
    {
        enum kind : uint32_t
        {
            all = 0, // P_ALL
            one = 1,
            of_group = 2,
        };
        const auto options = static_cast<uint32_t>(made.arguments[3]);
        if ((options & (wait_exited | wait_stopped | wait_continued)) == 0)
        {
            return error::einval;
        }
        const auto   identifier = static_cast<int32_t>(made.arguments[1]);
        wait_request request { -1, options };
        switch (static_cast<uint32_t>(made.arguments[0]))
        {
            case all : break;
            case one :
                if (identifier <= 0)
                {
                    return error::einval;
                }
                request.identifier = identifier;
                break;
            case of_group :
                if (identifier < 0)
                {
                    return error::einval;
                }
                request.identifier = -(identifier == 0 ? made.process.group : identifier);
                break;
            default : return error::einval;
        }
        wait_report report;
        bool        waits;
        if (const status found = find_report(made, request, report, waits); !found)
        {
            return found;
        }
        if (waits)
        {
            return outcome::kind::wait;
        }
        if (made.arguments[2] != 0)
        {
            signal_information information {};
            if (report.identifier != 0)
            {
                information.number        = sigchld;
                information.code          = report.code;
                information.child.process = report.identifier;
                information.child.user    = report.user;
                information.child.status  = report.code == cld_exited ? report.status >> 8
                     : report.code == cld_killed                      ? report.status & 0x7f
                     : report.code == cld_stopped                     ? report.status >> 8
                                                                      : sigcont;
            }
            if (const status written = made.memory.write(made.arguments[2], information); !written)
            {
                return written;
            }
        }
        return write_usage(made, made.arguments[4], report.times);
    }

    // ---- Thread state ------------------------------------------------------------------------------------------------------------

    outcome set_tid_address(call &made)
    {
        made.caller.clear_child_address = made.arguments[0];
        return static_cast<word>(made.caller.identifier);
    }

    outcome set_robust_list(call &made)
    {
        constexpr word list_head_size = 24;
        if (made.arguments[1] != list_head_size)
        {
            return error::einval;
        }
        made.caller.robust_list      = made.arguments[0];
        made.caller.robust_list_size = made.arguments[1];
        return word { 0 };
    }

    outcome get_robust_list(call &made)
    {
        const thread *of = made.arguments[0] == 0 ? &made.caller : table().find_thread(static_cast<int32_t>(made.arguments[0]));
        if (of == nullptr)
        {
            return error::esrch;
        }
        if (const status written = made.memory.write(made.arguments[1], of->robust_list); !written)
        {
            return written;
        }
        return made.memory.write(made.arguments[2], of->robust_list_size);
    }

    outcome arch_prctl(call &made)
    {
        constexpr word set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003, get_gs = 0x1004;
        thread              &caller    = made.caller;
        machine::registers  &registers = registers_of(caller);
        const word           value     = made.arguments[1];
        switch (made.arguments[0])
        {
            case set_gs :
            case set_fs :
                if (value >= user_address_end)
                {
                    return error::eperm;
                }
                registers[made.arguments[0] == set_gs ? context_register::gs_base : context_register::fs_base] = value;
                return finish_with_value(caller, 0);
            case get_fs : return made.memory.write(value, registers[context_register::fs_base]);
            case get_gs : return made.memory.write(value, registers[context_register::gs_base]);
            default : return error::einval;
        }
    }

    outcome prctl(call &made)
    {
        constexpr word set_death_signal = 1, get_death_signal = 2, get_dumpable = 3, set_dumpable = 4, set_name = 15, get_name = 16,
                       set_no_new_privileges = 38, get_no_new_privileges = 39;
        process &owner = *made.caller.owner;
        switch (made.arguments[0])
        {
            case set_name :
            {
                char               name[sizeof(owner.name)] {};
                const result<word> length = made.memory.copy_string(name, made.arguments[1], sizeof(name), error::none);
                if (!length && length.reason != error::none)
                {
                    return length.reason;
                }
                name[sizeof(name) - 1] = 0;
                memcpy(owner.name, name, sizeof(name));
                return word { 0 };
            }
            case get_name : return made.memory.copy_out(made.arguments[1], owner.name, sizeof(owner.name));
            case get_dumpable : return word { 1 };
            case set_dumpable :
            case set_no_new_privileges : return word { 0 };
            case get_no_new_privileges : return word { 0 };
            case set_death_signal :
            case get_death_signal :
            default : return error::einval;
        }
    }

    // ---- Identity ------------------------------------------------------------------------------------------------------------------

    outcome getpid(call &made)
    {
        return static_cast<word>(made.process.identifier);
    }

    outcome gettid(call &made)
    {
        return static_cast<word>(made.caller.identifier);
    }

    outcome getppid(call &made)
    {
        return static_cast<word>(made.process.parent);
    }

    namespace
    {
        process *process_or_self(call &made, int32_t identifier)
        {
            return identifier == 0 ? made.caller.owner : table().find(identifier);
        }
    }

    outcome getpgid(call &made)
    {
        const process *of = process_or_self(made, static_cast<int32_t>(made.arguments[0]));
        return of == nullptr ? outcome { error::esrch } : outcome { static_cast<word>(of->state.group) };
    }

    outcome getpgrp(call &made)
    {
        return static_cast<word>(made.process.group);
    }

    outcome getsid(call &made)
    {
        const process *of = process_or_self(made, static_cast<int32_t>(made.arguments[0]));
        return of == nullptr ? outcome { error::esrch } : outcome { static_cast<word>(of->state.session) };
    }

    outcome setpgid(call &made)
    {
        const process &caller = *made.caller.owner;
        process       *target = process_or_self(made, static_cast<int32_t>(made.arguments[0]));
        auto           group  = static_cast<int32_t>(made.arguments[1]);
        if (group < 0)
        {
            return error::einval;
        }
        if (target == nullptr || target->is == life::zombie
            || (target != &caller && target->state.parent != caller.identifier()))
        {
            return error::esrch;
        }
        if (group == 0)
        {
            group = target->identifier();
        }
        if (target->state.session == target->identifier() || target->state.session != caller.state.session
            || (group != target->identifier() && !is_group_of_session(group, caller.state.session)))
        {
            return error::eperm;
        }
        if (target != &caller && target->executed)
        {
            return error::eacces;
        }
        target->state.group = group;
        return word { 0 };
    }

    outcome setsid(call &made)
    {
        process &caller = *made.caller.owner;
        for (process &each : table().all)
        {
            if (each.state.group == caller.identifier())
            {
                return error::eperm; // it, or another, leads the group of its number
            }
        }
        caller.state.group   = caller.identifier();
        caller.state.session = caller.identifier();
        return static_cast<word>(caller.identifier());
    }
}
