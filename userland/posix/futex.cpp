#include "futex.hpp"

#include "run.hpp"
#include "time-calls.hpp"

namespace posix
{
    namespace
    {
        // What a waiting call keeps in its waiter.
        constexpr size_t phase_word = 0, space_word = 1, address_word = 2, bits_word = 3;
        constexpr word   phase_waiting = 1, phase_woken = 2;

        enum operation : word
        {
            wait             = 0,
            wake             = 1,
            requeue          = 3,
            compare_requeue  = 4,
            wake_operation   = 5,
            wait_bitset      = 9,
            wake_bitset      = 10,
            command_mask     = 0x7f,
            flag_real_time   = 0x100,
        };

        constexpr word all_bits = 0xffff'ffff;

        constexpr size_t bucket_count = 64;
        /// Never ended: the server has no end. An empty queue is all zeros.
        alignas(wait_queue) constinit uint8_t buckets[bucket_count][sizeof(wait_queue)] {};

        wait_queue &bucket_of(machine::space space, word address)
        {
            const size_t index = (address / sizeof(uint32_t) * 0x9e37'79b9 + space) % bucket_count;
            return *reinterpret_cast<wait_queue *>(buckets[index]);
        }

        struct key
        {
            machine::space space;
            word           address;

            bool matches(const waiter &candidate) const
            {
                return candidate.memory[space_word] == space && candidate.memory[address_word] == address
                    && candidate.memory[phase_word] == phase_waiting;
            }

            wait_queue &bucket() const
            {
                return bucket_of(space, address);
            }
        };

        word wake_waiters(const key &wanted, word count, word bits)
        {
            word        woken = 0;
            wait_place *place = wanted.bucket().first;
            while (place != nullptr && woken < count)
            {
                waiter     &candidate = *place->owner;
                wait_place *next      = place->next;
                if (wanted.matches(candidate) && (candidate.memory[bits_word] & bits) != 0)
                {
                    candidate.memory[phase_word] = phase_woken;
                    candidate.wake();
                    ++woken;
                }
                place = next;
            }
            return woken;
        }

        word move_waiters(const key &from, const key &to, word count)
        {
            word        moved = 0;
            wait_place *place = from.bucket().first;
            // Those moved go to the end of a queue, perhaps of this one: look at no more than are there now.
            wait_place *last = from.bucket().last;
            while (place != nullptr && moved < count)
            {
                waiter     &candidate = *place->owner;
                wait_place *next      = place == last ? nullptr : place->next;
                if (from.matches(candidate))
                {
                    candidate.leave();
                    candidate.memory[space_word]   = to.space;
                    candidate.memory[address_word] = to.address;
                    (void)candidate.join(to.bucket()); // its only place, so one of its own
                    ++moved;
                }
                place = next;
            }
            return moved;
        }

        outcome wait_for_change(call &made, const key &where, word bits, bool is_absolute, bool is_real_time)
        {
            waiter &wait = made.wait;
            if (wait.memory[phase_word] == phase_woken)
            {
                return word { 0 };
            }
            if (wait.memory[phase_word] == phase_waiting)
            {
                return made.deadline_passed() ? outcome { error::etimedout } : outcome { word { 0 } };
            }
            if (bits == 0)
            {
                return error::einval;
            }
            if (made.arguments[3] != 0)
            {
                const result<instant> deadline = read_deadline(made, made.arguments[3], is_absolute, is_real_time);
                if (!deadline)
                {
                    return deadline.reason;
                }
                wait.set_deadline(*deadline);
            }
            const result<uint32_t> value = made.memory.read<uint32_t>(where.address);
            if (!value)
            {
                return value.reason;
            }
            if (*value != static_cast<uint32_t>(made.arguments[2]))
            {
                return error::eagain;
            }
            if (made.deadline_passed())
            {
                return error::etimedout;
            }
            wait.memory[phase_word]   = phase_waiting;
            wait.memory[space_word]   = where.space;
            wait.memory[address_word] = where.address;
            wait.memory[bits_word]    = bits;
            if (const status joined = wait.join(where.bucket()); !joined)
            {
                return joined;
            }
            return outcome::kind::wait;
        }

        outcome wake_with_operation(call &made, const key &first, const key &second)
        {
            const word encoded = made.arguments[5];
            int64_t    operand = static_cast<int32_t>(static_cast<uint32_t>(encoded) << 8) >> 20;
            const auto compared_with = static_cast<int32_t>(static_cast<uint32_t>(encoded) << 20) >> 20;
            if ((encoded >> 31 & 1) != 0)
            {
                operand = int64_t { 1 } << (operand & 31);
            }
            const result<int32_t> old = made.memory.read<int32_t>(second.address);
            if (!old)
            {
                return old.reason;
            }
            int32_t changed = *old;
            switch (encoded >> 28 & 7)
            {
                case 0 : changed = static_cast<int32_t>(operand); break;
                case 1 : changed = static_cast<int32_t>(static_cast<uint32_t>(*old) + static_cast<uint32_t>(operand)); break;
                case 2 : changed = *old | static_cast<int32_t>(operand); break;
                case 3 : changed = *old & ~static_cast<int32_t>(operand); break;
                case 4 : changed = *old ^ static_cast<int32_t>(operand); break;
                default : return error::enosys;
            }
            if (const status written = made.memory.write(second.address, changed); !written)
            {
                return written;
            }
            bool holds = false;
            switch (encoded >> 24 & 15)
            {
                case 0 : holds = *old == compared_with; break;
                case 1 : holds = *old != compared_with; break;
                case 2 : holds = *old < compared_with; break;
                case 3 : holds = *old <= compared_with; break;
                case 4 : holds = *old > compared_with; break;
                case 5 : holds = *old >= compared_with; break;
                default : return error::enosys;
            }
            word woken = wake_waiters(first, made.arguments[2], all_bits);
            if (holds)
            {
                woken += wake_waiters(second, made.arguments[3], all_bits);
            }
            return woken;
        }
    }

    outcome futex(call &made)
    {
        program_memory &memory  = *made.caller.owner->memory;
        const word      address = made.arguments[0];
        const word      command = made.arguments[1] & command_mask;
        if (address % sizeof(uint32_t) != 0)
        {
            return error::einval;
        }
        const key  where { memory.space, address };
        const key  second { memory.space, made.arguments[4] };
        const bool is_real_time = (made.arguments[1] & flag_real_time) != 0;
        switch (command)
        {
            case wait : return wait_for_change(made, where, all_bits, false, is_real_time);
            case wait_bitset :
                return wait_for_change(made, where, made.arguments[5] & all_bits, true, is_real_time);
            case wake : return wake_waiters(where, made.arguments[2], all_bits);
            case wake_bitset :
                return (made.arguments[5] & all_bits) == 0
                    ? outcome { error::einval }
                    : outcome { wake_waiters(where, made.arguments[2], made.arguments[5] & all_bits) };
            case compare_requeue :
            {
                const result<uint32_t> value = memory.read<uint32_t>(address);
                if (!value)
                {
                    return value.reason;
                }
                if (*value != static_cast<uint32_t>(made.arguments[5]))
                {
                    return error::eagain;
                }
                [[fallthrough]];
            }
            case requeue :
            {
                const word woken = wake_waiters(where, made.arguments[2], all_bits);
                const word moved = move_waiters(where, second, made.arguments[3]);
                return woken + moved;
            }
            case wake_operation : return wake_with_operation(made, where, second);
            default : return error::enosys;
        }
    }

    word wake_futex(program_memory &memory, word address, word count)
    {
        return wake_waiters({ memory.space, address }, count, all_bits);
    }

    void release_robust_futexes(thread &gone)
    {
        // struct robust_list_head: next, offset of the lock's word from a list entry, entry about to be added or removed.
        struct list_head
        {
            word    next;
            int64_t offset;
            word    pending;
        };
        constexpr uint32_t waiters_bit = 0x8000'0000, owner_died_bit = 0x4000'0000, identifier_bits = 0x3fff'ffff;
        constexpr size_t   maximum_entries = 2048;

        if (gone.robust_list == 0 || gone.robust_list_size != sizeof(list_head))
        {
            return;
        }
        program_memory          &memory = *gone.owner->memory;
        const result<list_head>  head   = memory.read<list_head>(gone.robust_list);
        if (!head)
        {
            return;
        }
        const auto mark = [&](word entry) {
            const word             address = (entry & ~word { 1 }) + static_cast<word>(head->offset);
            const result<uint32_t> value   = memory.read<uint32_t>(address);
            if (value && (*value & identifier_bits) == static_cast<uint32_t>(gone.identifier))
            {
                (void)memory.write<uint32_t>(address, (*value & waiters_bit) | owner_died_bit);
                if ((*value & waiters_bit) != 0)
                {
                    wake_futex(memory, address, 1);
                }
            }
        };
        word entry = head->next;
        for (size_t i = 0; i < maximum_entries && (entry & ~word { 1 }) != gone.robust_list; ++i)
        {
            const result<word> next = memory.read<word>(entry & ~word { 1 });
            if (entry != head->pending)
            {
                mark(entry);
            }
            if (!next)
            {
                break;
            }
            entry = *next;
        }
        if (head->pending != 0)
        {
            mark(head->pending);
        }
    }
}
