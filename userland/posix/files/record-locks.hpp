// Locks on ranges of a file (fcntl) and on whole files (flock). They bind only those who ask.
#pragma once

#include "../wait-queue.hpp"
#include "linux-abi.hpp"

#include <runtime/vector.hpp>

namespace posix
{
    enum class lock_type : uint8_t
    {
        shared,
        exclusive,
    };

    /// Who holds a lock: a descriptor table (POSIX), or an open file (OFD locks, flock). Only compared, never followed.
    using lock_owner = const void *;

    struct record_lock
    {
        word       start   = 0;
        word       end     = 0; ///< inclusive
        lock_type  type    = lock_type::shared;
        lock_owner owner   = nullptr;
        int32_t    process = 0; ///< as F_GETLK tells it; −1 for an open file's
    };

    class record_locks
    {
    public:
        /// A lock of another owner that stands against this one; null if none.
        const record_lock *conflict(const record_lock &wanted) const;

        /// A lock of this very owner in the range; null if none.
        const record_lock *own(lock_owner owner, word start, word end) const;

        /// Takes the lock, which has no conflict, in place of what its owner holds there. ENOLCK if there is no memory.
        status set(const record_lock &wanted);

        /// ENOLCK if there is no memory: a hole in a lock makes two of it.
        status clear(lock_owner owner, word start, word end);

        /// All of an owner's; needs no memory.
        void release(lock_owner owner);

        bool empty() const
        {
            return locks.empty();
        }

        wait_queue changed;

    private:
        runtime::vector<record_lock> locks;
    };
}
