// Changes to the tree of names: who may make them, and in which order Linux finds what is wrong with them.
#pragma once

#include "path-lookup.hpp"

namespace posix
{
    /// What is to be made, and how.
    struct new_file
    {
        inode_kind    kind;
        uint32_t      permissions;
        device_number device {};
        text          link_target {};
    };

    struct tree_change
    {
        const process_state &process;
        const credentials   &who;
        uint64_t             real_time;

        /// Makes a file where lookup found none, owned by the caller. The mask has been applied.
        result<reference<inode>> create(const found_path &place, const new_file &wanted) const;

        /// Without a name (O_TMPFILE).
        result<reference<inode>> create_unnamed(directory &where, uint32_t permissions) const;

        status link(const reference<inode> &file, const found_path &place) const;
        status unlink(const found_path &place) const;
        status remove_directory(const found_path &place) const;

        /// `flags` are those of renameat2.
        status rename(const found_path &from, const found_path &to, uint32_t flags) const;

        status change_mode(inode &file, uint32_t permissions) const;

        /// 2^32 − 1 stands for no change.
        status change_owner(inode &file, uint32_t user, uint32_t group) const;

    private:
        status may_create(const directory &where) const;
        status may_delete(const directory &where, const inode &victim, bool as_directory) const;
        void   own(inode &made, const directory &where, uint32_t permissions) const;
    };

    inline constexpr uint32_t rename_no_replace = 1;
    inline constexpr uint32_t rename_exchange   = 2;
}
