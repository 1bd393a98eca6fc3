// A pipe: sixteen pages of bytes between writers and readers, filled as Linux fills them.
#pragma once

#include "../wait-queue.hpp"
#include "user-transfer.hpp"

#include <runtime/reference.hpp>

namespace posix
{
    struct pipe : runtime::counted
    {
        static constexpr size_t slot_count = 16;
        static constexpr word   atomic     = page_size; ///< PIPE_BUF: a write of so many bytes is in one piece

        pipe() = default;
        ~pipe();

        uint32_t readers = 0;
        uint32_t writers = 0;

        /// How many have come: a reader that waits for a writer also counts one that has gone again.
        word readers_ever = 0;
        word writers_ever = 0;

        wait_queue readable; ///< bytes came, or a writer came or went
        wait_queue writable; ///< room came, or a reader came or went

        wait_queue opening_readers; ///< of a FIFO: they wait for a writer
        wait_queue opening_writers;

        bool empty() const
        {
            return used == 0;
        }

        bool full() const
        {
            return used == slot_count;
        }

        word bytes() const;

        /// Nobody will read what is in it.
        void discard();

        /// As many bytes as there are and are asked for.
        result<word> read(user_transfer &into);

        /// As many bytes as fit; 0 if none, ENOMEM if memory is out before the first. The first part of a write may go into the last page.
        result<word> write(user_transfer &from, bool is_first_part);

    private:
        struct slot
        {
            uint8_t *page   = nullptr;
            word     offset = 0;
            word     length = 0;
        };

        slot  &last();
        void   drop_first();

        slot   slots[slot_count];
        size_t first = 0;
        size_t used  = 0;
    };

    inline void dispose(pipe *object)
    {
        runtime::destroy(object);
    }
}
