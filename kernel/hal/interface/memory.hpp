// Physical memory as the kernel reaches it, and page tables.
#pragma once

#include <arch/process_context.hpp>
#include <hal/interface/types.hpp>

namespace a9n::hal
{
    // ---- Physical memory ---------------------------------------------------------------------------------------

    /// Makes [start, start + size) reachable through `to_pointer`. Boot only. False if the kernel has no room for it.
    bool make_reachable(physical_address start, word size);

    /// Kernel address of physical memory that was made reachable.
    void* to_pointer(physical_address address);

    template<typename T>
    T* to_pointer(physical_address address)
    {
        return static_cast<T*>(to_pointer(address));
    }

    /// Inverse of to_pointer; also takes addresses of the kernel's own static data.
    physical_address to_physical(const void* pointer);

    /// Whether a byte of [start, start + size) belongs to the kernel's image: its text or static data. No overflow.
    bool overlaps_kernel(physical_address start, word size);

    void clear_memory(void* start, word size);

    // ---- Address spaces ----------------------------------------------------------------------------------------

    /// Depth of the root table; a table of depth d is entered in one of depth d + 1, pages in depth 1 and up.
    inline constexpr word root_table_depth = arch_root_table_depth();

    /// Whether a user may use `address` at all (as program counter, stack, …).
    bool is_user_address(virtual_address address);

    /// Whether a page of 2^size_bits bytes at `address` is aligned and may be mapped for a user.
    bool is_user_page(virtual_address address, word size_bits);

    /// Whether the processor has pages of 2^size_bits bytes.
    bool has_page_size(word size_bits);

    /// Depth of the table that holds entries for pages of 2^size_bits bytes; 0 if there is no such page size.
    word depth_of_page_size(word size_bits);

    enum class mapping_result
    {
        success,
        missing_table, ///< a table above the entry is missing
        obstructed,    ///< the entry is in use, or a larger page lies above it
        absent,        ///< the entry is empty
    };

    struct page_permissions
    {
        bool writable;
        bool executable;
    };

    /// Prepares zeroed page-sized memory as an address space that has only the kernel in it.
    void initialise_address_space(physical_address root);

    /// Enters a table of `depth` for `address`.
    mapping_result enter_table(physical_address root, virtual_address address, physical_address table, word depth);
    mapping_result remove_table(physical_address root, virtual_address address, word depth);

    /// Enters a page of 2^size_bits bytes. `address` passed is_user_page.
    mapping_result enter_page(
        physical_address root, virtual_address address, physical_address page, word size_bits,
        page_permissions permissions);
    mapping_result remove_page(physical_address root, virtual_address address, word size_bits);

    /// Depth of the first table missing on the way to an entry of `leaf_depth`; 0 if none is.
    word find_missing_table(physical_address root, virtual_address address, word leaf_depth);

    /// Empties the user part of an address space.
    void clear_address_space(physical_address root);

    /// Empties every entry of the table that refers to [start, start + size). Of a root table (`depth` = root_table_depth) only the user part.
    void forget_physical_range(physical_address table, word depth, physical_address start, word size);

    /// Drops cached translations of the active address space.
    void flush_translations();

    /// If `root` is active, activates the kernel's own address space, so that `root` may go.
    void leave_address_space(physical_address root);
}
