// What all files of whatever kind have: a number, a mode, an owner, times, names.
#pragma once

#include "../call.hpp"
#include "linux-abi.hpp"
#include "record-locks.hpp"

#include <runtime/list.hpp>
#include <runtime/reference.hpp>
#include <runtime/string.hpp>

namespace posix
{
    using runtime::reference;
    using runtime::text;

    struct directory;
    struct directory_entry;
    struct file_system;
    struct inode;

    enum class inode_kind : uint8_t
    {
        regular,
        directory,
        symbolic_link,
        fifo,
        character_device,
        block_device,
        socket,
        generated, ///< a regular file to those who ask, whose bytes are made when it is opened, as in /proc
        anonymous, ///< behind a descriptor that no path leads to, as an eventfd's
    };

    struct device_number
    {
        uint32_t major = 0;
        uint32_t minor = 0;

        /// As in `st_rdev` and mknod's argument.
        constexpr uint64_t encoded() const
        {
            return (minor & 0xff) | uint64_t { major & 0xfff } << 8 | uint64_t { minor & ~0xffu } << 12 | uint64_t { major & ~0xfffu } << 32;
        }

        static constexpr device_number decode(uint64_t number)
        {
            return { static_cast<uint32_t>((number >> 8 & 0xfff) | (number >> 32 & ~uint64_t { 0xfff })),
                static_cast<uint32_t>((number & 0xff) | (number >> 12 & ~uint64_t { 0xff })) };
        }

        constexpr bool operator==(const device_number &) const = default;
    };

    static_assert(device_number::decode(device_number { 0x12345, 0x6789ab }.encoded()) == device_number { 0x12345, 0x6789ab });

    timestamp to_timestamp(uint64_t nanoseconds);

    /// A name of a file: an entry of a directory.
    struct directory_entry
    {
        runtime::string                     name;
        reference<inode>                    target;
        directory                          *where = nullptr;
        uint64_t                            cookie = 0;
        runtime::list_link<directory_entry> alias; ///< among the names of the target
    };

    struct inode : runtime::counted
    {
        inode(inode_kind kind, file_system &home);

        const inode_kind kind;
        file_system     &home;
        uint64_t         number;

        uint32_t      permissions = 0; ///< file_mode::permissions
        uint32_t      user        = 0;
        uint32_t      group       = 0;
        uint32_t      link_count  = 0;
        device_number device; ///< that a device node stands for
        timestamp     accessed;
        timestamp     modified;
        timestamp     changed;

        record_locks locks;       ///< fcntl
        record_locks whole_locks; ///< flock

        /// The directories' entries that refer to this file.
        runtime::list<directory_entry, &directory_entry::alias> names;

        uint32_t mode() const;

        virtual word size() const
        {
            return 0;
        }

        /// Memory in use, in units of 512 bytes.
        virtual word blocks() const
        {
            return 0;
        }

        /// What a symbolic link says to this process.
        virtual result<runtime::string> link_target(const process_state &reader);

        /// Where a link leads that is more than text, as those of /proc/PID/fd: null for others.
        virtual result<reference<inode>> link_destination(const process_state &reader);

        void touch_modified(timestamp now)
        {
            modified = now;
            changed  = now;
        }

        virtual void dispose_self() = 0;

    protected:
        ~inode();
    };

    inline void dispose(inode *object)
    {
        object->dispose_self();
    }

    void fill_stat(const inode &file, linux_stat &filled);

    /// Whether the owner, the group or the others may do all of `rights` (of `access_right`).
    bool may_access(const inode &file, const credentials &who, uint32_t rights);

    bool is_member(const credentials &who, uint32_t group);

    inline bool owns(const inode &file, const credentials &who)
    {
        return who.file_user == 0 || who.file_user == file.user;
    }

    /// An absolute path as seen from `root` (null: from the root of all). A file that has no name any more is marked as deleted.
    status append_path(const inode &file, const directory *root, runtime::string &path);
}
