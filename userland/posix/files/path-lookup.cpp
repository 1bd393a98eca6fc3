#include "path-lookup.hpp"

#include <runtime/memory.hpp>

namespace posix
{
    namespace
    {
        /// Parts still to be walked: of the path, then of each link that is being followed.
        struct pending_text
        {
            runtime::string owned; ///< of a link
            text            rest;
        };

        void skip_slashes(text &rest)
        {
            while (rest.length != 0 && rest.characters[0] == '/')
            {
                rest = { rest.characters + 1, rest.length - 1 };
            }
        }

        text take_part(text &rest)
        {
            size_t length = 0;
            while (length < rest.length && rest.characters[length] != '/')
            {
                ++length;
            }
            const text part { rest.characters, length };
            rest = { rest.characters + length, rest.length - length };
            return part;
        }

        /// The root of what is mounted on a directory, if anything is.
        reference<inode> through_mount(reference<inode> file)
        {
            while (directory *folder = file ? as_directory(*file) : nullptr)
            {
                if (!folder->mounted)
                {
                    break;
                }
                file = reference<inode> { folder->mounted.get() };
            }
            return file;
        }

        reference<directory> parent_of(const reference<directory> &folder, const directory *root)
        {
            directory *current = folder.get();
            if (current == root)
            {
                return folder;
            }
            while (current->covered != nullptr)
            {
                current = current->covered;
            }
            return current == root ? folder : current->parent;
        }
    }

    result<found_path> lookup::find(const reference<directory> &base, text path, bool follow, end_slashes slashes) const
    {
        result<found_path> found = find_parent(base, path, follow, slashes);
        return found && found->name_too_long ? result<found_path> { error::enametoolong } : found;
    }

    result<found_path> lookup::find_parent(const reference<directory> &base, text path, bool follow, end_slashes slashes) const
    {
        if (path.length == 0)
        {
            return error::enoent;
        }
        pending_text pending[symlink_limit + 1];
        size_t       depth    = 0;
        size_t       followed = 0;
        bool         slashed  = false; ///< slashes come after the last part, or after a link to it
        pending[0].rest       = path;

        reference<directory> current = path.characters[0] == '/' ? context.root : base;
        found_path           found;
        found.last = last_part::root;
        skip_slashes(pending[0].rest);

        for (;;)
        {
            while (depth != 0 && pending[depth].rest.length == 0)
            {
                --depth;
                skip_slashes(pending[depth].rest);
            }
            text &rest = pending[depth].rest;
            if (rest.length == 0)
            {
                // Only slashes were there, or a link led to the root.
                if (!found.target)
                {
                    found.target = reference<inode> { current.get() };
                }
                return found;
            }
            if (!may_access(*current, who, access_right::execute))
            {
                return error::eacces;
            }
            const text part  = take_part(rest);
            const bool slash = rest.length != 0;
            skip_slashes(rest);
            bool is_last      = rest.length == 0;
            bool outer_slash  = false;
            for (size_t outer = depth; is_last && outer-- != 0;)
            {
                text left   = pending[outer].rest;
                outer_slash = outer_slash || left.length != 0;
                skip_slashes(left);
                is_last = left.length == 0;
            }
            slashed = slashed || (is_last && (slash || outer_slash));

            found.parent = current;
            if (part == text { "." } || part == text { ".." })
            {
                const bool up     = part.length == 2;
                found.last        = up ? last_part::dot_dot : last_part::dot;
                found.name_length = 0;
                current           = up ? parent_of(current, context.root.get()) : current;
                found.target      = through_mount(reference<inode> { current.get() });
                current           = reference<directory> { as_directory(*found.target) };
            }
            else
            {
                if (is_last && slashed && slashes == end_slashes::refuse)
                {
                    return error::eisdir;
                }
                if (part.length > name_capacity)
                {
                    if (!is_last)
                    {
                        return error::enametoolong;
                    }
                    found.last          = last_part::name;
                    found.target        = nullptr;
                    found.name_too_long = true;
                    return found;
                }
                found.last        = last_part::name;
                found.name_length = part.length;
                memcpy(found.name, part.characters, part.length);
                result<reference<inode>> child = current->find(part, process);
                if (!child)
                {
                    if (child.reason != error::enoent || !is_last)
                    {
                        return child.reason;
                    }
                    found.target         = nullptr;
                    found.trailing_slash = slashed;
                    return found;
                }
                found.target = through_mount(runtime::move(*child));

                const bool is_followed = !is_last || follow || (slashed && slashes == end_slashes::follow);
                if (found.target->kind == inode_kind::symbolic_link && is_followed)
                {
                    if (followed++ == symlink_limit)
                    {
                        return error::eloop;
                    }
                    result<reference<inode>> destination = found.target->link_destination(process);
                    if (!destination)
                    {
                        return destination.reason;
                    }
                    if (*destination)
                    {
                        found.target = runtime::move(*destination);
                    }
                    else
                    {
                        result<runtime::string> target = found.target->link_target(process);
                        if (!target)
                        {
                            return target.reason;
                        }
                        if (target->size() == 0)
                        {
                            return error::enoent;
                        }
                        if ((*target)[0] == '/')
                        {
                            current = context.root;
                        }
                        // A link at the very end of one takes its place, so that the depth is bounded by the number of links.
                        if (depth == symlink_limit)
                        {
                            return error::eloop;
                        }
                        ++depth;
                        pending[depth].owned = runtime::move(*target);
                        pending[depth].rest  = pending[depth].owned;
                        found.target         = nullptr;
                        found.last           = last_part::root;
                        found.parent         = nullptr;
                        if (pending[depth].rest.characters[0] == '/')
                        {
                            found.target = reference<inode> { current.get() };
                            skip_slashes(pending[depth].rest);
                        }
                        continue;
                    }
                }
                if (!is_last)
                {
                    directory *folder = as_directory(*found.target);
                    if (folder == nullptr)
                    {
                        return error::enotdir;
                    }
                    current = reference<directory> { folder };
                }
            }
            if (is_last)
            {
                found.trailing_slash = slashed;
                return found;
            }
        }
    }

    result<found_path> lookup::find_existing(const reference<directory> &base, text path, bool follow) const
    {
        result<found_path> found = find(base, path, follow);
        if (!found)
        {
            return found;
        }
        if (!found->target)
        {
            return error::enoent;
        }
        if (found->trailing_slash && found->target->kind != inode_kind::directory)
        {
            return error::enotdir;
        }
        return found;
    }
}
