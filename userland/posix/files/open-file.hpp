// An open file description: what read and write go through, shared by all descriptors made from one open.
#pragma once

#include "inode.hpp"
#include "user-transfer.hpp"

namespace posix
{
    struct open_file : runtime::counted
    {
        open_file(reference<inode> node, uint32_t flags) : node(runtime::move(node)), flags(flags)
        {
        }

        const reference<inode> node;
        uint32_t               flags;      ///< access mode and what F_GETFL tells
        word                   offset = 0; ///< where the next read or write begins

        bool can_read() const
        {
            const uint32_t mode = flags & open_flag::access_mode;
            return (flags & open_flag::path) == 0 && (mode == open_flag::read_only || mode == open_flag::read_write);
        }

        bool can_write() const
        {
            const uint32_t mode = flags & open_flag::access_mode;
            return (flags & open_flag::path) == 0 && (mode == open_flag::write_only || mode == open_flag::read_write);
        }

        bool is_non_blocking() const
        {
            return (flags & open_flag::non_blocking) != 0;
        }

        /// Whether there are positions: pread, pwrite and lseek make sense.
        virtual bool has_positions() const
        {
            return false;
        }

        /// From `position` on, which moves. Both are asked only of a file open for it. What an interrupted call has done stands in `call.wait.progress`.
        virtual outcome read(call &from, user_transfer &into, word &position);
        virtual outcome write(call &from, user_transfer &bytes, word &position);

        virtual result<word> seek(int64_t distance, uint32_t whence);

        /// ioctl.
        virtual outcome control(call &from, uint32_t request, word argument);

        /// The `poll_event`s that hold now.
        virtual uint32_t events() const
        {
            return poll_event::readable | poll_event::writable;
        }

        /// Joins all queues on which one of the events asked for is announced.
        virtual status join(waiter &)
        {
            return {};
        }

        /// Entries of a directory, for getdents64.
        virtual outcome read_entries(call &from, word address, word size);

        virtual void dispose_self() = 0;

    protected:
        ~open_file() = default;
    };

    inline void dispose(open_file *object)
    {
        object->node->locks.release(object);
        object->node->whole_locks.release(object);
        object->dispose_self();
    }

    /// Opens a file of any kind that lookup has found, permissions checked. A FIFO may make the caller wait: then `reason` is
    /// `none` and the reference null.
    struct opening
    {
        outcome              result;
        reference<open_file> file; ///< if `result` is a value
    };
    opening open_node(call &from, const reference<inode> &node, uint32_t flags);
}
