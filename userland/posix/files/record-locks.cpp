#include "record-locks.hpp"

namespace posix
{
    namespace
    {
        bool overlaps(const record_lock &lock, word start, word end)
        {
            return lock.start <= end && start <= lock.end;
        }
    }

    const record_lock *record_locks::conflict(const record_lock &wanted) const
    {
        for (const record_lock &held : locks)
        {
            if (held.owner != wanted.owner && overlaps(held, wanted.start, wanted.end)
                && (held.type == lock_type::exclusive || wanted.type == lock_type::exclusive))
            {
                return &held;
            }
        }
        return nullptr;
    }

    const record_lock *record_locks::own(lock_owner owner, word start, word end) const
    {
        for (const record_lock &held : locks)
        {
            if (held.owner == owner && overlaps(held, start, end))
            {
                return &held;
            }
        }
        return nullptr;
    }

    status record_locks::clear(lock_owner owner, word start, word end)
    {
        // At most one lock can reach beyond both ends, and so become two.
        if (!locks.reserve(locks.size() + 1))
        {
            return error::enolck;
        }
        for (size_t i = locks.size(); i-- != 0;)
        {
            record_lock &held = locks[i];
            if (held.owner != owner || !overlaps(held, start, end))
            {
                continue;
            }
            const record_lock whole = held;
            if (whole.start < start && whole.end > end)
            {
                held.end         = start - 1;
                record_lock rest = whole;
                rest.start       = end + 1;
                (void)locks.push_back(rest);
            }
            else if (whole.start < start)
            {
                held.end = start - 1;
            }
            else if (whole.end > end)
            {
                held.start = end + 1;
            }
            else
            {
                locks.erase(i);
            }
        }
        changed.wake_all();
        return {};
    }

    status record_locks::set(const record_lock &wanted)
    {
        if (!locks.reserve(locks.size() + 2))
        {
            return error::enolck;
        }
        const status cleared = clear(wanted.owner, wanted.start, wanted.end);
        if (!cleared)
        {
            return cleared;
        }
        // Neighbours of the same kind become one lock.
        record_lock joined = wanted;
        for (size_t i = locks.size(); i-- != 0;)
        {
            const record_lock &held     = locks[i];
            const bool         adjacent = held.end + 1 == joined.start || joined.end + 1 == held.start;
            if (held.owner == joined.owner && held.type == joined.type && adjacent)
            {
                joined.start = runtime::minimum(joined.start, held.start);
                joined.end   = runtime::maximum(joined.end, held.end);
                locks.erase(i);
            }
        }
        (void)locks.push_back(joined);
        return {};
    }

    void record_locks::release(lock_owner owner)
    {
        bool released = false;
        for (size_t i = locks.size(); i-- != 0;)
        {
            if (locks[i].owner == owner)
            {
                locks.erase(i);
                released = true;
            }
        }
        if (released)
        {
            changed.wake_all();
        }
    }
}
