#include "tree.hpp"

#include "file-server.hpp"

namespace posix
{
    namespace
    {
        constexpr uint32_t unchanged = ~uint32_t { 0 };

        /// Null if names there are not the user's to change, as in /proc.
        memory_directory *as_memory_directory(directory &where)
        {
            return &where.home == &files->process_system ? nullptr : static_cast<memory_directory *>(&where);
        }

        bool is_removed(const directory &where)
        {
            return where.link_count == 0;
        }

        bool is_below(const directory *candidate, const inode *ancestor)
        {
            while (candidate != ancestor)
            {
                const directory *up = candidate->covered != nullptr ? candidate->covered : candidate->parent.get();
                if (up == candidate || up == nullptr)
                {
                    return false;
                }
                candidate = up;
            }
            return true;
        }
    }

    status tree_change::may_create(const directory &where) const
    {
        if (is_removed(where))
        {
            return error::enoent;
        }
        return may_access(where, who, access_right::write | access_right::execute) ? status {} : status { error::eacces };
    }

    status tree_change::may_delete(const directory &where, const inode &victim, bool as_directory) const
    {
        if (!may_access(where, who, access_right::write | access_right::execute))
        {
            return error::eacces;
        }
        if ((where.permissions & file_mode::sticky) != 0 && !owns(victim, who) && !owns(where, who))
        {
            return error::eperm;
        }
        const bool is_directory = victim.kind == inode_kind::directory;
        if (as_directory != is_directory)
        {
            return as_directory ? error::enotdir : error::eisdir;
        }
        return is_removed(where) ? status { error::enoent } : status {};
    }

    void tree_change::own(inode &made, const directory &where, uint32_t permissions) const
    {
        made.permissions = permissions & file_mode::permissions;
        made.user        = who.file_user;
        made.group       = who.file_group;
        if ((where.permissions & file_mode::set_group) != 0)
        {
            made.group = where.group;
            if (made.kind == inode_kind::directory)
            {
                made.permissions |= file_mode::set_group;
            }
            else if ((made.permissions & 02010) == 02010 && who.file_user != 0 && !is_member(who, where.group))
            {
                made.permissions &= ~file_mode::set_group;
            }
        }
    }

    result<reference<inode>> tree_change::create(const found_path &place, const new_file &wanted) const
    {
        directory   &where   = *place.parent;
        const status allowed = may_create(where);
        if (!allowed)
        {
            return allowed.reason;
        }
        memory_directory *folder = as_memory_directory(where);
        if (folder == nullptr)
        {
            return error::eperm;
        }
        reference<inode> made;
        switch (wanted.kind)
        {
            case inode_kind::regular : made = make_regular_file(where.home, real_time); break;
            case inode_kind::directory : made = reference<inode> { make_directory(where.home, real_time).get() }; break;
            case inode_kind::symbolic_link : made = make_symbolic_link(where.home, wanted.link_target, real_time); break;
            case inode_kind::fifo : made = make_fifo(where.home, real_time); break;
            default : made = make_device_node(wanted.kind, where.home, wanted.device, real_time); break;
        }
        if (!made)
        {
            return error::enospc;
        }
        own(*made, where, wanted.kind == inode_kind::symbolic_link ? 0777 : wanted.permissions);
        const status added = folder->add(place.last_name(), made);
        if (!added)
        {
            return added.reason;
        }
        where.touch_modified(to_timestamp(real_time));
        return made;
    }

    result<reference<inode>> tree_change::create_unnamed(directory &where, uint32_t permissions) const
    {
        if (!may_access(where, who, access_right::write | access_right::execute))
        {
            return error::eacces;
        }
        if (as_memory_directory(where) == nullptr)
        {
            return error::eopnotsupp;
        }
        reference<inode> made = make_regular_file(where.home, real_time);
        if (!made)
        {
            return error::enospc;
        }
        own(*made, where, permissions);
        return made;
    }

    status tree_change::link(const reference<inode> &file, const found_path &place) const
    {
        directory &where = *place.parent;
        if (&file->home != &where.home)
        {
            return error::exdev;
        }
        const status allowed = may_create(where);
        if (!allowed)
        {
            return allowed;
        }
        memory_directory *folder = as_memory_directory(where);
        if (file->kind == inode_kind::directory || folder == nullptr)
        {
            return error::eperm;
        }
        const status added = folder->add(place.last_name(), file);
        if (added)
        {
            file->changed = to_timestamp(real_time);
            where.touch_modified(to_timestamp(real_time));
        }
        return added;
    }

    status tree_change::unlink(const found_path &place) const
    {
        if (place.last != last_part::name)
        {
            return error::eisdir;
        }
        if (!place.target)
        {
            return error::enoent;
        }
        if (place.trailing_slash)
        {
            return place.target->kind == inode_kind::directory ? error::eisdir : error::enotdir;
        }
        const status allowed = may_delete(*place.parent, *place.target, false);
        if (!allowed)
        {
            return allowed;
        }
        memory_directory *folder = as_memory_directory(*place.parent);
        if (folder == nullptr)
        {
            return error::eperm;
        }
        folder->remove(*folder->entry_of(place.last_name()));
        place.target->changed = to_timestamp(real_time);
        folder->touch_modified(to_timestamp(real_time));
        return {};
    }

    status tree_change::remove_directory(const found_path &place) const
    {
        switch (place.last)
        {
            case last_part::dot : return error::einval;
            case last_part::dot_dot : return error::enotempty;
            case last_part::root : return error::ebusy;
            case last_part::name : break;
        }
        if (!place.target)
        {
            return error::enoent;
        }
        const status allowed = may_delete(*place.parent, *place.target, true);
        if (!allowed)
        {
            return allowed;
        }
        auto &victim = static_cast<directory &>(*place.target);
        if (victim.covered != nullptr)
        {
            return error::ebusy;
        }
        memory_directory *folder = as_memory_directory(*place.parent);
        if (folder == nullptr)
        {
            return error::eperm;
        }
        if (!static_cast<memory_directory &>(victim).is_empty())
        {
            return error::enotempty;
        }
        folder->remove(*folder->entry_of(place.last_name()));
        victim.changed = to_timestamp(real_time);
        folder->touch_modified(to_timestamp(real_time));
        return {};
    }

    status tree_change::rename(const found_path &from, const found_path &to, uint32_t flags) const
    {
        if (from.parent && to.parent && &from.parent->home != &to.parent->home)
        {
            return error::exdev;
        }
        if (from.last != last_part::name || to.last != last_part::name)
        {
            const bool refused = from.last == last_part::name && (flags & rename_no_replace) != 0;
            return refused ? error::eexist : error::ebusy;
        }
        if (from.name_too_long)
        {
            return error::enametoolong;
        }
        if (!from.target)
        {
            return error::enoent;
        }
        if (to.name_too_long)
        {
            return error::enametoolong;
        }
        const bool exchange = (flags & rename_exchange) != 0;
        if ((flags & rename_no_replace) != 0 && to.target)
        {
            return error::eexist;
        }
        if (exchange && !to.target)
        {
            return error::enoent;
        }
        directory *moved    = as_directory(*from.target);
        directory *replaced = to.target ? as_directory(*to.target) : nullptr;
        if (exchange && replaced == nullptr && to.trailing_slash)
        {
            return error::enotdir;
        }
        if (moved == nullptr && (from.trailing_slash || (!exchange && to.trailing_slash)))
        {
            return error::enotdir;
        }
        if (moved != nullptr && is_below(to.parent.get(), moved))
        {
            return error::einval;
        }
        if (replaced != nullptr && is_below(from.parent.get(), replaced))
        {
            return exchange ? error::einval : error::enotempty;
        }
        if (from.target == to.target)
        {
            return {};
        }
        status allowed = may_delete(*from.parent, *from.target, moved != nullptr);
        if (!allowed)
        {
            return allowed;
        }
        if (!to.target)
        {
            allowed = may_create(*to.parent);
        }
        else
        {
            allowed = may_delete(*to.parent, *to.target, exchange ? replaced != nullptr : moved != nullptr);
        }
        if (!allowed)
        {
            return allowed;
        }
        const bool crosses = !(from.parent == to.parent);
        if (crosses
            && ((moved != nullptr && !may_access(*moved, who, access_right::write))
                || (exchange && replaced != nullptr && !may_access(*replaced, who, access_right::write))))
        {
            return error::eacces;
        }
        memory_directory *source      = as_memory_directory(*from.parent);
        memory_directory *destination = as_memory_directory(*to.parent);
        if (source == nullptr || destination == nullptr)
        {
            return error::eperm;
        }
        if ((moved != nullptr && moved->covered != nullptr) || (replaced != nullptr && replaced->covered != nullptr))
        {
            return error::ebusy;
        }
        if (!exchange && replaced != nullptr && !static_cast<memory_directory *>(replaced)->is_empty())
        {
            return error::enotempty;
        }

        const timestamp  now  = to_timestamp(real_time);
        directory_entry &left = *source->entry_of(from.last_name());
        if (exchange)
        {
            source->replace(left, to.target);
            destination->replace(*destination->entry_of(to.last_name()), from.target);
            to.target->changed = now;
        }
        else if (to.target)
        {
            source->remove(left);
            destination->replace(*destination->entry_of(to.last_name()), from.target);
            to.target->changed = now;
        }
        else
        {
            const status added = destination->add(to.last_name(), from.target);
            if (!added)
            {
                return added;
            }
            source->remove(left);
            if (moved != nullptr)
            {
                moved->parent = to.parent;
            }
        }
        from.target->changed = now;
        source->touch_modified(now);
        destination->touch_modified(now);
        return {};
    }

    status tree_change::change_mode(inode &file, uint32_t permissions) const
    {
        if (!owns(file, who))
        {
            return error::eperm;
        }
        file.permissions = permissions & file_mode::permissions;
        if (who.file_user != 0 && !is_member(who, file.group))
        {
            file.permissions &= ~file_mode::set_group;
        }
        file.changed = to_timestamp(real_time);
        return {};
    }

    status tree_change::change_owner(inode &file, uint32_t user, uint32_t group) const
    {
        if (who.file_user != 0)
        {
            const bool keeps_user  = user == unchanged || (user == file.user && who.file_user == file.user);
            const bool takes_group = group == unchanged || (who.file_user == file.user && (group == file.group || is_member(who, group)));
            if (!keeps_user || !takes_group)
            {
                return error::eperm;
            }
        }
        if (file.kind != inode_kind::directory)
        {
            file.permissions &= ~file_mode::set_user;
            if ((file.permissions & 0010) != 0 || (who.file_user != 0 && !is_member(who, file.group)))
            {
                file.permissions &= ~file_mode::set_group;
            }
        }
        file.user    = user == unchanged ? file.user : user;
        file.group   = group == unchanged ? file.group : group;
        file.changed = to_timestamp(real_time);
        return {};
    }
}
