// Ends of pipes and FIFOs as read and write see them.

#include "../process-service.hpp"
#include "open-kinds.hpp"

namespace posix
{
    namespace
    {
        struct pipe_end final : open_file
        {
            pipe_end(const reference<inode> &node, const reference<pipe> &ends, uint32_t flags)
                : open_file(node, flags), ends(ends), writers_before(ends->writers == 0 ? ends->writers_ever : 0)
            {
                if (can_read())
                {
                    ++ends->readers;
                    ++ends->readers_ever;
                    ends->writable.wake_all();
                }
                if (can_write())
                {
                    ++ends->writers;
                    ++ends->writers_ever;
                    ends->readable.wake_all();
                }
            }

            outcome  read(call &from, user_transfer &into, word &position) override;
            outcome  write(call &from, user_transfer &bytes, word &position) override;
            outcome  control(call &from, uint32_t request, word argument) override;
            uint32_t events() const override;
            status   join(waiter &waiting) override;
            void     dispose_self() override;

            const reference<pipe> ends;
            const word            writers_before; ///< of a FIFO without writers: until one has come, there is no hang-up
        };

        outcome pipe_end::read(call &from, user_transfer &into, word &)
        {
            if (into.remaining() == 0)
            {
                return word { 0 };
            }
            if (!ends->empty())
            {
                return ends->read(into);
            }
            if (ends->writers == 0)
            {
                return word { 0 };
            }
            if (is_non_blocking())
            {
                return error::eagain;
            }
            const status joined = from.wait.join(ends->readable);
            return joined ? wait_until_woken : outcome { joined };
        }

        outcome pipe_end::write(call &from, user_transfer &bytes, word &)
        {
            const word before = from.wait.progress;
            bytes.skip(before);
            if (bytes.remaining() == 0)
            {
                return before;
            }
            if (ends->readers == 0)
            {
                signal_caller(from, signal_number::broken_pipe);
                return before != 0 ? outcome { before } : outcome { error::epipe };
            }
            const result<word> moved = ends->write(bytes, before == 0);
            if (!moved)
            {
                return before != 0 ? outcome { before } : outcome { moved.reason };
            }
            from.wait.progress = before + *moved;
            const bool stuck   = bytes.remaining() != 0 && ends->full();
            if (!stuck)
            {
                return from.wait.progress;
            }
            if (is_non_blocking())
            {
                return from.wait.progress != 0 ? outcome { from.wait.progress } : outcome { error::eagain };
            }
            const status joined = from.wait.join(ends->writable);
            return joined ? wait_until_woken : outcome { joined };
        }

        outcome pipe_end::control(call &from, uint32_t request, word argument)
        {
            constexpr uint32_t bytes_to_read = 0x541b; // FIONREAD
            if (request != bytes_to_read)
            {
                return error::enotty;
            }
            return from.memory.write(argument, static_cast<int32_t>(ends->bytes()));
        }

        uint32_t pipe_end::events() const
        {
            uint32_t found = 0;
            if (can_read())
            {
                found |= ends->empty() ? 0 : poll_event::readable;
                found |= ends->writers == 0 && ends->writers_ever != writers_before ? poll_event::hang_up : 0;
            }
            if (can_write())
            {
                found |= ends->full() ? 0 : poll_event::writable;
                found |= ends->readers == 0 ? poll_event::error : 0;
            }
            return found;
        }

        status pipe_end::join(waiter &waiting)
        {
            status joined;
            if (can_read())
            {
                joined = waiting.join(ends->readable);
            }
            if (joined && can_write())
            {
                joined = waiting.join(ends->writable);
            }
            return joined;
        }

        void pipe_end::dispose_self()
        {
            if (can_read() && --ends->readers == 0)
            {
                ends->writable.wake_all();
            }
            if (can_write() && --ends->writers == 0)
            {
                ends->readable.wake_all();
            }
            if (fifo *named = as_fifo(*node); named != nullptr && ends->readers == 0 && ends->writers == 0)
            {
                ends->discard();
                if (ends->opening_readers.empty() && ends->opening_writers.empty())
                {
                    named->ends = nullptr;
                }
            }
            runtime::destroy(this);
        }
    }

    reference<open_file> make_pipe_end(const reference<inode> &node, const reference<pipe> &ends, uint32_t flags)
    {
        return reference<open_file> { runtime::create<pipe_end>(node, ends, flags) };
    }

    opening open_fifo(call &from, const reference<inode> &node, uint32_t flags)
    {
        fifo &named = *as_fifo(*node);
        if ((flags & open_flag::access_mode) == open_flag::access_mode)
        {
            return { error::einval, {} };
        }
        if (!named.ends)
        {
            named.ends = reference<pipe> { runtime::create<pipe>() };
            if (!named.ends)
            {
                return { error::enomem, {} };
            }
        }
        pipe &ends = *named.ends;

        // Who must wait joins the queue on which the other side's coming is announced. A side that waits is seen by the queue's not being
        // empty, and by its counter's having changed when it runs again: then the other side came, even if it has gone already.
        const uint32_t mode     = flags & open_flag::access_mode;
        const bool     blocking = (flags & open_flag::non_blocking) == 0;
        word          &came     = from.wait.memory[0];
        const bool     again    = came != 0;
        if (mode == open_flag::read_only && ends.writers == 0 && blocking)
        {
            const bool met = (again && came != ends.writers_ever + 1) || !ends.opening_writers.empty();
            if (!met)
            {
                came = ends.writers_ever + 1;
                const status joined = from.wait.join(ends.opening_readers);
                return { joined ? wait_until_woken : outcome { joined }, {} };
            }
        }
        if (mode == open_flag::write_only && ends.readers == 0)
        {
            const bool met = (again && came != ends.readers_ever + 1) || !ends.opening_readers.empty();
            if (!met && !blocking)
            {
                return { error::enxio, {} };
            }
            if (!met)
            {
                came = ends.readers_ever + 1;
                const status joined = from.wait.join(ends.opening_writers);
                return { joined ? wait_until_woken : outcome { joined }, {} };
            }
        }
        reference<open_file> opened = make_pipe_end(node, named.ends, flags);
        if (!opened)
        {
            return { error::enomem, {} };
        }
        if (mode != open_flag::read_only)
        {
            ends.opening_readers.wake_all();
        }
        if (mode != open_flag::write_only)
        {
            ends.opening_writers.wake_all();
        }
        return { word { 0 }, runtime::move(opened) };
    }
}
