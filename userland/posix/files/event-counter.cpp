// eventfd: a number that reads take and writes add to.

#include "call-support.hpp"
#include "file-server.hpp"

namespace posix
{
    namespace
    {
        struct event_counter final : open_file
        {
            event_counter(const reference<inode> &node, uint32_t flags, uint64_t count, bool is_semaphore)
                : open_file(node, flags), count(count), is_semaphore(is_semaphore)
            {
            }

            outcome  read(call &from, user_transfer &into, word &position) override;
            outcome  write(call &from, user_transfer &bytes, word &position) override;
            uint32_t events() const override;

            status join(waiter &waiting) override
            {
                return waiting.join(changed);
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }

            static constexpr uint64_t highest = ~uint64_t { 0 } - 1;

            uint64_t   count;
            const bool is_semaphore;
            wait_queue changed;

        private:
            outcome wait_for_change(call &from)
            {
                if (is_non_blocking())
                {
                    return error::eagain;
                }
                const status joined = from.wait.join(changed);
                return joined ? wait_until_woken : outcome { joined };
            }
        };

        outcome event_counter::read(call &from, user_transfer &into, word &)
        {
            if (into.remaining() < sizeof(count))
            {
                return error::einval;
            }
            if (count == 0)
            {
                return wait_for_change(from);
            }
            const uint64_t told = is_semaphore ? 1 : count;
            count              -= told;
            changed.wake_all();
            return into.put(reinterpret_cast<const uint8_t *>(&told), sizeof(told));
        }

        outcome event_counter::write(call &from, user_transfer &bytes, word &)
        {
            uint64_t added = 0;
            if (bytes.remaining() < sizeof(added))
            {
                return error::einval;
            }
            const result<word> taken = bytes.take(reinterpret_cast<uint8_t *>(&added), sizeof(added));
            if (!taken || *taken != sizeof(added))
            {
                return error::efault;
            }
            if (added > highest)
            {
                return error::einval;
            }
            if (added > highest - count)
            {
                return wait_for_change(from);
            }
            count += added;
            changed.wake_all();
            return word { sizeof(added) };
        }

        uint32_t event_counter::events() const
        {
            return (count != 0 ? poll_event::in : 0) | (count < highest ? poll_event::out : 0);
        }

        outcome make_event_counter(call &from, uint32_t flags)
        {
            constexpr uint32_t semaphore = 1;
            if ((flags & ~(semaphore | open_flag::non_blocking | open_flag::close_on_exec)) != 0)
            {
                return error::einval;
            }
            const reference<inode> node = make_anonymous(inode_kind::anonymous, files->anonymous_system, 0600, from.now.real_time);
            if (!node)
            {
                return error::enfile;
            }
            reference<open_file> made { runtime::create<event_counter>(node, (flags & open_flag::non_blocking) | open_flag::read_write,
                unsigned_argument(from, 0), (flags & semaphore) != 0) };
            return add_descriptor(from, runtime::move(made), (flags & open_flag::close_on_exec) != 0);
        }
    }

    outcome call_eventfd(call &from)
    {
        return make_event_counter(from, 0);
    }

    outcome call_eventfd2(call &from)
    {
        return make_event_counter(from, unsigned_argument(from, 1));
    }
}
