#include "memory-calls.hpp"

#include "file-service.hpp"
#include "process.hpp"

namespace posix
{
    namespace
    {
        enum map_flags : word
        {
            map_shared          = 0x01,
            map_private         = 0x02,
            map_shared_validate = 0x03,
            map_type            = 0x0f,
            map_fixed           = 0x10,
            map_anonymous       = 0x20,
            map_fixed_no_replace = 0x10'0000,
        };

        constexpr word protection_mask = 7;
        constexpr word protection_grows = 0x0300'0000; // PROT_GROWSDOWN, PROT_GROWSUP

        constexpr word maximum_break_size = word { 1 } << 36;
        /// mremap copies what it moves, and the server does nothing else meanwhile.
        constexpr word maximum_moved_size = 16 << 20;

        program_memory &memory_of(call &made)
        {
            return *made.caller.owner->memory;
        }

        uint8_t to_protection(word given)
        {
            // Writable or executable pages can be read, as on the processor.
            const auto bits = static_cast<uint8_t>(given & protection_mask);
            return bits == 0 ? bits : static_cast<uint8_t>(bits | machine::readable);
        }

        bool is_page_aligned(word value)
        {
            return value % page_size == 0;
        }
    }

    outcome brk(call &made)
    {
        program_memory &memory = memory_of(made);
        const word      wanted = made.arguments[0];
        if (wanted < memory.break_start || wanted - memory.break_start > maximum_break_size)
        {
            return memory.break_end;
        }
        const word old_end = page_ceiling(memory.break_end);
        const word new_end = page_ceiling(wanted);
        if (new_end > old_end)
        {
            if (!memory.is_free(old_end, new_end - old_end)
                || !memory.map_zeroed(
                    old_end, new_end - old_end, machine::readable | machine::writable, false, mapping_kind::heap))
            {
                return memory.break_end;
            }
        }
        else if (new_end < old_end && !memory.unmap(new_end, old_end - new_end))
        {
            return memory.break_end;
        }
        memory.break_end = wanted;
        return wanted;
    }

    outcome mmap(call &made)
    {
        program_memory &memory = memory_of(made);
        word            address = made.arguments[0];
        const word      flags   = made.arguments[3];
        const word      offset  = made.arguments[5];
        const word      type    = flags & map_type;
        if (made.arguments[1] == 0 || (made.arguments[2] & ~(protection_mask | 8)) != 0 || !is_page_aligned(offset)
            || (type != map_shared && type != map_private && type != map_shared_validate))
        {
            return error::einval;
        }
        if (made.arguments[1] > user_address_end)
        {
            return error::enomem;
        }
        const word    size       = page_ceiling(made.arguments[1]);
        const uint8_t protection = to_protection(made.arguments[2]);
        const bool    is_shared  = type != map_private;

        if ((flags & (map_fixed | map_fixed_no_replace)) != 0)
        {
            if (!is_page_aligned(address))
            {
                return error::einval;
            }
            if (address < lowest_address || !is_user_range(address, size) || address + size > signal_page)
            {
                return address < lowest_address ? error::eperm : error::enomem;
            }
            if ((flags & map_fixed_no_replace) != 0 && !memory.is_free(address, size))
            {
                return error::eexist;
            }
        }
        else
        {
            address = page_floor(address);
            if (address < lowest_address || !is_user_range(address, size) || address + size > mapping_area_end
                || !memory.is_free(address, size))
            {
                address = memory.find_free(size);
            }
            if (address == 0)
            {
                return error::enomem;
            }
        }

        status mapped;
        if ((flags & map_anonymous) != 0)
        {
            mapped = memory.map_zeroed(address, size, protection, is_shared, mapping_kind::anonymous);
        }
        else
        {
            const bool            is_writable = (protection & machine::writable) != 0;
            const result<inode *> file
                = file_for_mapping(made.process, static_cast<int32_t>(made.arguments[4]), is_shared, is_writable);
            if (!file)
            {
                return file.reason;
            }
            if (offset + size < offset)
            {
                return error::eoverflow;
            }
            // What is written to a shared mapping would have to reach the file.
            mapped = is_shared && is_writable ? status { error::enodev }
                                              : memory.map_file(address, size, protection, **file, offset);
        }
        return mapped ? outcome { address } : outcome { mapped.reason };
    }

    namespace
    {
        /// A range the caller may change: not the page that its signals need.
        bool is_own_range(word address, word size)
        {
            return is_user_range(address, size) && (address + size <= signal_page || address >= signal_page + page_size);
        }
    }

    outcome munmap(call &made)
    {
        const word address = made.arguments[0];
        if (!is_page_aligned(address) || made.arguments[1] == 0 || made.arguments[1] > user_address_end
            || !is_own_range(address, page_ceiling(made.arguments[1])))
        {
            return error::einval;
        }
        return memory_of(made).unmap(address, page_ceiling(made.arguments[1]));
    }

    outcome mprotect(call &made)
    {
        const word address = made.arguments[0];
        if (!is_page_aligned(address) || (made.arguments[2] & ~(protection_mask | 8 | protection_grows)) != 0)
        {
            return error::einval;
        }
        if (made.arguments[1] == 0)
        {
            return word { 0 };
        }
        if (made.arguments[1] > user_address_end || !is_own_range(address, page_ceiling(made.arguments[1])))
        {
            return error::enomem;
        }
        return memory_of(made).protect(address, page_ceiling(made.arguments[1]), to_protection(made.arguments[2]));
    }

    namespace
    {
        constexpr word remap_may_move = 1;

        status copy_pages(program_memory &memory, word from, word to, word size)
        {
            uint8_t page[page_size];
            for (word done = 0; done < size; done += page_size)
            {
                if (const status read = memory.copy_in(page, from + done, page_size); !read)
                {
                    return read;
                }
                if (const status written = memory.copy_out(to + done, page, page_size); !written)
                {
                    return written;
                }
            }
            return {};
        }
    }

    outcome mremap(call &made)
    {
        program_memory &memory = memory_of(made);
        const word      address = made.arguments[0];
        const word      flags   = made.arguments[3];
        if (!is_page_aligned(address) || made.arguments[2] == 0 || made.arguments[1] == 0 || (flags & ~remap_may_move) != 0
            || made.arguments[1] > user_address_end || made.arguments[2] > user_address_end)
        {
            return error::einval;
        }
        const word old_size = page_ceiling(made.arguments[1]);
        const word new_size = page_ceiling(made.arguments[2]);
        if (!is_own_range(address, old_size))
        {
            return error::efault;
        }
        const mapping *found = memory.find(address);
        if (found == nullptr || found->end < address + old_size)
        {
            return error::efault;
        }
        const mapping of = *found;
        if (new_size == old_size)
        {
            return address;
        }
        if (new_size < old_size)
        {
            const status shrunk = memory.unmap(address + new_size, old_size - new_size);
            return shrunk ? outcome { address } : outcome { shrunk.reason };
        }
        if (of.shared || of.file != nullptr)
        {
            return error::enomem; // only private anonymous memory grows
        }
        if (memory.is_free(address + old_size, new_size - old_size) && address + new_size <= mapping_area_end)
        {
            const status grown
                = memory.map_zeroed(address + old_size, new_size - old_size, of.protection, false, of.kind);
            return grown ? outcome { address } : outcome { grown.reason };
        }
        if ((flags & remap_may_move) == 0 || old_size > maximum_moved_size
            || (of.protection & machine::writable) == 0)
        {
            return error::enomem;
        }
        const word moved = memory.find_free(new_size);
        if (moved == 0)
        {
            return error::enomem;
        }
        status done = memory.map_zeroed(moved, new_size, of.protection, false, of.kind);
        if (done)
        {
            done = copy_pages(memory, address, moved, old_size);
            // The old place goes if the copy is complete, else the new one.
            (void)memory.unmap(done ? address : moved, done ? old_size : new_size);
        }
        return done ? outcome { moved } : outcome { error::enomem };
    }

    outcome madvise(call &made)
    {
        constexpr word dont_need = 4, free = 8;
        program_memory &memory  = memory_of(made);
        const word      address = made.arguments[0];
        const word      advice  = made.arguments[2];
        if (!is_page_aligned(address))
        {
            return error::einval;
        }
        if (made.arguments[1] == 0)
        {
            return word { 0 };
        }
        if (made.arguments[1] > user_address_end || !is_own_range(address, page_ceiling(made.arguments[1])))
        {
            return error::enomem;
        }
        if (advice != dont_need && advice != free)
        {
            return advice <= 25 || advice == 100 || advice == 101 ? outcome { word { 0 } } : outcome { error::einval };
        }
        // Zeroed pages in place of what is there, mapping by mapping; files and shared memory keep theirs.
        const word end = address + page_ceiling(made.arguments[1]);
        for (word at = address; at < end;)
        {
            const mapping *found = memory.find_above(at);
            if (found == nullptr || found->start >= end)
            {
                break;
            }
            const word start = found->start > at ? found->start : at;
            const word stop  = found->end < end ? found->end : end;
            if (found->file == nullptr && !found->shared && found->kind != mapping_kind::signal_page)
            {
                if (const status cleared
                    = memory.map_zeroed(start, stop - start, found->protection, false, found->kind);
                    !cleared)
                {
                    return cleared;
                }
            }
            at = stop;
        }
        return word { 0 };
    }

    outcome msync(call &made)
    {
        // No mapping is written back: shared writable mappings of files do not exist.
        return is_page_aligned(made.arguments[0]) ? outcome { word { 0 } } : outcome { error::einval };
    }


    outcome memory_lock(call &)
    {
        return word { 0 }; // nothing is ever swapped out
    }
}
