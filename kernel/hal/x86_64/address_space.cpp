// User address spaces: entering, removing and finding page-table entries.
#include "cpu.hpp"
#include "kernel_space.hpp"
#include "page_table.hpp"

#include <hal/interface/memory.hpp>

namespace a9n::hal
{
    namespace
    {
        constexpr word root_depth = root_table_depth;

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
            for (word at = root_depth; at > depth; at--)
            {
                const page_table_entry entry = to_pointer<page_table>(table)->entries[entry_index(address, at)];
                if ((entry & present) == 0)
                {
                    return { nullptr, mapping_result::missing_table };
                }
                if ((entry & large_page) != 0)
                {
                    return { nullptr, mapping_result::obstructed };
                }
                table = entry_address(entry);
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
            if ((*found.entry & present) != 0)
            {
                return mapping_result::obstructed;
            }
            *found.entry = value;
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
        if (size_bits == abi::huge_page_size_bits)
        {
            constexpr uint32_t largest_leaf = 0x8000'0000, features = 0x8000'0001, page1gb = 1 << 26;
            return cpu::cpuid(largest_leaf).eax >= features && (cpu::cpuid(features).edx & page1gb) != 0;
        }
        return size_bits == abi::page_size_bits || size_bits == abi::large_page_size_bits;
    }

    word depth_of_page_size(word size_bits)
    {
        for (word depth = 1; depth < root_depth; depth++)
        {
            if (entry_size_bits(depth) == size_bits)
            {
                return depth;
            }
        }
        return 0;
    }

    void initialise_address_space(physical_address root)
    {
        page_table* table = to_pointer<page_table>(root);
        for (word i = user_root_entries; i < page_table_entries; i++)
        {
            table->entries[i] = kernel_root().entries[i];
        }
    }

    mapping_result enter_table(physical_address root, virtual_address address, physical_address table, word depth)
    {
        return enter(root, address, depth + 1, table | present | writable | user);
    }

    mapping_result remove_table(physical_address root, virtual_address address, word depth)
    {
        const found_entry found = find_entry(root, address, depth + 1);
        if (found.entry == nullptr)
        {
            return found.problem;
        }
        if ((*found.entry & present) == 0)
        {
            return mapping_result::absent;
        }
        if ((*found.entry & large_page) != 0)
        {
            return mapping_result::obstructed;
        }
        *found.entry = 0;
        return mapping_result::success;
    }

    mapping_result enter_page(
        physical_address root, virtual_address address, physical_address page, word size_bits,
        page_permissions permissions)
    {
        const word depth = depth_of_page_size(size_bits);
        return enter(root, address, depth,
            page | present | user | (permissions.writable ? word { writable } : 0)
                | (permissions.executable ? 0 : word { no_execute }) | (depth > 1 ? word { large_page } : 0));
    }

    mapping_result remove_page(physical_address root, virtual_address address, word size_bits)
    {
        const word        depth = depth_of_page_size(size_bits);
        const found_entry found = find_entry(root, address, depth);
        if (found.entry == nullptr)
        {
            return found.problem;
        }
        if ((*found.entry & present) == 0)
        {
            return mapping_result::absent;
        }
        if (depth > 1 && (*found.entry & large_page) == 0)
        {
            return mapping_result::obstructed;
        }
        *found.entry = 0;
        return mapping_result::success;
    }

    word find_missing_table(physical_address root, virtual_address address, word leaf_depth)
    {
        physical_address table = root;
        for (word at = root_depth; at > leaf_depth; at--)
        {
            const page_table_entry entry = to_pointer<page_table>(table)->entries[entry_index(address, at)];
            if ((entry & present) == 0)
            {
                return at - 1;
            }
            if ((entry & large_page) != 0)
            {
                return 0;
            }
            table = entry_address(entry);
        }
        return 0;
    }

    void clear_address_space(physical_address root)
    {
        clear_memory(to_pointer(root), user_root_entries * sizeof(page_table_entry));
    }

    void forget_physical_range(physical_address table, word depth, physical_address start, word size)
    {
        page_table* entries = to_pointer<page_table>(table);
        const word  count   = depth == root_depth ? user_root_entries : page_table_entries;
        for (word i = 0; i < count; i++)
        {
            const page_table_entry entry = entries->entries[i];
            // A large page of our own frames is never partly inside, so its start decides.
            if ((entry & present) != 0 && entry_address(entry) - start < size)
            {
                entries->entries[i] = 0;
            }
        }
    }

    void flush_translations()
    {
        cpu::write_cr3(cpu::read_cr3());
    }

    void leave_address_space(physical_address root)
    {
        if (entry_address(cpu::read_cr3()) == root)
        {
            cpu::write_cr3(to_physical(&kernel_root()));
        }
    }
}
