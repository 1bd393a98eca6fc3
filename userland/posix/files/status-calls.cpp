// Calls that tell about files.

#include "call-support.hpp"
#include "file-server.hpp"

namespace posix
{
    namespace
    {
        outcome write_stat(call &from, const result<reference<inode>> &file, word address)
        {
            if (!file)
            {
                return file.reason;
            }
            linux_stat filled;
            fill_stat(**file, filled);
            return from.memory.write(address, filled);
        }

        outcome check_access(call &from, int32_t descriptor, word path, uint32_t rights, uint32_t flags)
        {
            constexpr uint32_t known = at_flag::effective_access | at_flag::symlink_no_follow | at_flag::empty_path;
            if ((rights & ~7u) != 0 || (flags & ~known) != 0)
            {
                return error::einval;
            }
            credentials who = from.process.who;
            if ((flags & at_flag::effective_access) == 0)
            {
                who.file_user  = who.user;
                who.file_group = who.group;
            }
            path_argument loaded_path;
            const status  loaded = loaded_path.load(from, path);
            if (!loaded)
            {
                return loaded;
            }
            reference<inode> file;
            if (loaded_path.path.length == 0 && (flags & at_flag::empty_path) != 0)
            {
                const result<reference<inode>> own = find_file(from, descriptor, path, true, true);
                if (!own)
                {
                    return own.reason;
                }
                file = *own;
            }
            else
            {
                const result<reference<directory>> base = base_directory(from, descriptor, loaded_path.path);
                if (!base)
                {
                    return base.reason;
                }
                const lookup             search { from.process, who, directories_of(from) };
                const result<found_path> found = search.find_existing(*base, loaded_path.path, (flags & at_flag::symlink_no_follow) == 0);
                if (!found)
                {
                    return found.reason;
                }
                file = found->target;
            }
            return may_access(*file, who, rights) ? outcome { word { 0 } } : outcome { error::eacces };
        }

        outcome read_link_at(call &from, int32_t descriptor, word path_address, word buffer, int32_t size)
        {
            if (size <= 0)
            {
                return error::einval;
            }
            path_argument path;
            const status  loaded = path.load(from, path_address);
            if (!loaded)
            {
                return loaded;
            }
            // An empty path is a link that was opened as a path.
            const result<reference<inode>> file = find_file(from, descriptor, path_address, false, true);
            if (!file)
            {
                return file.reason;
            }
            const bool is_link = (*file)->kind == inode_kind::symbolic_link;
            if (path.path.length == 0 && (descriptor == at_working_directory || !is_link))
            {
                return error::enoent;
            }
            if (!is_link)
            {
                return error::einval;
            }
            const result<runtime::string> target = (*file)->link_target(from.process);
            if (!target)
            {
                return target.reason;
            }
            const word   length = runtime::minimum(word { target->size() }, static_cast<word>(size));
            const status copied = from.memory.copy_out(buffer, target->data(), length);
            return copied ? outcome { length } : outcome { copied };
        }

        outcome write_statfs(call &from, const inode &file, word address)
        {
            const file_system &home = file.home;
            linux_statfs       filled {};
            filled.type             = home.magic;
            filled.block_size       = page_size;
            filled.blocks           = static_cast<int64_t>(home.page_limit);
            filled.blocks_free      = static_cast<int64_t>(home.page_limit - home.pages);
            filled.blocks_available = filled.blocks_free;
            filled.files            = static_cast<int64_t>(home.inode_limit);
            filled.files_free       = static_cast<int64_t>(home.inode_limit - runtime::minimum(home.inodes, home.inode_limit));
            filled.identifier[0]    = static_cast<int32_t>(home.device_minor);
            filled.name_length      = name_capacity;
            filled.fragment_size    = page_size;
            filled.flags            = 0x20; // ST_VALID
            return from.memory.write(address, filled);
        }
    }

    outcome call_stat(call &from)
    {
        return write_stat(from, find_file(from, at_working_directory, from.arguments[0], true), from.arguments[1]);
    }

    outcome call_lstat(call &from)
    {
        return write_stat(from, find_file(from, at_working_directory, from.arguments[0], false), from.arguments[1]);
    }

    outcome call_fstat(call &from)
    {
        const reference<open_file> file = any_file(from, 0);
        return file ? write_stat(from, file->node, from.arguments[1]) : outcome { error::ebadf };
    }

    outcome call_newfstatat(call &from)
    {
        const uint32_t     flags = unsigned_argument(from, 3);
        constexpr uint32_t known = at_flag::symlink_no_follow | at_flag::no_automount | at_flag::empty_path | at_flag::statx_sync;
        if ((flags & ~known) != 0)
        {
            return error::einval;
        }
        return write_stat(from,
            find_file(from, int_argument(from, 0), from.arguments[1], (flags & at_flag::symlink_no_follow) == 0,
                (flags & at_flag::empty_path) != 0),
            from.arguments[2]);
    }

    outcome call_statx(call &from)
    {
        const uint32_t     flags    = unsigned_argument(from, 2);
        const uint32_t     mask     = unsigned_argument(from, 3);
        constexpr uint32_t known    = at_flag::symlink_no_follow | at_flag::no_automount | at_flag::empty_path | at_flag::statx_sync;
        constexpr uint32_t reserved = 0x8000'0000;
        if ((flags & ~known) != 0 || (mask & reserved) != 0 || (flags & at_flag::statx_sync) == at_flag::statx_sync)
        {
            return error::einval;
        }
        const result<reference<inode>> found = find_file(
            from, int_argument(from, 0), from.arguments[1], (flags & at_flag::symlink_no_follow) == 0, (flags & at_flag::empty_path) != 0);
        if (!found)
        {
            return found.reason;
        }
        const inode &file    = **found;
        const auto   convert = [](timestamp time) { return linux_statx_time { time.seconds, time.nanoseconds, 0 }; };

        constexpr uint32_t basic = 0x7ff;
        linux_statx        filled {};
        filled.mask              = basic;
        filled.block_size        = page_size;
        filled.link_count        = file.link_count;
        filled.user              = file.user;
        filled.group             = file.group;
        filled.mode              = static_cast<uint16_t>(file.mode());
        filled.inode             = file.number;
        filled.size              = file.size();
        filled.blocks            = file.blocks();
        filled.accessed          = convert(file.accessed);
        filled.changed           = convert(file.changed);
        filled.modified          = convert(file.modified);
        filled.represented_major = file.device.major;
        filled.represented_minor = file.device.minor;
        filled.device_minor      = file.home.device_minor;
        return from.memory.write(from.arguments[4], filled);
    }

    outcome call_statfs(call &from)
    {
        const result<reference<inode>> file = find_file(from, at_working_directory, from.arguments[0], true);
        return file ? write_statfs(from, **file, from.arguments[1]) : outcome { file.reason };
    }

    outcome call_fstatfs(call &from)
    {
        const reference<open_file> file = any_file(from, 0);
        return file ? write_statfs(from, *file->node, from.arguments[1]) : outcome { error::ebadf };
    }

    outcome call_access(call &from)
    {
        return check_access(from, at_working_directory, from.arguments[0], unsigned_argument(from, 1), 0);
    }

    outcome call_faccessat(call &from)
    {
        return check_access(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2), 0);
    }

    outcome call_faccessat2(call &from)
    {
        return check_access(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2), unsigned_argument(from, 3));
    }

    outcome call_readlink(call &from)
    {
        return read_link_at(from, at_working_directory, from.arguments[0], from.arguments[1], int_argument(from, 2));
    }

    outcome call_readlinkat(call &from)
    {
        return read_link_at(from, int_argument(from, 0), from.arguments[1], from.arguments[2], int_argument(from, 3));
    }
}
