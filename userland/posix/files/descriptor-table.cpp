#include "descriptor-table.hpp"

namespace posix
{
    word descriptor_limit(const process_state &process)
    {
        const word limit = process.limits[static_cast<size_t>(resource::open_files)].current;
        return runtime::minimum(limit, word { descriptor_table::maximum });
    }

    result<word> descriptor_table::add(reference<open_file> file, bool close_on_exec, word lowest, word limit)
    {
        word number = lowest;
        while (number < slots.size() && slots[number].file)
        {
            ++number;
        }
        if (number >= limit)
        {
            return error::emfile;
        }
        const status done = put(static_cast<int32_t>(number), runtime::move(file), close_on_exec);
        return done ? result<word> { number } : result<word> { done.reason };
    }

    status descriptor_table::put(int32_t number, reference<open_file> file, bool close_on_exec)
    {
        const auto index = static_cast<size_t>(number);
        if (index >= slots.size() && !slots.resize(index + 1))
        {
            return error::enomem;
        }
        remove(number);
        slots[index].file          = runtime::move(file);
        slots[index].close_on_exec = close_on_exec;
        return {};
    }

    reference<open_file> descriptor_table::remove(int32_t number)
    {
        reference<open_file> closed;
        runtime::swap(closed, slots[static_cast<size_t>(number)].file);
        // POSIX: closing any descriptor of a file drops all locks that the process has on it.
        if (closed)
        {
            closed->node->locks.release(this);
        }
        return closed;
    }

    void descriptor_table::close_all()
    {
        for (size_t i = 0; i < slots.size(); ++i)
        {
            remove(static_cast<int32_t>(i));
        }
        slots.clear();
    }

    void descriptor_table::close_marked()
    {
        for (size_t i = 0; i < slots.size(); ++i)
        {
            if (slots[i].file && slots[i].close_on_exec)
            {
                remove(static_cast<int32_t>(i));
            }
        }
    }

    bool descriptor_table::copy_from(const descriptor_table &other)
    {
        if (!slots.resize(other.slots.size()))
        {
            return false;
        }
        for (size_t i = 0; i < slots.size(); ++i)
        {
            slots[i].file          = other.slots[i].file;
            slots[i].close_on_exec = other.slots[i].close_on_exec;
        }
        return true;
    }
}
