// Page tables of the host: four levels of 512 words, in physical memory like those of a real machine, though no
// processor walks them. A format of its own keeps the core from relying on that of x86_64.
#include "page_table.hpp"
#include "processor.hpp"

#include <hal/interface/memory.hpp>

namespace a9n::hal
{
    using namespace a9n::host;

    namespace
    {
        // The last page below 2^47 is never mapped.
        constexpr virtual_address mappable_end = 0x7fff'ffff'f000;

        struct found_entry
        {
            page_table_entry* entry; ///< nullptr: see `problem`
            mapping_result    problem;
        };

        /// The entry for `address` in the table of `depth`.
        found_entry find_entry(physical_address root, virtual_address address, word depth)
        {
            physical_address table = root;
            for (word at = root_table_depth; at > depth; at--)
            {
                const page_table_entry entry = to_pointer<page_table>(table)->entries[entry_index(address, at)];
                if (entry.is_empty())
                {
                    return { nullptr, mapping_result::missing_table };
                }
                if (entry.is_page)
                {
                    return { nullptr, mapping_result::obstructed };
                }
                table = entry.address();
            }
            return { &to_pointer<page_table>(table)->entries[entry_index(address, depth)], mapping_result::success };
        }

        mapping_result enter(physical_address root, virtual_address address, word depth, page_table_entry value)
        {
            const found_entry found = find_entry(root, address, depth);
            if (found.entry == nullptr)
            {
                return found.problem;
            }
            if (!found.entry->is_empty())
            {
                return mapping_result::obstructed;
            }
            *found.entry = value;
            return mapping_result::success;
        }

        mapping_result remove(physical_address root, virtual_address address, word depth, bool is_page)
        {
            const found_entry found = find_entry(root, address, depth);
            if (found.entry == nullptr)
            {
                return found.problem;
            }
            if (found.entry->is_empty())
            {
                return mapping_result::absent;
            }
            if (found.entry->is_page != is_page)
            {
                return mapping_result::obstructed;
            }
            *found.entry = {};
            return mapping_result::success;
        }
    }

    bool is_user_address(virtual_address address)
    {
        return address < abi::user_address_end;
    }

    bool is_user_page(virtual_address address, word size_bits)
    {
        const word size = word { 1 } << size_bits;
        return (address & (size - 1)) == 0 && address < mappable_end && size <= mappable_end - address;
    }

    bool has_page_size(word size_bits)
    {
        return depth_of_page_size(size_bits) != 0;
    }

    word depth_of_page_size(word size_bits)
    {
        for (word depth = 1; depth < root_table_depth; depth++)
        {
            if (entry_size_bits(depth) == size_bits)
            {
                return depth;
            }
        }
        return 0;
    }

    void initialise_address_space(physical_address)
    {
        // The kernel is reachable whatever address space is active: it needs no entry.
    }

    mapping_result enter_table(physical_address root, virtual_address address, physical_address table, word depth)
    {
        page_table_entry entry {};
        entry.page_number = table >> abi::page_size_bits;
        entry.is_table    = true;
        return enter(root, address, depth + 1, entry);
    }

    mapping_result remove_table(physical_address root, virtual_address address, word depth)
    {
        return remove(root, address, depth + 1, false);
    }

    mapping_result enter_page(
        physical_address root, virtual_address address, physical_address page, word size_bits,
        page_permissions permissions)
    {
        page_table_entry entry {};
        entry.page_number   = page >> abi::page_size_bits;
        entry.is_page       = true;
        entry.is_writable   = permissions.writable;
        entry.is_executable = permissions.executable;
        return enter(root, address, depth_of_page_size(size_bits), entry);
    }

    mapping_result remove_page(physical_address root, virtual_address address, word size_bits)
    {
        return remove(root, address, depth_of_page_size(size_bits), true);
    }

    word find_missing_table(physical_address root, virtual_address address, word leaf_depth)
    {
        physical_address table = root;
        for (word at = root_table_depth; at > leaf_depth; at--)
        {
            const page_table_entry entry = to_pointer<page_table>(table)->entries[entry_index(address, at)];
            if (entry.is_empty())
            {
                return at - 1;
            }
            if (entry.is_page)
            {
                return 0;
            }
            table = entry.address();
        }
        return 0;
    }

    void clear_address_space(physical_address root)
    {
        for (word i = 0; i < user_root_entries; i++)
        {
            to_pointer<page_table>(root)->entries[i] = {};
        }
    }

    void forget_physical_range(physical_address table, word depth, physical_address start, word size)
    {
        page_table* entries = to_pointer<page_table>(table);
        const word  count   = depth == root_table_depth ? user_root_entries : page_table_entries;
        for (word i = 0; i < count; i++)
        {
            page_table_entry& entry = entries->entries[i];
            if (!entry.is_empty() && entry.address() - start < size)
            {
                entry = {};
            }
        }
    }

    void flush_translations()
    {
        if (on_translations_changed != nullptr)
        {
            on_translations_changed();
        }
    }

    void leave_address_space(physical_address root)
    {
        if (running.address_space == root)
        {
            running.address_space = no_address_space;
            flush_translations();
        }
    }
}
