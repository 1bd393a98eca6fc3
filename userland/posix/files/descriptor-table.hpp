// From small numbers to open files.
#pragma once

#include "open-file.hpp"

#include <runtime/vector.hpp>

namespace posix
{
    struct descriptor
    {
        reference<open_file> file; ///< null: the number is free
        bool                 close_on_exec = false;
    };

    struct descriptor_table
    {
        /// However high the resource limit.
        static constexpr int32_t maximum = 65536;

        size_t                      users = 1; ///< processes that share it
        runtime::vector<descriptor> slots;

        /// Null if there is none of that number.
        open_file *find(int32_t number) const
        {
            return number < 0 || static_cast<size_t>(number) >= slots.size() ? nullptr : slots[static_cast<size_t>(number)].file.get();
        }

        reference<open_file> get(int32_t number) const
        {
            return reference<open_file> { find(number) };
        }

        /// The lowest free number from `lowest` on that is below `limit`: EMFILE if there is none, ENOMEM.
        result<word> add(reference<open_file> file, bool close_on_exec, word lowest, word limit);

        /// At this very number, whose file is closed if it had one.
        status put(int32_t number, reference<open_file> file, bool close_on_exec);

        /// The file that was there; locks of the table on it are gone.
        reference<open_file> remove(int32_t number);

        void close_all();
        void close_marked();
        bool copy_from(const descriptor_table &other);
    };

    /// How many descriptors a process may have.
    word descriptor_limit(const process_state &process);
}
