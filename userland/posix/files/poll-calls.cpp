// Waiting for one of several files: poll, ppoll, select, pselect6.

#include "../process-service.hpp"
#include "call-support.hpp"

namespace posix
{
    namespace
    {
        constexpr uint64_t second      = 1'000'000'000;
        constexpr uint64_t millisecond = 1'000'000;

        instant after(const call &from, uint64_t seconds, uint64_t nanoseconds)
        {
            if (seconds >= (never - from.now.monotonic) / second - 1)
            {
                return never;
            }
            return from.now.monotonic + seconds * second + nanoseconds;
        }

        /// The end of a wait that was given as a timespec; no address: never.
        result<instant> read_timeout(call &from, word address)
        {
            if (address == 0)
            {
                return never;
            }
            const result<linux_timespec> given = from.memory.read<linux_timespec>(address);
            if (!given)
            {
                return given.reason;
            }
            if (given->seconds < 0 || given->nanoseconds < 0 || static_cast<uint64_t>(given->nanoseconds) >= second)
            {
                return error::einval;
            }
            return after(from, static_cast<uint64_t>(given->seconds), static_cast<uint64_t>(given->nanoseconds));
        }

        /// Whether the call must end now. A wait begins with the deadline of the call's first run.
        bool is_over(call &from, instant deadline)
        {
            if (deadline != never)
            {
                from.wait.set_deadline(deadline);
            }
            return from.deadline_passed();
        }

        status set_mask(call &from, word address, word size)
        {
            if (address == 0)
            {
                return {};
            }
            if (size != sizeof(uint64_t))
            {
                return error::einval;
            }
            const result<uint64_t> mask = from.memory.read<uint64_t>(address);
            if (!mask)
            {
                return mask.reason;
            }
            set_mask_during_call(from, *mask);
            return {};
        }

        uint32_t events_of(const call &from, int32_t descriptor)
        {
            open_file *file = descriptors_of(from).find(descriptor);
            return file == nullptr || (file->flags & open_flag::path) != 0 ? poll_event::invalid : file->events();
        }

        outcome wait_for_polled(call &from, instant deadline)
        {
            const uint32_t count = unsigned_argument(from, 1);
            if (count > descriptor_limit(from.process))
            {
                return error::einval;
            }
            const word                     address = from.arguments[0];
            runtime::vector<linux_pollfd> polled;
            if (!polled.resize(count))
            {
                return error::enomem;
            }
            const status copied = from.memory.copy_in(polled.data(), address, count * sizeof(linux_pollfd));
            if (!copied)
            {
                return copied;
            }
            word ready = 0;
            for (linux_pollfd &each : polled)
            {
                each.found = 0;
                if (each.descriptor >= 0)
                {
                    constexpr uint32_t always = poll_event::error | poll_event::hang_up | poll_event::invalid;
                    each.found                = static_cast<uint16_t>(events_of(from, each.descriptor) & (each.events | always));
                }
                ready += each.found != 0;
            }
            if (ready == 0 && !is_over(from, deadline))
            {
                for (const linux_pollfd &each : polled)
                {
                    open_file *file = descriptors_of(from).find(each.descriptor);
                    if (file != nullptr)
                    {
                        const status joined = file->join(from.wait);
                        if (!joined)
                        {
                            from.wait.leave();
                            return joined;
                        }
                    }
                }
                return outcome::kind::wait_once;
            }
            for (size_t i = 0; i < polled.size(); ++i)
            {
                constexpr size_t offset = offsetof(linux_pollfd, found);
                const status     told   = from.memory.write(address + i * sizeof(linux_pollfd) + offset, polled[i].found);
                if (!told)
                {
                    return told;
                }
            }
            return ready;
        }

        constexpr size_t set_capacity = 1024; ///< descriptors in an fd_set
        constexpr size_t set_words    = set_capacity / 64;
        constexpr size_t set_count    = 3;

        struct descriptor_sets
        {
            uint64_t words[set_count][set_words] {}; ///< to read from, to write to, exceptional
        };

        outcome wait_for_selected(call &from, instant deadline)
        {
            const int32_t count = int_argument(from, 0);
            if (count < 0)
            {
                return error::einval;
            }
            const auto limit = runtime::minimum(static_cast<size_t>(count), set_capacity);
            const word size  = (limit + 63) / 64 * sizeof(uint64_t);

            descriptor_sets asked;
            for (size_t set = 0; set < set_count; ++set)
            {
                const word address = from.arguments[1 + set];
                if (address != 0)
                {
                    const status copied = from.memory.copy_in(asked.words[set], address, size);
                    if (!copied)
                    {
                        return copied;
                    }
                }
            }
            constexpr uint32_t meaning[set_count] {
                poll_event::readable | poll_event::hang_up | poll_event::error,
                poll_event::writable | poll_event::error,
                poll_event::priority,
            };
            descriptor_sets found;
            word            ready = 0;
            for (size_t i = 0; i < limit; ++i)
            {
                const uint64_t bit = uint64_t { 1 } << (i % 64);
                if (((asked.words[0][i / 64] | asked.words[1][i / 64] | asked.words[2][i / 64]) & bit) == 0)
                {
                    continue;
                }
                const uint32_t events = events_of(from, static_cast<int32_t>(i));
                if (events == poll_event::invalid)
                {
                    return error::ebadf;
                }
                for (size_t set = 0; set < set_count; ++set)
                {
                    if ((asked.words[set][i / 64] & bit) != 0 && (events & meaning[set]) != 0)
                    {
                        found.words[set][i / 64] |= bit;
                        ++ready;
                    }
                }
            }
            if (ready == 0 && !is_over(from, deadline))
            {
                for (size_t i = 0; i < limit; ++i)
                {
                    const uint64_t bit  = uint64_t { 1 } << (i % 64);
                    open_file     *file = descriptors_of(from).find(static_cast<int32_t>(i));
                    if (((asked.words[0][i / 64] | asked.words[1][i / 64] | asked.words[2][i / 64]) & bit) != 0 && file != nullptr)
                    {
                        const status joined = file->join(from.wait);
                        if (!joined)
                        {
                            from.wait.leave();
                            return joined;
                        }
                    }
                }
                return outcome::kind::wait_once;
            }
            for (size_t set = 0; set < set_count; ++set)
            {
                const word address = from.arguments[1 + set];
                if (address != 0)
                {
                    const status told = from.memory.copy_out(address, found.words[set], size);
                    if (!told)
                    {
                        return told;
                    }
                }
            }
            return ready;
        }
    }

    outcome call_poll(call &from)
    {
        const int32_t timeout = int_argument(from, 2);
        return wait_for_polled(from, timeout < 0 ? never : from.now.monotonic + static_cast<uint64_t>(timeout) * millisecond);
    }

    outcome call_ppoll(call &from)
    {
        const result<instant> deadline = read_timeout(from, from.arguments[2]);
        if (!deadline)
        {
            return deadline.reason;
        }
        const status masked = set_mask(from, from.arguments[3], from.arguments[4]);
        return masked ? wait_for_polled(from, *deadline) : outcome { masked };
    }

    outcome call_select(call &from)
    {
        instant deadline = never;
        if (from.arguments[4] != 0)
        {
            const result<linux_timeval> given = from.memory.read<linux_timeval>(from.arguments[4]);
            if (!given)
            {
                return given.reason;
            }
            if (given->seconds < 0 || given->microseconds < 0)
            {
                return error::einval;
            }
            const uint64_t microseconds = static_cast<uint64_t>(given->microseconds);
            deadline = after(from, static_cast<uint64_t>(given->seconds) + microseconds / 1'000'000, microseconds % 1'000'000 * 1000);
        }
        return wait_for_selected(from, deadline);
    }

    outcome call_pselect6(call &from)
    {
        const result<instant> deadline = read_timeout(from, from.arguments[4]);
        if (!deadline)
        {
            return deadline.reason;
        }
        if (from.arguments[5] != 0)
        {
            struct
            {
                word address;
                word size;
            } given;
            const status copied = from.memory.copy_in(&given, from.arguments[5], sizeof(given));
            if (!copied)
            {
                return copied;
            }
            const status masked = set_mask(from, given.address, given.size);
            if (!masked)
            {
                return masked;
            }
        }
        return wait_for_selected(from, *deadline);
    }
}
