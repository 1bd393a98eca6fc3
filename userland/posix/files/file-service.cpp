// What the process side asks of the file side.

#include "../file-service.hpp"

#include "../process-service.hpp"
#include "archive-loader.hpp"
#include "call-support.hpp"
#include "file-server.hpp"
#include "process-files.hpp"
#include "terminal-file.hpp"

namespace posix
{
    namespace
    {
        struct device_description
        {
            const char   *name;
            device_number number;
            uint32_t      permissions;
        };

        constexpr device_description devices[] = {
            { "null", { 1, 3 }, 0666 },
            { "zero", { 1, 5 }, 0666 },
            { "full", { 1, 7 }, 0666 },
            { "random", { 1, 8 }, 0666 },
            { "urandom", { 1, 9 }, 0666 },
            { "ttyS0", { 4, 64 }, 0620 },
            { "tty", { 5, 0 }, 0666 },
            { "console", { 5, 1 }, 0600 },
            { "ptmx", { 5, 2 }, 0666 },
        };

        struct link_description
        {
            const char *name;
            const char *target;
        };

        constexpr link_description device_links[] = {
            { "fd", "/proc/self/fd" },
            { "stdin", "/proc/self/fd/0" },
            { "stdout", "/proc/self/fd/1" },
            { "stderr", "/proc/self/fd/2" },
        };

        /// A directory of that name, there or made.
        result<reference<memory_directory>> need_directory(memory_directory &where, text name, uint64_t now)
        {
            if (directory_entry *entry = where.entry_of(name))
            {
                directory *folder = as_directory(*entry->target);
                if (folder == nullptr)
                {
                    return error::enotdir;
                }
                return reference<memory_directory> { static_cast<memory_directory *>(folder) };
            }
            reference<memory_directory> made = make_directory(where.home, now);
            if (!made)
            {
                return error::enospc;
            }
            made->permissions  = 0755;
            const status added = where.add(name, reference<inode> { made.get() });
            return added ? result<reference<memory_directory>> { made } : result<reference<memory_directory>> { added.reason };
        }

        status fill_devices(memory_directory &folder, uint64_t now)
        {
            for (const device_description &each : devices)
            {
                const reference<inode> node = make_device_node(inode_kind::character_device, folder.home, each.number, now);
                if (!node)
                {
                    return error::enospc;
                }
                node->permissions  = each.permissions;
                const status added = folder.add(each.name, node);
                if (!added)
                {
                    return added;
                }
            }
            for (const link_description &each : device_links)
            {
                const reference<inode> link  = make_symbolic_link(folder.home, each.target, now);
                const status           added = link ? folder.add(each.name, link) : status { error::enospc };
                if (!added)
                {
                    return added;
                }
            }
            return {};
        }

        status mount_at(memory_directory &where, text name, const reference<directory> &root, uint64_t now)
        {
            const result<reference<memory_directory>> place = need_directory(where, name, now);
            if (!place)
            {
                return place.reason;
            }
            mount(root, **place);
            return {};
        }

        status build(const uint8_t *archive, word archive_size, console_device &console, uint64_t now)
        {
            const reference<memory_directory> root      = make_root(files->root_system, now);
            const reference<memory_directory> dev       = make_root(files->device_system, now);
            const reference<memory_directory> terminals = make_root(files->terminal_system, now);
            const reference<memory_directory> tmp       = make_root(files->temporary_system, now);
            const reference<directory>        proc      = make_process_root(files->process_system, now);
            files->console = reference<terminal> { runtime::create<terminal>(0, &console) };
            if (!root || !dev || !terminals || !tmp || !proc || !files->console)
            {
                return error::enomem;
            }
            tmp->permissions = 01777;
            files->terminals.push_back(*files->console);
            files->root             = reference<directory> { root.get() };
            files->pseudo_terminals = reference<directory> { terminals.get() };
            status done             = fill_devices(*dev, now);
            if (done)
            {
                done = mount_at(*dev, "pts", files->pseudo_terminals, now);
            }
            if (done)
            {
                done = mount_at(*root, "dev", reference<directory> { dev.get() }, now);
            }
            if (done)
            {
                done = mount_at(*root, "proc", proc, now);
            }
            if (done)
            {
                done = mount_at(*root, "tmp", reference<directory> { tmp.get() }, now);
            }
            // What the archive has for these places is hidden.
            return done ? load_archive(archive, archive_size, root) : done;
        }

        void release_context(directory_context *context)
        {
            if (context != nullptr && --context->users == 0)
            {
                runtime::destroy(context);
            }
        }

        void release_table(descriptor_table *table)
        {
            if (table != nullptr && --table->users == 0)
            {
                table->close_all();
                runtime::destroy(table);
            }
        }

        descriptor_table *copy_of(const descriptor_table &table)
        {
            auto *copy = runtime::create<descriptor_table>();
            if (copy != nullptr && !copy->copy_from(table))
            {
                release_table(copy);
                return nullptr;
            }
            return copy;
        }

        directory_context *copy_of(const directory_context &context)
        {
            auto *copy = runtime::create<directory_context>();
            if (copy != nullptr)
            {
                copy->root    = context.root;
                copy->working = context.working;
                copy->mask    = context.mask;
            }
            return copy;
        }
    }

    status start_files(const uint8_t *archive, word archive_size, console_device &console)
    {
        files = runtime::create<file_server>();
        if (files == nullptr)
        {
            return error::enomem;
        }
        // Half of the memory for files in each of the two places where there may be many; few elsewhere.
        constexpr size_t   least_pages     = 1024;
        constexpr size_t   bytes_per_inode = 16 * 1024;
        const word         memory          = describe_memory().total;
        const size_t       pages           = runtime::maximum(memory / 2 / page_size, least_pages);
        const size_t       inodes          = runtime::maximum(memory / bytes_per_inode, least_pages);
        file_system *const all[]           = { &files->root_system, &files->temporary_system, &files->device_system, &files->process_system,
                      &files->pipe_system, &files->anonymous_system, &files->terminal_system };
        for (file_system *each : all)
        {
            each->page_limit  = pages;
            each->inode_limit = inodes;
        }
        return build(archive, archive_size, console, read_clocks().real_time);
    }

    void console_input(const uint8_t *data, word size)
    {
        files->console->type(data, size);
    }

    void console_writable()
    {
        files->console->drain();
    }

    status open_first_files(process_state &process)
    {
        process.descriptors = runtime::create<descriptor_table>();
        process.directories = runtime::create<directory_context>();
        const reference<inode> node
            = make_device_node(inode_kind::character_device, files->device_system, { 5, 1 }, read_clocks().real_time);
        const reference<open_file> file = node ? make_terminal_file(node, files->console, open_flag::read_write | open_flag::large_file)
                                               : reference<open_file> {};
        bool done = process.descriptors != nullptr && process.directories != nullptr && file;
        for (int32_t number = 0; done && number < 3; ++number)
        {
            done = static_cast<bool>(process.descriptors->put(number, file, false));
        }
        if (!done)
        {
            release_files(process);
            return error::enomem;
        }
        node->permissions            = 0620;
        node->link_count             = 1;
        process.directories->root    = files->root;
        process.directories->working = files->root;
        files->console->session      = process.session;
        files->console->foreground   = process.group;
        return {};
    }

    status inherit_files(const process_state &from, process_state &to, bool share_descriptors, bool share_directories)
    {
        to.descriptors = share_descriptors ? from.descriptors : copy_of(*from.descriptors);
        to.directories = share_directories ? from.directories : copy_of(*from.directories);
        from.descriptors->users += share_descriptors;
        from.directories->users += share_directories;
        if (to.descriptors == nullptr || to.directories == nullptr)
        {
            release_table(to.descriptors);
            release_context(to.directories);
            to.descriptors = nullptr;
            to.directories = nullptr;
            return error::enomem;
        }
        return {};
    }

    void close_on_exec(process_state &process)
    {
        process.descriptors->close_marked();
    }

    status unshare_files(process_state &process)
    {
        if (process.descriptors->users > 1)
        {
            descriptor_table *own = copy_of(*process.descriptors);
            if (own == nullptr)
            {
                return error::enomem;
            }
            release_table(process.descriptors);
            process.descriptors = own;
        }
        if (process.directories->users > 1)
        {
            directory_context *own = copy_of(*process.directories);
            if (own == nullptr)
            {
                return error::enomem;
            }
            release_context(process.directories);
            process.directories = own;
        }
        return {};
    }

    void release_files(process_state &process)
    {
        release_table(process.descriptors);
        release_context(process.directories);
        process.descriptors = nullptr;
        process.directories = nullptr;
        if (process.identifier == process.session)
        {
            if (const reference<terminal> controlled = controlling_terminal(process.session))
            {
                controlled->hang_up();
            }
        }
    }

    namespace
    {
        /// A handler's view of a process that makes no call of its own: lookups need no more.
        result<reference<inode>> find_for(const process_state &process, int32_t descriptor, text path, word flags)
        {
            const directory_context &context = *process.directories;
            reference<directory>     base    = context.working;
            if (path.length == 0 || path.characters[0] != '/')
            {
                if (descriptor != at_working_directory)
                {
                    const open_file *file = process.descriptors->find(descriptor);
                    if (file == nullptr)
                    {
                        return error::ebadf;
                    }
                    if (path.length == 0 && (flags & at_flag::empty_path) != 0)
                    {
                        return file->node;
                    }
                    directory *folder = as_directory(*file->node);
                    if (folder == nullptr)
                    {
                        return error::enotdir;
                    }
                    base = reference<directory> { folder };
                }
            }
            const lookup       search { process, process.who, context };
            result<found_path> found = search.find_existing(base, path, (flags & at_flag::symlink_no_follow) == 0);
            return found ? result<reference<inode>> { runtime::move(found->target) } : result<reference<inode>> { found.reason };
        }
    }

    inode *acquire(inode &file)
    {
        return reference<inode> { &file }.leave();
    }

    void release(inode &file)
    {
        reference<inode>::take_back(&file);
    }

    result<inode *> open_executable(process_state &process, int32_t directory, const char *path, word flags)
    {
        if ((flags & ~word { at_flag::symlink_no_follow | at_flag::empty_path }) != 0)
        {
            return error::einval;
        }
        const result<reference<inode>> found = find_for(process, directory, path, flags);
        if (!found)
        {
            return found.reason;
        }
        inode &file = **found;
        if (file.kind == inode_kind::symbolic_link)
        {
            return error::eloop;
        }
        if (file.kind != inode_kind::regular || !may_access(file, process.who, access_right::execute))
        {
            return error::eacces;
        }
        return acquire(file);
    }

    result<inode *> file_for_mapping(process_state &process, int32_t descriptor, bool shared, bool writable)
    {
        const open_file *file = process.descriptors->find(descriptor);
        if (file == nullptr || (file->flags & open_flag::path) != 0)
        {
            return error::ebadf;
        }
        if (!file->can_read() || (shared && writable && !file->can_write()))
        {
            return error::eacces;
        }
        // Pages of files are no memory objects yet: changes by one could not be seen by another.
        if (file->node->kind != inode_kind::regular || (shared && writable))
        {
            return error::enodev;
        }
        return acquire(*file->node);
    }

    result<word> read_file(inode &file, word offset, void *buffer, word size)
    {
        const regular_file *regular = as_regular_file(file);
        if (regular == nullptr)
        {
            return error::einval;
        }
        return regular->contents.read(offset, static_cast<uint8_t *>(buffer), size);
    }

    word file_size(const inode &file)
    {
        return file.size();
    }

    word file_version(const inode &file)
    {
        return file.kind == inode_kind::regular ? static_cast<const regular_file &>(file).contents.version() : 0;
    }

    void file_path(const inode &file, char *buffer, word capacity)
    {
        if (capacity == 0)
        {
            return;
        }
        runtime::string path;
        word            length = 0;
        if (append_path(file, nullptr, path))
        {
            length = runtime::minimum(word { path.size() }, capacity - 1);
            memcpy(buffer, path.data(), length);
        }
        buffer[length] = 0;
    }
}
