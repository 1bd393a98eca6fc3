// From a path to a file, as Linux walks it: links, `..`, mounted file systems, slashes at the end, and all its errors.
#pragma once

#include "directory.hpp"

namespace posix
{
    /// A process's view of the tree; shared by those that clone with CLONE_FS.
    struct directory_context
    {
        size_t               users = 1;
        reference<directory> root;
        reference<directory> working;
        uint32_t             mask = 022;
    };

    enum class last_part : uint8_t
    {
        name,
        dot,
        dot_dot,
        root, ///< the path has no part but slashes
    };

    /// What slashes at the end of a path mean.
    enum class end_slashes : uint8_t
    {
        follow, ///< that a link is followed
        keep,   ///< nothing: the caller looks at `trailing_slash`
        refuse, ///< EISDIR: a file is to be created
    };

    /// Where a path leads.
    struct found_path
    {
        reference<inode>     target; ///< null if there is none of that name
        reference<directory> parent; ///< where the last part was looked for; null if the last part is `root`
        last_part            last           = last_part::name;
        bool                 trailing_slash = false;
        bool                 name_too_long  = false; ///< the last part: there can be no target
        size_t               name_length    = 0;
        char                 name[name_capacity];

        text last_name() const
        {
            return { name, name_length };
        }
    };

    struct lookup
    {
        const process_state     &process;
        const credentials       &who;
        const directory_context &context;

        /// From `base`, if the path is relative. Everything but the last part must exist; a last part that is a symbolic link is followed if
        /// `follow`, or if slashes say so. A link to nothing is followed to the name it names.
        result<found_path> find(const reference<directory> &base, text path, bool follow, end_slashes slashes = end_slashes::follow) const;

        /// As `find`, but a last part that is too long is told in the result: renaming first looks where both names are.
        result<found_path> find_parent(const reference<directory> &base, text path, bool follow, end_slashes slashes) const;

        /// As `find`, but the target must exist, and be a directory if slashes are at the end.
        result<found_path> find_existing(const reference<directory> &base, text path, bool follow) const;
    };
}
