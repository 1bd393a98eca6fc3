// Directories: the interface that path lookup uses, and the kind that lies in memory.
#pragma once

#include "inode.hpp"

#include <runtime/hash-map.hpp>
#include <runtime/vector.hpp>

namespace posix
{
    /// One entry as getdents64 tells it.
    struct directory_item
    {
        text       name;
        uint64_t   number = 0;
        inode_kind kind   = inode_kind::regular;
        uint64_t   cookie = 0; ///< to go on after it
    };

    struct directory : inode
    {
        explicit directory(file_system &home) : inode(inode_kind::directory, home)
        {
        }

        /// A root's parent is itself. A removed directory keeps its own, for `..`; an emptied one is in no cycle.
        reference<directory> parent;

        reference<directory> mounted;            ///< root of the file system mounted here, if any
        directory           *covered = nullptr; ///< of the root of a mounted file system: where it is mounted

        /// ENOENT if there is no entry of that name. Not asked for `.` and `..`.
        virtual result<reference<inode>> find(text name, const process_state &reader) = 0;

        /// The first entry, other than `.` and `..`, whose cookie is greater than `after`; false if there is none.
        /// `item.name` is valid until the next call to anything here.
        virtual bool next(uint64_t after, const process_state &reader, directory_item &item) = 0;

        word size() const override
        {
            return 0;
        }

        /// Of a directory that is made when asked for, and so is no entry of another: its name in its parent.
        virtual text generated_name() const
        {
            return {};
        }
    };

    inline void dispose(directory *object)
    {
        object->dispose_self();
    }

    /// The directory itself, if the file is one.
    inline directory *as_directory(inode &file)
    {
        return file.kind == inode_kind::directory ? static_cast<directory *>(&file) : nullptr;
    }

    /// Cookies of `.` and `..`; all others are greater.
    inline constexpr uint64_t own_cookie    = 1;
    inline constexpr uint64_t parent_cookie = 2;

    struct memory_directory final : directory
    {
        explicit memory_directory(file_system &home) : directory(home)
        {
        }

        ~memory_directory();

        result<reference<inode>> find(text name, const process_state &reader) override;
        bool                     next(uint64_t after, const process_state &reader, directory_item &item) override;
        void                     dispose_self() override;

        directory_entry *entry_of(text name) const;

        bool is_empty() const
        {
            return order.empty();
        }

        /// A name not there yet. Link counts, of a directory its parent too, are brought up to date. ENOSPC if there is no memory.
        status add(text name, reference<inode> target);

        void remove(directory_entry &entry);

        /// The entry refers to another file from now on.
        void replace(directory_entry &entry, reference<inode> target);

        word size() const override
        {
            return order.size() * 20 + 40;
        }

    private:
        size_t first_after(uint64_t cookie) const;

        void attach(directory_entry &entry);
        void detach(directory_entry &entry);

        runtime::hash_map<text, directory_entry *> by_name;
        runtime::vector<directory_entry *>         order; ///< by ascending cookie
        uint64_t                                   next_cookie = parent_cookie + 1;
    };
}
