#include "program-memory.hpp"

#include "file-images.hpp"

namespace posix
{
    program_memory::~program_memory()
    {
        for (mapping &each : mappings)
        {
            if (each.file != nullptr)
            {
                posix::release(*each.file);
            }
        }
        if (space != 0)
        {
            machine::destroy_space(space);
        }
    }

    result<program_memory *> program_memory::create()
    {
        auto *made = runtime::create<program_memory>();
        if (made == nullptr)
        {
            return error::enomem;
        }
        const result<machine::space> space = machine::create_space();
        if (!space)
        {
            runtime::destroy(made);
            return space.reason;
        }
        made->space = *space;
        return made;
    }

    result<program_memory *> program_memory::clone()
    {
        auto *made = runtime::create<program_memory>();
        if (made == nullptr || !made->mappings.reserve(mappings.size()))
        {
            runtime::destroy(made);
            return error::enomem;
        }
        const result<machine::space> cloned = machine::clone_space(space);
        if (!cloned)
        {
            runtime::destroy(made);
            return cloned.reason;
        }
        made->space = *cloned;
        for (const mapping &each : mappings)
        {
            if (each.file != nullptr)
            {
                (void)posix::acquire(*each.file);
            }
            (void)made->mappings.push_back(each); // reserved
        }
        made->break_start       = break_start;
        made->break_end         = break_end;
        made->arguments_start   = arguments_start;
        made->arguments_end     = arguments_end;
        made->environment_start = environment_start;
        made->environment_end   = environment_end;
        return made;
    }

    void program_memory::release(program_memory *gone)
    {
        if (gone != nullptr && --gone->users == 0)
        {
            runtime::destroy(gone);
        }
    }

    result<user_span> program_memory::reach(word address, word size, user_access access)
    {
        if (address >= user_address_end)
        {
            return error::efault;
        }
        const result<uint8_t *> page = machine::reach_page(space, page_floor(address), access == user_access::write);
        if (!page)
        {
            return error::efault;
        }
        const word in_page = page_size - address % page_size;
        return user_span { *page + address % page_size, size < in_page ? size : in_page };
    }

    // ---- The list ------------------------------------------------------------------------------------------------------

    const mapping *program_memory::find_above(word address) const
    {
        size_t low = 0, high = mappings.size();
        while (low < high)
        {
            const size_t middle = (low + high) / 2;
            if (mappings[middle].end > address)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }
        return low < mappings.size() ? &mappings[low] : nullptr;
    }

    const mapping *program_memory::find(word address) const
    {
        const mapping *found = find_above(address);
        return found != nullptr && found->start <= address ? found : nullptr;
    }

    bool program_memory::is_free(word address, word size) const
    {
        const mapping *next = find_above(address);
        return is_user_range(address, size) && (next == nullptr || next->start >= address + size);
    }

    word program_memory::find_free(word size) const
    {
        word end = mapping_area_end;
        for (size_t i = mappings.size(); i-- > 0;)
        {
            const mapping &each = mappings[i];
            if (each.end < end && end - each.end >= size)
            {
                break;
            }
            if (each.start < end)
            {
                end = each.start;
            }
        }
        return end >= lowest_address && end - lowest_address >= size ? end - size : 0;
    }

    word program_memory::mapped_bytes() const
    {
        word sum = 0;
        for (const mapping &each : mappings)
        {
            sum += each.end - each.start;
        }
        return sum;
    }

    status program_memory::make_room(size_t mappings_more) const
    {
        return mappings.size() + mappings_more <= maximum_mappings ? status {} : status { error::enomem };
    }

    bool program_memory::split_at(word address)
    {
        const mapping *found = find(address);
        if (found == nullptr || found->start == address)
        {
            return true;
        }
        const size_t index = static_cast<size_t>(found - mappings.data());
        mapping      upper = *found;
        upper.offset += address - upper.start;
        upper.start = address;
        if (!mappings.insert(index + 1, upper))
        {
            return false;
        }
        mappings[index].end = address;
        if (upper.file != nullptr)
        {
            (void)posix::acquire(*upper.file);
        }
        return true;
    }

    void program_memory::remove(word start, word end)
    {
        const mapping *first = find_above(start);
        if (first == nullptr)
        {
            return;
        }
        const size_t index = static_cast<size_t>(first - mappings.data());
        while (index < mappings.size() && mappings[index].start < end)
        {
            if (mappings[index].file != nullptr)
            {
                posix::release(*mappings[index].file);
            }
            mappings.erase(index);
        }
    }

    status program_memory::insert(const mapping &added)
    {
        const mapping *next  = find_above(added.start);
        const size_t   index = next == nullptr ? mappings.size() : static_cast<size_t>(next - mappings.data());
        // Anonymous neighbours of one kind are one mapping, as for ULMM.
        if (index > 0 && added.file == nullptr && !added.shared)
        {
            mapping &before = mappings[index - 1];
            if (before.end == added.start && before.file == nullptr && !before.shared && before.kind == added.kind
                && before.protection == added.protection)
            {
                before.end = added.end;
                return {};
            }
        }
        if (!mappings.insert(index, added))
        {
            return error::enomem;
        }
        if (added.file != nullptr)
        {
            (void)posix::acquire(*added.file);
        }
        return {};
    }

    // ---- Requests ------------------------------------------------------------------------------------------------------

    status program_memory::map_zeroed(word address, word size, uint8_t protection, bool shared, mapping_kind kind)
    {
        if (!is_user_range(address, size) || mapped_bytes() + size > maximum_program_size || !make_room(3)
            || !split_at(address) || !split_at(address + size))
        {
            return error::enomem;
        }
        if (const status mapped = machine::map(space, address, size, protection, shared); !mapped)
        {
            return mapped;
        }
        remove(address, address + size);
        return insert({ address, address + size, protection, shared, kind, nullptr, 0 });
    }

    status program_memory::map_file(word address, word size, uint8_t protection, inode &file, word offset)
    {
        if (!is_user_range(address, size) || mapped_bytes() + size > maximum_program_size || !make_room(3)
            || !split_at(address) || !split_at(address + size))
        {
            return error::enomem;
        }
        const word file_end   = page_ceiling(file_size(file));
        const word from_file  = offset >= file_end ? 0 : (size < file_end - offset ? size : file_end - offset);
        if (from_file != 0)
        {
            const result<machine::object> pages = image_of(file);
            if (!pages)
            {
                return pages.reason;
            }
            if (const status mapped = machine::map(space, address, from_file, protection, *pages, offset, true); !mapped)
            {
                return mapped;
            }
        }
        if (from_file != size)
        {
            // Linux raises SIGBUS there; here there is nothing, which raises SIGSEGV.
            (void)machine::unmap(space, address + from_file, size - from_file);
        }
        remove(address, address + size);
        return insert({ address, address + size, protection, false, mapping_kind::file, &file, offset });
    }

    status program_memory::map_signal_page(machine::object page)
    {
        constexpr uint8_t protection = machine::readable | machine::executable;
        if (const status mapped = machine::map(space, signal_page, page_size, protection, page, 0, false); !mapped)
        {
            return mapped;
        }
        return insert({ signal_page, signal_page + page_size, protection, true, mapping_kind::signal_page, nullptr, 0 });
    }

    status program_memory::unmap(word address, word size)
    {
        if (!is_user_range(address, size) || !split_at(address) || !split_at(address + size))
        {
            return error::enomem;
        }
        if (const status unmapped = machine::unmap(space, address, size); !unmapped)
        {
            return unmapped;
        }
        remove(address, address + size);
        return {};
    }

    status program_memory::protect(word address, word size, uint8_t protection)
    {
        if (!is_user_range(address, size) || !make_room(2))
        {
            return error::enomem;
        }
        for (word at = address; at < address + size;)
        {
            const mapping *found = find(at);
            if (found == nullptr)
            {
                return error::enomem;
            }
            at = found->end;
        }
        if (!split_at(address) || !split_at(address + size))
        {
            return error::enomem;
        }
        if (const status done = machine::protect(space, address, size, protection); !done)
        {
            return done;
        }
        for (mapping &each : mappings)
        {
            if (each.start >= address && each.end <= address + size)
            {
                each.protection = protection;
            }
        }
        return {};
    }
}
