// Calls that make, copy and close descriptors.

#include "call-support.hpp"
#include "file-server.hpp"
#include "open-kinds.hpp"

namespace posix
{
    namespace
    {
        /// EMFILE before anything is looked up, as Linux has it.
        bool has_free_descriptor(const call &from)
        {
            const descriptor_table &table = descriptors_of(from);
            const word              limit = descriptor_limit(from.process);
            for (size_t i = 0; i < table.slots.size() && i < limit; ++i)
            {
                if (!table.slots[i].file)
                {
                    return true;
                }
            }
            return table.slots.size() < limit;
        }

        uint32_t rights_for(uint32_t flags)
        {
            uint32_t rights = 0;
            switch (flags & open_flag::access_mode)
            {
                case open_flag::read_only : rights = access_right::read; break;
                case open_flag::write_only : rights = access_right::write; break;
                default : rights = access_right::read | access_right::write; break;
            }
            return (flags & open_flag::truncate) != 0 ? rights | access_right::write : rights;
        }

        outcome open_found(call &from, const reference<inode> &node, uint32_t flags, bool is_new)
        {
            const auto &who    = from.process.who;
            const auto  kept   = flags & ~(open_flag::create | open_flag::exclusive | open_flag::no_terminal | open_flag::truncate | open_flag::close_on_exec);
            const bool  closes = (flags & open_flag::close_on_exec) != 0;
            if ((flags & open_flag::path) != 0)
            {
                return add_descriptor(from, make_path_only(node, kept), closes);
            }
            const uint32_t rights = rights_for(flags);
            if (node->kind == inode_kind::symbolic_link)
            {
                return error::eloop;
            }
            if (node->kind == inode_kind::directory && (rights & access_right::write) != 0)
            {
                return error::eisdir;
            }
            if (!is_new)
            {
                if (!may_access(*node, who, rights))
                {
                    return error::eacces;
                }
                if ((flags & open_flag::no_access_time) != 0 && !owns(*node, who))
                {
                    return error::eperm;
                }
            }
            opening opened = open_node(from, node, flags & ~open_flag::close_on_exec);
            if (opened.result.what != outcome::kind::value)
            {
                return opened.result;
            }
            opened.file->flags = kept | open_flag::large_file;
            if (!is_new && (flags & open_flag::truncate) != 0)
            {
                if (regular_file *file = as_regular_file(*node))
                {
                    file->contents.resize(0);
                    drop_privileges_after_write(*file, who);
                    file->touch_modified(to_timestamp(from.now.real_time));
                }
            }
            return add_descriptor(from, runtime::move(opened.file), closes);
        }

        outcome open_at(call &from, int32_t descriptor, word path_address, uint32_t flags, uint32_t mode)
        {
            flags &= open_flag::known;
            if ((flags & open_flag::path) != 0)
            {
                flags &= open_flag::directory | open_flag::no_follow | open_flag::path | open_flag::close_on_exec;
            }
            const bool creates   = (flags & open_flag::create) != 0;
            const bool temporary = (flags & open_flag::temporary) != 0;
            if (creates && (flags & open_flag::directory) != 0)
            {
                return error::einval;
            }
            if (temporary && ((flags & open_flag::directory) == 0 || (rights_for(flags & open_flag::access_mode) & access_right::write) == 0))
            {
                return error::einval;
            }
            path_argument path;
            const status  loaded = path.load(from, path_address);
            if (!loaded)
            {
                return loaded;
            }
            if (!has_free_descriptor(from))
            {
                return error::emfile;
            }
            mode                    &= file_mode::permissions & ~directories_of(from).mask;
            const bool         exclusive = creates && (flags & open_flag::exclusive) != 0;
            const bool         follow    = (flags & open_flag::no_follow) == 0 && !exclusive;
            result<found_path> found     = find_at(from, descriptor, path.path, follow, creates ? end_slashes::refuse : end_slashes::follow);
            if (!found)
            {
                return found.reason;
            }
            if (temporary)
            {
                if (!found->target)
                {
                    return error::enoent;
                }
                directory *where = as_directory(*found->target);
                if (where == nullptr)
                {
                    return error::enotdir;
                }
                const result<reference<inode>> made = change_of(from).create_unnamed(*where, mode);
                return made ? open_found(from, *made, flags, true) : outcome { made.reason };
            }
            if (!found->target)
            {
                if (!creates)
                {
                    return error::enoent;
                }
                const result<reference<inode>> made = change_of(from).create(*found, { inode_kind::regular, mode });
                return made ? open_found(from, *made, flags, true) : outcome { made.reason };
            }
            const bool is_directory = found->target->kind == inode_kind::directory;
            if (exclusive)
            {
                return error::eexist;
            }
            if (creates && is_directory)
            {
                return error::eisdir;
            }
            if (!is_directory && ((flags & open_flag::directory) != 0 || found->trailing_slash))
            {
                return error::enotdir;
            }
            return open_found(from, found->target, flags, false);
        }

        outcome make_pipe(call &from, word address, uint32_t flags)
        {
            if ((flags & ~(open_flag::close_on_exec | open_flag::non_blocking)) != 0)
            {
                return error::einval;
            }
            const reference<inode> node = make_fifo(files->pipe_system, from.now.real_time);
            if (!node)
            {
                return error::enfile;
            }
            node->permissions = 0600;
            node->user        = from.process.who.file_user;
            node->group       = from.process.who.file_group;
            node->link_count  = 1;
            fifo &named       = *as_fifo(*node);
            named.ends        = reference<pipe> { runtime::create<pipe>() };
            if (!named.ends)
            {
                return error::enomem;
            }
            const reference<pipe> ends   = named.ends;
            const uint32_t        kept   = flags & open_flag::non_blocking;
            const bool            closes = (flags & open_flag::close_on_exec) != 0;
            const outcome         reading = add_descriptor(from, make_pipe_end(node, ends, kept | open_flag::read_only), closes);
            if (reading.what == outcome::kind::failure)
            {
                return reading;
            }
            const outcome writing = add_descriptor(from, make_pipe_end(node, ends, kept | open_flag::write_only), closes);
            if (writing.what == outcome::kind::failure)
            {
                descriptors_of(from).remove(static_cast<int32_t>(reading.value));
                return writing;
            }
            const int32_t numbers[2] { static_cast<int32_t>(reading.value), static_cast<int32_t>(writing.value) };
            const status  told = from.memory.copy_out(address, numbers, sizeof(numbers));
            if (!told)
            {
                descriptors_of(from).remove(numbers[0]);
                descriptors_of(from).remove(numbers[1]);
            }
            return told;
        }

        outcome duplicate_at(call &from, uint32_t old_number, uint32_t new_number, bool closes)
        {
            if (new_number >= descriptor_limit(from.process))
            {
                return error::ebadf;
            }
            const reference<open_file> file = descriptors_of(from).get(static_cast<int32_t>(old_number));
            if (!file)
            {
                return error::ebadf;
            }
            const status done = descriptors_of(from).put(static_cast<int32_t>(new_number), file, closes);
            return done ? outcome { word { new_number } } : outcome { done };
        }

        namespace lock_command
        {
            constexpr int32_t get           = 5;
            constexpr int32_t set           = 6;
            constexpr int32_t set_and_wait  = 7;
            constexpr int32_t own_get       = 36;
            constexpr int32_t own_set       = 37;
            constexpr int32_t own_set_and_wait = 38;
        }

        constexpr int16_t lock_for_reading = 0;
        constexpr int16_t lock_for_writing = 1;
        constexpr int16_t unlock           = 2;

        /// fcntl's locks. Those of open files (OFD) belong to the open file, the others to the descriptor table.
        outcome lock_range(call &from, const reference<open_file> &opened, int32_t command)
        {
            const result<linux_file_lock> given = from.memory.read<linux_file_lock>(from.arguments[2]);
            if (!given)
            {
                return given.reason;
            }
            const bool of_file = command >= lock_command::own_get;
            inode     &file    = *opened->node;
            if (of_file && given->process != 0)
            {
                return error::einval;
            }
            int64_t base = 0;
            switch (given->whence)
            {
                case 0 : break;
                case 1 : base = static_cast<int64_t>(opened->offset); break;
                case 2 : base = static_cast<int64_t>(file.size()); break;
                default : return error::einval;
            }
            int64_t start = 0;
            if (__builtin_add_overflow(base, given->start, &start))
            {
                return error::eoverflow;
            }
            if (start < 0)
            {
                return error::einval;
            }
            int64_t end = static_cast<int64_t>(maximum_file_size);
            if (given->length > 0)
            {
                if (__builtin_add_overflow(start, given->length - 1, &end))
                {
                    return error::eoverflow;
                }
            }
            else if (given->length < 0)
            {
                end    = start - 1;
                start += given->length;
                if (start < 0)
                {
                    return error::einval;
                }
            }
            record_lock wanted { static_cast<word>(start), static_cast<word>(end), lock_type::shared, from.process.descriptors, from.process.identifier };
            if (of_file)
            {
                wanted.owner   = opened.get();
                wanted.process = -1;
            }
            const bool asks = command == lock_command::get || command == lock_command::own_get;
            switch (given->type)
            {
                case lock_for_reading : break;
                case lock_for_writing : wanted.type = lock_type::exclusive; break;
                case unlock :
                    if (asks && !of_file)
                    {
                        return error::einval;
                    }
                    if (asks)
                    {
                        break; // for the open file's own lock
                    }
                    return file.locks.clear(wanted.owner, wanted.start, wanted.end);
                default : return error::einval;
            }
            const bool         asks_for_own = asks && given->type == unlock;
            const record_lock *conflict
                = asks_for_own ? file.locks.own(wanted.owner, wanted.start, wanted.end) : file.locks.conflict(wanted);
            if (asks)
            {
                linux_file_lock told = *given;
                told.type            = unlock;
                if (conflict != nullptr)
                {
                    told.type    = conflict->type == lock_type::shared ? lock_for_reading : lock_for_writing;
                    told.whence  = 0;
                    told.start   = static_cast<int64_t>(conflict->start);
                    told.length  = conflict->end == maximum_file_size ? 0 : static_cast<int64_t>(conflict->end - conflict->start + 1);
                    told.process = conflict->process;
                }
                return from.memory.write(from.arguments[2], told);
            }
            if ((wanted.type == lock_type::shared && !opened->can_read()) || (wanted.type == lock_type::exclusive && !opened->can_write()))
            {
                return error::ebadf;
            }
            if (conflict == nullptr)
            {
                return file.locks.set(wanted);
            }
            if (command != lock_command::set_and_wait && command != lock_command::own_set_and_wait)
            {
                return error::eagain;
            }
            const status joined = from.wait.join(file.locks.changed);
            return joined ? wait_until_woken : outcome { joined };
        }
    }

    outcome call_open(call &from)
    {
        return open_at(from, at_working_directory, from.arguments[0], unsigned_argument(from, 1), unsigned_argument(from, 2));
    }

    outcome call_openat(call &from)
    {
        return open_at(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2), unsigned_argument(from, 3));
    }

    outcome call_creat(call &from)
    {
        return open_at(from, at_working_directory, from.arguments[0], open_flag::create | open_flag::write_only | open_flag::truncate,
            unsigned_argument(from, 1));
    }

    outcome call_close(call &from)
    {
        if (!any_file(from, 0))
        {
            return error::ebadf;
        }
        descriptors_of(from).remove(int_argument(from, 0));
        return word { 0 };
    }

    outcome call_close_range(call &from)
    {
        constexpr uint32_t close_on_exec = 4;

        const uint32_t first = unsigned_argument(from, 0);
        const uint32_t last  = unsigned_argument(from, 1);
        const uint32_t flags = unsigned_argument(from, 2);
        if ((flags & ~close_on_exec) != 0 || first > last)
        {
            return error::einval;
        }
        descriptor_table &table = descriptors_of(from);
        for (size_t i = first; i <= last && i < table.slots.size(); ++i)
        {
            if (!table.slots[i].file)
            {
                continue;
            }
            if (flags != 0)
            {
                table.slots[i].close_on_exec = true;
            }
            else
            {
                table.remove(static_cast<int32_t>(i));
            }
        }
        return word { 0 };
    }

    outcome call_dup(call &from)
    {
        reference<open_file> file = any_file(from, 0);
        return file ? add_descriptor(from, runtime::move(file), false) : outcome { error::ebadf };
    }

    outcome call_dup2(call &from)
    {
        const uint32_t old_number = unsigned_argument(from, 0);
        const uint32_t new_number = unsigned_argument(from, 1);
        if (old_number == new_number)
        {
            return any_file(from, 0) ? outcome { word { new_number } } : outcome { error::ebadf };
        }
        return duplicate_at(from, old_number, new_number, false);
    }

    outcome call_dup3(call &from)
    {
        const uint32_t flags = unsigned_argument(from, 2);
        if ((flags & ~open_flag::close_on_exec) != 0 || unsigned_argument(from, 0) == unsigned_argument(from, 1))
        {
            return error::einval;
        }
        return duplicate_at(from, unsigned_argument(from, 0), unsigned_argument(from, 1), flags != 0);
    }

    outcome call_fcntl(call &from)
    {
        constexpr int32_t duplicate               = 0;
        constexpr int32_t get_descriptor_flags    = 1;
        constexpr int32_t set_descriptor_flags    = 2;
        constexpr int32_t get_flags               = 3;
        constexpr int32_t set_flags               = 4;
        constexpr int32_t duplicate_close_on_exec = 1030;
        constexpr int32_t set_pipe_size           = 1031;
        constexpr int32_t get_pipe_size           = 1032;
        constexpr word    pipe_size               = pipe::slot_count * page_size;

        const reference<open_file> file = any_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        const int32_t command = int_argument(from, 1);
        bool         &closes  = descriptors_of(from).slots[unsigned_argument(from, 0)].close_on_exec;
        switch (command)
        {
            case duplicate :
            case duplicate_close_on_exec :
            {
                const word limit = descriptor_limit(from.process);
                if (unsigned_argument(from, 2) >= limit)
                {
                    return error::einval;
                }
                return descriptors_of(from).add(file, command == duplicate_close_on_exec, unsigned_argument(from, 2), limit);
            }
            case get_descriptor_flags : return word { closes };
            case set_descriptor_flags : closes = (from.arguments[2] & 1) != 0; return word { 0 };
            case get_flags : return word { file->flags };
            default : break;
        }
        if ((file->flags & open_flag::path) != 0)
        {
            return error::ebadf;
        }
        switch (command)
        {
            case set_flags :
            {
                const uint32_t wanted = unsigned_argument(from, 2);
                if ((wanted & ~file->flags & open_flag::no_access_time) != 0 && !owns(*file->node, from.process.who))
                {
                    return error::eperm;
                }
                constexpr uint32_t served = open_flag::changeable & ~open_flag::direct;
                file->flags               = (file->flags & ~served) | (wanted & served);
                return word { 0 };
            }
            case lock_command::get :
            case lock_command::set :
            case lock_command::set_and_wait :
            case lock_command::own_get :
            case lock_command::own_set :
            case lock_command::own_set_and_wait : return lock_range(from, file, command);
            case get_pipe_size : return file->node->kind == inode_kind::fifo ? outcome { pipe_size } : outcome { error::ebadf };
            case set_pipe_size :
                if (file->node->kind != inode_kind::fifo)
                {
                    return error::ebadf;
                }
                return unsigned_argument(from, 2) <= pipe_size ? outcome { pipe_size } : outcome { error::eperm };
            default : return error::einval;
        }
    }

    outcome call_flock(call &from)
    {
        constexpr uint32_t shared    = 1;
        constexpr uint32_t exclusive = 2;
        constexpr uint32_t no_wait   = 4;
        constexpr uint32_t release   = 8;

        const uint32_t operation = unsigned_argument(from, 1);
        const uint32_t wanted    = operation & ~no_wait;
        if (wanted != shared && wanted != exclusive && wanted != release)
        {
            return error::einval;
        }
        const reference<open_file> opened = usable_file(from, 0);
        if (!opened)
        {
            return error::ebadf;
        }
        inode &file = *opened->node;
        if (wanted == release)
        {
            file.whole_locks.release(opened.get());
            return word { 0 };
        }
        if (!opened->can_read() && !opened->can_write())
        {
            return error::ebadf;
        }
        const record_lock lock { 0, maximum_file_size, wanted == shared ? lock_type::shared : lock_type::exclusive, opened.get(), 0 };
        if (file.whole_locks.conflict(lock) == nullptr)
        {
            return file.whole_locks.set(lock);
        }
        if ((operation & no_wait) != 0)
        {
            return error::eagain;
        }
        const status joined = from.wait.join(file.whole_locks.changed);
        return joined ? wait_until_woken : outcome { joined };
    }

    outcome call_pipe(call &from)
    {
        return make_pipe(from, from.arguments[0], 0);
    }

    outcome call_pipe2(call &from)
    {
        return make_pipe(from, from.arguments[0], unsigned_argument(from, 1));
    }

    outcome call_memfd_create(call &from)
    {
        constexpr uint32_t close_on_exec = 1;
        constexpr uint32_t may_seal      = 2;
        constexpr word     name_limit    = 250; // with the zero byte

        const uint32_t flags = unsigned_argument(from, 1);
        if ((flags & ~(close_on_exec | may_seal)) != 0)
        {
            return error::einval;
        }
        char               name[name_limit];
        const result<word> length = from.memory.copy_string(name, from.arguments[0], name_limit, error::einval);
        if (!length)
        {
            return length.reason;
        }
        const reference<inode> node = make_regular_file(files->temporary_system, from.now.real_time);
        if (!node)
        {
            return error::enospc;
        }
        node->permissions = 0777;
        node->user        = from.process.who.file_user;
        node->group       = from.process.who.file_group;
        return add_descriptor(
            from, make_regular_open_file(node, open_flag::read_write | open_flag::large_file), (flags & close_on_exec) != 0);
    }
}
