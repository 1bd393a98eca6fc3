// Calls that change names and attributes.

#include "call-support.hpp"

namespace posix
{
    namespace
    {
        constexpr bool follow    = true;
        constexpr bool no_follow = false;

        /// Where a new name is to be. A directory's may end with slashes.
        result<found_path> find_place(call &from, int32_t descriptor, text path, bool is_directory)
        {
            result<found_path> place = find_at(from, descriptor, path, no_follow, end_slashes::keep);
            if (!place)
            {
                return place;
            }
            if (place->last != last_part::name || place->target)
            {
                return error::eexist;
            }
            if (place->trailing_slash && !is_directory)
            {
                return error::enoent;
            }
            return place;
        }

        outcome create_at(call &from, int32_t descriptor, word path_address, const new_file &wanted)
        {
            path_argument path;
            const status  loaded = path.load(from, path_address);
            if (!loaded)
            {
                return loaded;
            }
            const result<found_path> place = find_place(from, descriptor, path.path, wanted.kind == inode_kind::directory);
            if (!place)
            {
                return place.reason;
            }
            const result<reference<inode>> made = change_of(from).create(*place, wanted);
            return made ? outcome { word { 0 } } : outcome { made.reason };
        }

        outcome make_directory_at(call &from, int32_t descriptor, word path, uint32_t mode)
        {
            return create_at(from, descriptor, path, { inode_kind::directory, mode & 01777 & ~directories_of(from).mask });
        }

        outcome make_node_at(call &from, int32_t descriptor, word path, uint32_t mode, uint64_t device)
        {
            new_file wanted { inode_kind::regular, mode & file_mode::permissions & ~directories_of(from).mask, device_number::decode(device) };
            switch (mode & file_mode::type_mask)
            {
                case 0 :
                case file_mode::regular : break;
                case file_mode::fifo : wanted.kind = inode_kind::fifo; break;
                case file_mode::socket : wanted.kind = inode_kind::socket; break;
                case file_mode::character_device : wanted.kind = inode_kind::character_device; break;
                case file_mode::block_device : wanted.kind = inode_kind::block_device; break;
                case file_mode::directory : return error::eperm;
                default : return error::einval;
            }
            const bool is_device = wanted.kind == inode_kind::character_device || wanted.kind == inode_kind::block_device;
            if (!is_device)
            {
                wanted.device = {};
            }
            else if (!from.process.who.is_root() && !(wanted.kind == inode_kind::character_device && device == 0)) // a whiteout is anybody's
            {
                path_argument loaded_path;
                const status  loaded = loaded_path.load(from, path);
                if (!loaded)
                {
                    return loaded;
                }
                const result<found_path> place = find_place(from, descriptor, loaded_path.path, false);
                return place ? error::eperm : place.reason;
            }
            return create_at(from, descriptor, path, wanted);
        }

        outcome make_link_at(call &from, word target_address, int32_t descriptor, word path)
        {
            path_argument target;
            const status  loaded = target.load(from, target_address);
            if (!loaded)
            {
                return loaded;
            }
            if (target.path.length == 0)
            {
                return error::enoent;
            }
            return create_at(from, descriptor, path, { inode_kind::symbolic_link, 0777, {}, target.path });
        }

        outcome link_at(call &from, int32_t old_base, word old_path, int32_t new_base, word new_path, uint32_t flags)
        {
            if ((flags & ~(at_flag::symlink_follow | at_flag::empty_path)) != 0)
            {
                return error::einval;
            }
            const result<reference<inode>> file
                = find_file(from, old_base, old_path, (flags & at_flag::symlink_follow) != 0, (flags & at_flag::empty_path) != 0);
            if (!file)
            {
                return file.reason;
            }
            path_argument path;
            const status  loaded = path.load(from, new_path);
            if (!loaded)
            {
                return loaded;
            }
            const result<found_path> place = find_place(from, new_base, path.path, false);
            if (!place)
            {
                return place.reason;
            }
            return change_of(from).link(*file, *place);
        }

        outcome unlink_at(call &from, int32_t descriptor, word path_address, bool is_directory)
        {
            path_argument path;
            const status  loaded = path.load(from, path_address);
            if (!loaded)
            {
                return loaded;
            }
            const result<found_path> place = find_at(from, descriptor, path.path, no_follow, end_slashes::keep);
            if (!place)
            {
                return place.reason;
            }
            return is_directory ? change_of(from).remove_directory(*place) : change_of(from).unlink(*place);
        }

        result<found_path> find_parent_at(call &from, int32_t descriptor, text path)
        {
            const result<reference<directory>> base = base_directory(from, descriptor, path);
            return base ? lookup_of(from).find_parent(*base, path, no_follow, end_slashes::keep) : result<found_path> { base.reason };
        }

        outcome rename_at(call &from, int32_t old_base, word old_path, int32_t new_base, word new_path, uint32_t flags)
        {
            if ((flags & ~(rename_no_replace | rename_exchange)) != 0 || flags == (rename_no_replace | rename_exchange))
            {
                return error::einval;
            }
            path_argument path;
            status        loaded = path.load(from, old_path);
            if (!loaded)
            {
                return loaded;
            }
            const result<found_path> source = find_parent_at(from, old_base, path.path);
            if (!source)
            {
                return source.reason;
            }
            loaded = path.load(from, new_path);
            if (!loaded)
            {
                return loaded;
            }
            const result<found_path> destination = find_parent_at(from, new_base, path.path);
            if (!destination)
            {
                return destination.reason;
            }
            return change_of(from).rename(*source, *destination, flags);
        }

        outcome change_mode_at(call &from, int32_t descriptor, word path, uint32_t mode, uint32_t flags)
        {
            if ((flags & ~(at_flag::symlink_no_follow | at_flag::empty_path)) != 0)
            {
                return error::einval;
            }
            const result<reference<inode>> file
                = find_file(from, descriptor, path, (flags & at_flag::symlink_no_follow) == 0, (flags & at_flag::empty_path) != 0);
            if (!file)
            {
                return file.reason;
            }
            if ((*file)->kind == inode_kind::symbolic_link)
            {
                return error::eopnotsupp;
            }
            return change_of(from).change_mode(**file, mode);
        }

        outcome change_owner_at(call &from, int32_t descriptor, word path, uint32_t user, uint32_t group, uint32_t flags)
        {
            if ((flags & ~(at_flag::symlink_no_follow | at_flag::empty_path)) != 0)
            {
                return error::einval;
            }
            const result<reference<inode>> file
                = find_file(from, descriptor, path, (flags & at_flag::symlink_no_follow) == 0, (flags & at_flag::empty_path) != 0);
            return file ? outcome { change_of(from).change_owner(**file, user, group) } : outcome { file.reason };
        }

        constexpr int64_t time_now  = (1 << 30) - 1;
        constexpr int64_t time_omit = (1 << 30) - 2;

        struct new_times
        {
            linux_timespec accessed { 0, time_now };
            linux_timespec modified { 0, time_now };
        };

        bool is_valid(const linux_timespec &time)
        {
            const bool special = time.nanoseconds == time_now || time.nanoseconds == time_omit;
            return special || (time.nanoseconds >= 0 && time.nanoseconds < 1'000'000'000);
        }

        status set_times(call &from, inode &file, const new_times &times)
        {
            if (!is_valid(times.accessed) || !is_valid(times.modified))
            {
                return error::einval;
            }
            const auto &who      = from.process.who;
            const bool  both_now = times.accessed.nanoseconds == time_now && times.modified.nanoseconds == time_now;
            if (!owns(file, who))
            {
                if (!both_now)
                {
                    return error::eperm;
                }
                if (!may_access(file, who, access_right::write))
                {
                    return error::eacces;
                }
            }
            const timestamp now = to_timestamp(from.now.real_time);
            const auto      set = [now](timestamp &changed, const linux_timespec &wanted) {
                if (wanted.nanoseconds == time_now)
                {
                    changed = now;
                }
                else if (wanted.nanoseconds != time_omit)
                {
                    changed = { wanted.seconds, static_cast<uint32_t>(wanted.nanoseconds) };
                }
            };
            set(file.accessed, times.accessed);
            set(file.modified, times.modified);
            file.changed = now;
            return {};
        }

        /// As utimes and futimesat have them: microseconds.
        result<new_times> read_microseconds(call &from, word address)
        {
            new_times times;
            if (address == 0)
            {
                return times;
            }
            linux_timeval given[2];
            const status  copied = from.memory.copy_in(given, address, sizeof(given));
            if (!copied)
            {
                return copied.reason;
            }
            for (const linux_timeval &each : given)
            {
                if (each.microseconds < 0 || each.microseconds >= 1'000'000)
                {
                    return error::einval;
                }
            }
            times.accessed = { given[0].seconds, given[0].microseconds * 1000 };
            times.modified = { given[1].seconds, given[1].microseconds * 1000 };
            return times;
        }

        outcome set_times_at(call &from, int32_t descriptor, word path, const result<new_times> &times)
        {
            if (!times)
            {
                return times.reason;
            }
            if (path == 0)
            {
                const reference<open_file> file = descriptors_of(from).get(descriptor);
                return file ? outcome { set_times(from, *file->node, *times) } : outcome { error::ebadf };
            }
            const result<reference<inode>> file = find_file(from, descriptor, path, follow);
            return file ? outcome { set_times(from, **file, *times) } : outcome { file.reason };
        }
    }

    outcome call_mkdir(call &from)
    {
        return make_directory_at(from, at_working_directory, from.arguments[0], unsigned_argument(from, 1));
    }

    outcome call_mkdirat(call &from)
    {
        return make_directory_at(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2));
    }

    outcome call_mknod(call &from)
    {
        return make_node_at(from, at_working_directory, from.arguments[0], unsigned_argument(from, 1), unsigned_argument(from, 2));
    }

    outcome call_mknodat(call &from)
    {
        return make_node_at(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2), unsigned_argument(from, 3));
    }

    outcome call_symlink(call &from)
    {
        return make_link_at(from, from.arguments[0], at_working_directory, from.arguments[1]);
    }

    outcome call_symlinkat(call &from)
    {
        return make_link_at(from, from.arguments[0], int_argument(from, 1), from.arguments[2]);
    }

    outcome call_link(call &from)
    {
        return link_at(from, at_working_directory, from.arguments[0], at_working_directory, from.arguments[1], 0);
    }

    outcome call_linkat(call &from)
    {
        return link_at(
            from, int_argument(from, 0), from.arguments[1], int_argument(from, 2), from.arguments[3], unsigned_argument(from, 4));
    }

    outcome call_unlink(call &from)
    {
        return unlink_at(from, at_working_directory, from.arguments[0], false);
    }

    outcome call_rmdir(call &from)
    {
        return unlink_at(from, at_working_directory, from.arguments[0], true);
    }

    outcome call_unlinkat(call &from)
    {
        const uint32_t flags = unsigned_argument(from, 2);
        if ((flags & ~at_flag::remove_directory) != 0)
        {
            return error::einval;
        }
        return unlink_at(from, int_argument(from, 0), from.arguments[1], flags != 0);
    }

    outcome call_rename(call &from)
    {
        return rename_at(from, at_working_directory, from.arguments[0], at_working_directory, from.arguments[1], 0);
    }

    outcome call_renameat(call &from)
    {
        return rename_at(from, int_argument(from, 0), from.arguments[1], int_argument(from, 2), from.arguments[3], 0);
    }

    outcome call_renameat2(call &from)
    {
        return rename_at(
            from, int_argument(from, 0), from.arguments[1], int_argument(from, 2), from.arguments[3], unsigned_argument(from, 4));
    }

    outcome call_chmod(call &from)
    {
        return change_mode_at(from, at_working_directory, from.arguments[0], unsigned_argument(from, 1), 0);
    }

    outcome call_fchmod(call &from)
    {
        const reference<open_file> file = usable_file(from, 0);
        return file ? outcome { change_of(from).change_mode(*file->node, unsigned_argument(from, 1)) } : outcome { error::ebadf };
    }

    outcome call_fchmodat(call &from)
    {
        return change_mode_at(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2), 0);
    }

    outcome call_fchmodat2(call &from)
    {
        return change_mode_at(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2), unsigned_argument(from, 3));
    }

    outcome call_chown(call &from)
    {
        return change_owner_at(from, at_working_directory, from.arguments[0], unsigned_argument(from, 1), unsigned_argument(from, 2), 0);
    }

    outcome call_lchown(call &from)
    {
        return change_owner_at(from, at_working_directory, from.arguments[0], unsigned_argument(from, 1), unsigned_argument(from, 2),
            at_flag::symlink_no_follow);
    }

    outcome call_fchown(call &from)
    {
        const reference<open_file> file = usable_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        return change_of(from).change_owner(*file->node, unsigned_argument(from, 1), unsigned_argument(from, 2));
    }

    outcome call_fchownat(call &from)
    {
        return change_owner_at(from, int_argument(from, 0), from.arguments[1], unsigned_argument(from, 2), unsigned_argument(from, 3),
            unsigned_argument(from, 4));
    }

    outcome call_utimensat(call &from)
    {
        const int32_t  descriptor = int_argument(from, 0);
        const word     path       = from.arguments[1];
        const word     address    = from.arguments[2];
        const uint32_t flags      = unsigned_argument(from, 3);

        new_times times;
        if (address != 0)
        {
            linux_timespec given[2];
            const status   copied = from.memory.copy_in(given, address, sizeof(given));
            if (!copied)
            {
                return copied;
            }
            if (given[0].nanoseconds == time_omit && given[1].nanoseconds == time_omit)
            {
                return word { 0 };
            }
            times = { given[0], given[1] };
        }
        if (path == 0 && descriptor != at_working_directory)
        {
            if (flags != 0)
            {
                return error::einval;
            }
            const reference<open_file> file = usable_file(from, 0);
            return file ? outcome { set_times(from, *file->node, times) } : outcome { error::ebadf };
        }
        if ((flags & ~(at_flag::symlink_no_follow | at_flag::empty_path)) != 0)
        {
            return error::einval;
        }
        const result<reference<inode>> file
            = find_file(from, descriptor, path, (flags & at_flag::symlink_no_follow) == 0, (flags & at_flag::empty_path) != 0);
        return file ? outcome { set_times(from, **file, times) } : outcome { file.reason };
    }

    outcome call_utime(call &from)
    {
        new_times times;
        if (from.arguments[1] != 0)
        {
            int64_t      given[2];
            const status copied = from.memory.copy_in(given, from.arguments[1], sizeof(given));
            if (!copied)
            {
                return copied;
            }
            times = { { given[0], 0 }, { given[1], 0 } };
        }
        const result<reference<inode>> file = find_file(from, at_working_directory, from.arguments[0], follow);
        return file ? outcome { set_times(from, **file, times) } : outcome { file.reason };
    }

    outcome call_utimes(call &from)
    {
        return set_times_at(from, at_working_directory, from.arguments[0], read_microseconds(from, from.arguments[1]));
    }

    outcome call_futimesat(call &from)
    {
        return set_times_at(from, int_argument(from, 0), from.arguments[1], read_microseconds(from, from.arguments[2]));
    }

    outcome call_getcwd(call &from)
    {
        const directory_context &context = directories_of(from);
        if (context.working->link_count == 0)
        {
            return error::enoent;
        }
        runtime::string path;
        const status    built = append_path(*context.working, context.root.get(), path);
        if (!built)
        {
            return built;
        }
        if (!path.append(text { "", 1 }))
        {
            return error::enomem;
        }
        if (path.size() > from.arguments[1])
        {
            return error::erange;
        }
        const status copied = from.memory.copy_out(from.arguments[0], path.data(), path.size());
        return copied ? outcome { word { path.size() } } : outcome { copied };
    }

    namespace
    {
        outcome enter(call &from, const reference<inode> &node, reference<directory> &place)
        {
            directory *folder = as_directory(*node);
            if (folder == nullptr)
            {
                return error::enotdir;
            }
            if (!may_access(*folder, from.process.who, access_right::execute))
            {
                return error::eacces;
            }
            place = reference<directory> { folder };
            return word { 0 };
        }
    }

    outcome call_chdir(call &from)
    {
        const result<reference<inode>> found = find_file(from, at_working_directory, from.arguments[0], follow);
        return found ? enter(from, *found, directories_of(from).working) : outcome { found.reason };
    }

    outcome call_fchdir(call &from)
    {
        const reference<open_file> file = any_file(from, 0);
        return file ? enter(from, file->node, directories_of(from).working) : outcome { error::ebadf };
    }

    outcome call_chroot(call &from)
    {
        const result<reference<inode>> found = find_file(from, at_working_directory, from.arguments[0], follow);
        if (!found)
        {
            return found.reason;
        }
        reference<directory> place;
        const outcome        entered = enter(from, *found, place);
        if (entered.what == outcome::kind::failure)
        {
            return entered;
        }
        if (!from.process.who.is_root())
        {
            return error::eperm;
        }
        directories_of(from).root = place;
        return word { 0 };
    }

    outcome call_umask(call &from)
    {
        directory_context &context = directories_of(from);
        const word         before  = context.mask;
        context.mask               = unsigned_argument(from, 0) & 0777;
        return before;
    }
}
