#include "process-files.hpp"

#include "../process-service.hpp"
#include "descriptor-table.hpp"
#include "file-server.hpp"
#include "generated-file.hpp"
#include "text-builder.hpp"

namespace posix
{
    namespace
    {
        constexpr uint64_t second           = 1'000'000'000;
        constexpr uint64_t ticks_per_second = 100; ///< what _SC_CLK_TCK says

        uint64_t to_ticks(instant time)
        {
            return time / (second / ticks_per_second);
        }

        /// Numbers of files in /proc: the process's in the high half, then a descriptor's, then the kind.
        uint64_t number_of(int32_t process, int32_t descriptor, uint64_t kind)
        {
            return static_cast<uint64_t>(process) << 32 | static_cast<uint64_t>(descriptor + 1) << 8 | kind;
        }

        // Contents of the files about the whole system.

        status write_memory(text_builder &text)
        {
            const memory_description memory = describe_memory();
            const auto               line   = [&text](const char *name, word bytes) {
                text.append(name).pad_to(16).append(bytes / 1024).append(" kB\n");
            };
            line("MemTotal:", memory.total);
            line("MemFree:", memory.free);
            line("MemAvailable:", memory.free);
            line("Buffers:", 0);
            line("Cached:", (files->root_system.pages + files->temporary_system.pages) * page_size);
            line("SwapCached:", 0);
            line("Shmem:", files->temporary_system.pages * page_size);
            line("SwapTotal:", 0);
            line("SwapFree:", 0);
            return text.done();
        }

        status write_mounts(text_builder &text)
        {
            text.append("rootfs / tmpfs rw 0 0\n").append("devtmpfs /dev devtmpfs rw 0 0\n").append("devpts /dev/pts devpts rw 0 0\n");
            text.append("proc /proc proc rw 0 0\n").append("tmpfs /tmp tmpfs rw 0 0\n");
            return text.done();
        }

        status write_processor(text_builder &text)
        {
            // Leaf 0 is the vendor, from 0x80000002 on the name.
            uint32_t a = 0;
            uint32_t vendor[4] {};
            asm volatile("cpuid" : "=a"(a), "=b"(vendor[0]), "=c"(vendor[2]), "=d"(vendor[1]) : "a"(0));
            uint32_t signature = 0;
            uint32_t b         = 0;
            uint32_t c         = 0;
            uint32_t d         = 0;
            asm volatile("cpuid" : "=a"(signature), "=b"(b), "=c"(c), "=d"(d) : "a"(1));
            uint32_t name[13] {};
            uint32_t last = 0;
            asm volatile("cpuid" : "=a"(last), "=b"(b), "=c"(c), "=d"(d) : "a"(0x80000000));
            for (uint32_t i = 0; i < 3 && last >= 0x80000004; ++i)
            {
                asm volatile("cpuid"
                             : "=a"(name[i * 4]), "=b"(name[i * 4 + 1]), "=c"(name[i * 4 + 2]), "=d"(name[i * 4 + 3])
                             : "a"(0x80000002 + i));
            }
            const uint32_t family = (signature >> 8 & 15) + ((signature >> 8 & 15) == 15 ? signature >> 20 & 255 : 0);
            const uint32_t model  = (signature >> 4 & 15) | (signature >> 16 & 15) << 4;
            text.append("processor\t: 0\nvendor_id\t: ").append(reinterpret_cast<const char *>(vendor));
            text.append("\ncpu family\t: ").append(family).append("\nmodel\t\t: ").append(model);
            text.append("\nmodel name\t: ").append(reinterpret_cast<const char *>(name));
            text.append("\nstepping\t: ").append(signature & 15).append("\n\n");
            return text.done();
        }

        status write_uptime(text_builder &text)
        {
            const instant up = read_clocks().monotonic;
            text.append(up / second).append(".").two_digits(up / (second / 100) % 100).append(" 0.00\n");
            return text.done();
        }

        status write_version(text_builder &text)
        {
            text.append("Linux version 6.1.0-koito (A9N KOITO)\n");
            return text.done();
        }

        status write_load(text_builder &text)
        {
            uint64_t            running = 0;
            uint64_t            all     = 0;
            int32_t             last    = 0;
            process_description each {};
            while (next_process(last, each))
            {
                last = each.identifier;
                ++all;
                running += each.state == 'R';
            }
            text.append("0.00 0.00 0.00 ").append(running).append("/").append(all).append(" ").append(static_cast<word>(last)).append("\n");
            return text.done();
        }

        status write_system_status(text_builder &text)
        {
            const clock_reading now   = read_clocks();
            uint64_t            used  = 0;
            uint64_t            count = 0;
            int32_t             last  = 0;
            process_description each {};
            while (next_process(last, each))
            {
                last  = each.identifier;
                used += to_ticks(each.cpu_time);
                ++count;
            }
            const uint64_t all  = to_ticks(now.monotonic);
            const uint64_t idle = all > used ? all - used : 0;
            const char *const names[] = { "cpu  ", "cpu0 " };
            for (const char *name : names)
            {
                text.append(name).append(used).append(" 0 0 ").append(idle).append(" 0 0 0 0 0 0\n");
            }
            text.append("intr 0\nctxt 0\nbtime ").append((now.real_time - now.monotonic) / second);
            text.append("\nprocesses ").append(count).append("\nprocs_running 1\nprocs_blocked 0\n");
            return text.done();
        }

        status write_file_systems(text_builder &text)
        {
            text.append("nodev\tproc\nnodev\ttmpfs\nnodev\tdevtmpfs\nnodev\tdevpts\nnodev\tpipefs\n");
            return text.done();
        }

        struct system_file
        {
            const char *name;
            status (*write)(text_builder &);
        };

        constexpr system_file system_files[] = {
            { "cpuinfo", write_processor },
            { "filesystems", write_file_systems },
            { "loadavg", write_load },
            { "meminfo", write_memory },
            { "mounts", write_mounts },
            { "stat", write_system_status },
            { "uptime", write_uptime },
            { "version", write_version },
        };

        // Contents of the files about one process.

        text name_of(const process_description &process)
        {
            size_t length = 0;
            while (length < sizeof(process.name) && process.name[length] != 0)
            {
                ++length;
            }
            return { process.name, length };
        }

        status write_status_line(text_builder &text, const process_description &process)
        {
            const reference<terminal> controlled = [&] {
                for (terminal &each : files->terminals)
                {
                    if (each.session == process.session && process.session != 0)
                    {
                        return reference<terminal> { &each };
                    }
                }
                return reference<terminal> {};
            }();
            const device_number device = !controlled                 ? device_number {}
                : controlled->device != nullptr ? device_number { 5, 1 } : device_number { 136, controlled->number };

            text.append(process.identifier).append(" (").append(name_of(process)).append(") ").append(runtime::text { &process.state, 1 });
            text.append(" ").append(process.parent).append(" ").append(process.group).append(" ").append(process.session);
            text.append(" ").append(device.encoded()).append(" ").append(controlled ? process.terminal_group : -1);
            text.append(" 0 0 0 0 0 "); // flags, faults
            text.append(to_ticks(process.cpu_time)).append(" 0 0 0 20 0 ").append(word { process.thread_count }).append(" 0 ");
            text.append(to_ticks(process.started)).append(" ").append(process.virtual_size).append(" ");
            text.append(process.resident_size / page_size).append(" 18446744073709551615");
            // Addresses and signals, which nobody is told; then what follows the waiting channel.
            text.append(" 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
            return text.done();
        }

        const char *state_name(char state)
        {
            switch (state)
            {
                case 'R' : return "R (running)";
                case 'S' : return "S (sleeping)";
                case 'D' : return "D (disk sleep)";
                case 'T' : return "T (stopped)";
                case 'Z' : return "Z (zombie)";
                default : return "X (dead)";
            }
        }

        status write_status(text_builder &text, const process_description &process)
        {
            text.append("Name:\t").append(name_of(process)).append("\nState:\t").append(state_name(process.state));
            text.append("\nTgid:\t").append(process.identifier).append("\nNgid:\t0\nPid:\t").append(process.identifier);
            text.append("\nPPid:\t").append(process.parent).append("\nTracerPid:\t0");
            const auto identities = [&text](const char *name, uint32_t number) {
                text.append(name);
                for (int i = 0; i < 4; ++i) // real, effective, saved, of files
                {
                    text.append("\t").append(number);
                }
            };
            identities("\nUid:", process.user);
            identities("\nGid:", process.group_of_user);
            text.append("\nVmSize:\t").append(process.virtual_size / 1024).append(" kB\nVmRSS:\t").append(process.resident_size / 1024);
            text.append(" kB\nThreads:\t").append(word { process.thread_count }).append("\n");
            return text.done();
        }

        status write_memory_line(text_builder &text, const process_description &process)
        {
            text.append(process.virtual_size / page_size).append(" ").append(process.resident_size / page_size).append(" 0 0 0 0 0\n");
            return text.done();
        }

        status write_name(text_builder &text, const process_description &process)
        {
            text.append(name_of(process)).append("\n");
            return text.done();
        }

        status write_strings(text_builder &text, int32_t process, bool environment)
        {
            constexpr word limit = 128 * 1024;
            for (word offset = 0; offset < limit;)
            {
                uint8_t            piece[512];
                const result<word> size = read_process_arguments(process, environment, offset, piece, sizeof(piece));
                if (!size)
                {
                    return size.reason;
                }
                if (*size == 0)
                {
                    break;
                }
                text.append(runtime::text { reinterpret_cast<const char *>(piece), *size });
                offset += *size;
            }
            return text.done();
        }

        status write_arguments(text_builder &text, const process_description &process)
        {
            return write_strings(text, process.identifier, false);
        }

        status write_environment(text_builder &text, const process_description &process)
        {
            return write_strings(text, process.identifier, true);
        }

        status write_mappings(text_builder &text, const process_description &process)
        {
            mapping_description mapping {};
            for (word from = 0; next_mapping(process.identifier, from, mapping); from = mapping.end)
            {
                text.address(mapping.start).append("-").address(mapping.end).append(" ");
                text.append(mapping.readable ? "r" : "-").append(mapping.writable ? "w" : "-").append(mapping.executable ? "x" : "-");
                text.append(mapping.shared ? "s" : "p").append(" 00000000 00:00 0");
                if (mapping.name[0] != 0)
                {
                    text.append("                          ").append(mapping.name);
                }
                text.append("\n");
            }
            return text.done();
        }

        struct process_file
        {
            const char *name;
            uint32_t    permissions;
            status (*write)(text_builder &, const process_description &);
        };

        constexpr process_file process_file_list[] = {
            { "cmdline", 0444, write_arguments },
            { "comm", 0444, write_name },
            { "environ", 0400, write_environment },
            { "maps", 0444, write_mappings },
            { "stat", 0444, write_status_line },
            { "statm", 0444, write_memory_line },
            { "status", 0444, write_status },
        };

        // Files, links and directories.

        enum class link_kind : uint8_t
        {
            working_directory,
            executable,
            root,
            descriptor,
        };

        struct link_name
        {
            const char *name;
            link_kind   kind;
        };

        constexpr link_name process_links[] = {
            { "cwd", link_kind::working_directory },
            { "exe", link_kind::executable },
            { "root", link_kind::root },
        };

        constexpr uint64_t kind_directory   = 0x40;
        constexpr uint64_t kind_descriptors = 0x41;
        constexpr uint64_t kind_link        = 0x50;
        constexpr uint64_t kind_file        = 0x60;

        constexpr size_t system_file_count  = sizeof(system_files) / sizeof(system_files[0]);
        constexpr size_t process_file_count = sizeof(process_file_list) / sizeof(process_file_list[0]);
        constexpr size_t process_link_count = sizeof(process_links) / sizeof(process_links[0]);

        struct whole_system_file final : generated_file
        {
            whole_system_file(file_system &home, size_t index) : generated_file(home), index(index)
            {
                number      = number_of(0, -1, kind_file + index);
                permissions = 0444;
                link_count  = 1;
            }

            status generate(runtime::string &contents) override
            {
                text_builder builder { contents };
                return system_files[index].write(builder);
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }

            const size_t index;
        };

        struct one_process_file final : generated_file
        {
            one_process_file(file_system &home, const process_description &process, size_t index)
                : generated_file(home), process(process.identifier), index(index)
            {
                number      = number_of(process.identifier, -1, kind_file + index);
                permissions = process_file_list[index].permissions;
                user        = process.user;
                group       = process.group_of_user;
                link_count  = 1;
            }

            status generate(runtime::string &contents) override
            {
                process_description description {};
                if (!describe_process(process, description))
                {
                    return error::esrch;
                }
                text_builder builder { contents };
                return process_file_list[index].write(builder, description);
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }

            const int32_t process;
            const size_t  index;
        };

        struct self_link final : inode
        {
            explicit self_link(file_system &home) : inode(inode_kind::symbolic_link, home)
            {
                number      = number_of(0, -1, kind_link);
                permissions = 0777;
                link_count  = 1;
            }

            result<runtime::string> link_target(const process_state &reader) override
            {
                runtime::string target;
                text_builder    builder { target };
                const status    built = builder.append(reader.identifier).done();
                return built ? result<runtime::string> { runtime::move(target) } : result<runtime::string> { built.reason };
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }
        };

        bool may_look_into(const process_state &reader, const process_state &process)
        {
            return reader.who.file_user == 0 || reader.who.file_user == process.who.effective_user;
        }

        /// A link to a file itself, not only to its path.
        struct process_link final : inode
        {
            process_link(file_system &home, const process_description &process, link_kind kind, int32_t descriptor)
                : inode(inode_kind::symbolic_link, home), process(process.identifier), descriptor(descriptor), leads_to(kind)
            {
                number      = number_of(process.identifier, descriptor, kind_link + static_cast<uint64_t>(kind));
                permissions = 0777;
                user        = process.user;
                group       = process.group_of_user;
                link_count  = 1;
            }

            result<reference<inode>> link_destination(const process_state &reader) override
            {
                const process_state *state = find_process_state(process);
                if (state == nullptr)
                {
                    return error::enoent;
                }
                if (!may_look_into(reader, *state))
                {
                    return error::eacces;
                }
                reference<inode> found;
                switch (leads_to)
                {
                    case link_kind::working_directory :
                        found = state->directories == nullptr ? found : reference<inode> { state->directories->working.get() };
                        break;
                    case link_kind::root :
                        found = state->directories == nullptr ? found : reference<inode> { state->directories->root.get() };
                        break;
                    case link_kind::executable : found = reference<inode> { process_executable(process) }; break;
                    case link_kind::descriptor :
                        if (open_file *file = state->descriptors == nullptr ? nullptr : state->descriptors->find(descriptor))
                        {
                            found = file->node;
                        }
                        break;
                }
                return found ? result<reference<inode>> { runtime::move(found) } : result<reference<inode>> { error::enoent };
            }

            result<runtime::string> link_target(const process_state &reader) override
            {
                const result<reference<inode>> destination = link_destination(reader);
                if (!destination)
                {
                    return destination.reason;
                }
                const inode    &file = **destination;
                runtime::string target;
                text_builder    builder { target };
                if (&file.home == &files->pipe_system)
                {
                    builder.append("pipe:[").append(file.number).append("]");
                }
                else if (&file.home == &files->anonymous_system)
                {
                    builder.append("anon_inode:[").append(file.number).append("]");
                }
                else if (file.device == device_number { 5, 1 })
                {
                    builder.append("/dev/console"); // the first process's has no name of its own
                }
                else if (const status path = append_path(file, reader.directories->root.get(), target); !path)
                {
                    return path.reason;
                }
                const status built = builder.done();
                return built ? result<runtime::string> { runtime::move(target) } : result<runtime::string> { built.reason };
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }

            const int32_t   process;
            const int32_t   descriptor;
            const link_kind leads_to;
        };

        template<typename Kind, typename... Arguments>
        result<reference<inode>> made(Arguments &&...arguments)
        {
            reference<inode> file { runtime::create<Kind>(runtime::forward<Arguments>(arguments)...) };
            return file ? result<reference<inode>> { runtime::move(file) } : result<reference<inode>> { error::enomem };
        }

        /// A decimal number without leading zeros; −1 if the text is none.
        int32_t parse_number(text digits)
        {
            if (digits.length == 0 || digits.length > 9 || (digits.characters[0] == '0' && digits.length > 1))
            {
                return -1;
            }
            int32_t number = 0;
            for (size_t i = 0; i < digits.length; ++i)
            {
                if (digits.characters[i] < '0' || digits.characters[i] > '9')
                {
                    return -1;
                }
                number = number * 10 + (digits.characters[i] - '0');
            }
            return number;
        }

        /// Directories whose entries are made when asked for.
        struct generated_directory : directory
        {
            generated_directory(file_system &home, const reference<directory> &above) : directory(home)
            {
                parent      = above;
                permissions = 0555;
                link_count  = 2;
            }

        protected:
            ~generated_directory() = default;

            /// For an item's name, until the next item.
            text number_name(int32_t shown)
            {
                scratch.truncate(0);
                text_builder builder { scratch };
                return builder.append(shown).done() ? scratch.view() : text {};
            }

        private:
            runtime::string scratch;
        };

        struct descriptor_directory final : generated_directory
        {
            descriptor_directory(file_system &home, const reference<directory> &above, const process_description &process)
                : generated_directory(home, above), process(process.identifier)
            {
                number      = number_of(process.identifier, -1, kind_descriptors);
                permissions = 0500;
                user        = process.user;
                group       = process.group_of_user;
            }

            result<reference<inode>> find(text name, const process_state &) override
            {
                const process_state *state  = find_process_state(process);
                const int32_t        wanted = parse_number(name);
                process_description  description {};
                if (state == nullptr || state->descriptors == nullptr || state->descriptors->find(wanted) == nullptr
                    || !describe_process(process, description))
                {
                    return error::enoent;
                }
                return made<process_link>(home, description, link_kind::descriptor, wanted);
            }

            text generated_name() const override
            {
                return "fd";
            }

            bool next(uint64_t after, const process_state &, directory_item &item) override
            {
                const process_state *state = find_process_state(process);
                if (state == nullptr || state->descriptors == nullptr)
                {
                    return false;
                }
                const auto &slots = state->descriptors->slots;
                for (uint64_t index = after - parent_cookie; index < slots.size(); ++index)
                {
                    if (slots[index].file)
                    {
                        const auto shown = static_cast<int32_t>(index);
                        item             = { number_name(shown),
                                        number_of(process, shown, kind_link + static_cast<uint64_t>(link_kind::descriptor)),
                                        inode_kind::symbolic_link, parent_cookie + 1 + index };
                        return true;
                    }
                }
                return false;
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }

            const int32_t process;
        };

        struct process_directory final : generated_directory
        {
            process_directory(file_system &home, const reference<directory> &above, const process_description &process)
                : generated_directory(home, above), process(process.identifier)
            {
                number = number_of(process.identifier, -1, kind_directory);
                user   = process.user;
                group  = process.group_of_user;
                text_builder builder { own_name };
                builder.append(process.identifier); // without memory it stays empty
            }

            text generated_name() const override
            {
                return own_name;
            }

            result<reference<inode>> find(text name, const process_state &) override
            {
                process_description description {};
                if (!describe_process(process, description))
                {
                    return error::enoent;
                }
                for (size_t i = 0; i < process_file_count; ++i)
                {
                    if (name == text { process_file_list[i].name })
                    {
                        return made<one_process_file>(home, description, i);
                    }
                }
                for (const link_name &each : process_links)
                {
                    if (name == text { each.name })
                    {
                        return made<process_link>(home, description, each.kind, -1);
                    }
                }
                if (name == text { "fd" })
                {
                    return made<descriptor_directory>(home, reference<directory> { this }, description);
                }
                return error::enoent;
            }

            bool next(uint64_t after, const process_state &, directory_item &item) override
            {
                const uint64_t index  = after - parent_cookie;
                const uint64_t cookie = after + 1;
                if (index < process_file_count)
                {
                    item = { process_file_list[index].name, number_of(process, -1, kind_file + index), inode_kind::generated, cookie };
                    return true;
                }
                if (index < process_file_count + process_link_count)
                {
                    const link_name &each = process_links[index - process_file_count];
                    item = { each.name, number_of(process, -1, kind_link + static_cast<uint64_t>(each.kind)), inode_kind::symbolic_link, cookie };
                    return true;
                }
                if (index == process_file_count + process_link_count)
                {
                    item = { "fd", number_of(process, -1, kind_descriptors), inode_kind::directory, cookie };
                    return true;
                }
                return false;
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }

            const int32_t process;

        private:
            runtime::string own_name;
        };

        struct process_root final : generated_directory
        {
            explicit process_root(file_system &home) : generated_directory(home, {})
            {
            }

            result<reference<inode>> find(text name, const process_state &) override
            {
                for (size_t i = 0; i < system_file_count; ++i)
                {
                    if (name == text { system_files[i].name })
                    {
                        return made<whole_system_file>(home, i);
                    }
                }
                if (name == text { "self" })
                {
                    return made<self_link>(home);
                }
                process_description description {};
                const int32_t       process = parse_number(name);
                if (process <= 0 || !describe_process(process, description))
                {
                    return error::enoent;
                }
                return made<process_directory>(home, reference<directory> { this }, description);
            }

            bool next(uint64_t after, const process_state &, directory_item &item) override
            {
                const uint64_t index = after - parent_cookie;
                if (index < system_file_count)
                {
                    item = { system_files[index].name, number_of(0, -1, kind_file + index), inode_kind::generated, after + 1 };
                    return true;
                }
                if (index == system_file_count)
                {
                    item = { "self", number_of(0, -1, kind_link), inode_kind::symbolic_link, after + 1 };
                    return true;
                }
                // The cookie of a process follows its number.
                const uint64_t      base = parent_cookie + system_file_count + 1;
                process_description description {};
                if (after - base > INT32_MAX || !next_process(static_cast<int32_t>(after - base), description))
                {
                    return false;
                }
                item = { number_name(description.identifier), number_of(description.identifier, -1, kind_directory), inode_kind::directory,
                    base + static_cast<uint64_t>(description.identifier) };
                return true;
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }
        };
    }

    reference<directory> make_process_root(file_system &home, uint64_t real_time)
    {
        reference<directory> root { runtime::create<process_root>(home) };
        if (root)
        {
            root->parent   = root;
            root->modified = to_timestamp(real_time);
            root->accessed = root->modified;
            root->changed  = root->modified;
        }
        return root;
    }
}
