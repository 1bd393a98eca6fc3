// Physical memory as the kernel reaches it, and page tables.
#pragma once

#include <arch/process_context.hpp>
#include <hal/interface/types.hpp>

namespace a9n::hal
{
    // ---- Physical memory ---------------------------------------------------------------------------------------

    /// Makes [start, start + size) reachable through `to_pointer`, for reading and writing. Boot only, any number of times,
    /// also for what is reachable already; `start` and `size` may be anything. False if the kernel cannot reach all of it.
    bool make_reachable(physical_address start, word size);

    /// Kernel address of physical memory that was made reachable, or of the kernel's own static data. Nothing is checked.
    void* to_pointer(physical_address address);

    template<typename T>
    T* to_pointer(physical_address address)
    {
        return static_cast<T*>(to_pointer(address));
    }

    /// Inverse of to_pointer; also takes addresses of the kernel's own static data. Page-aligned objects there have
    /// page-aligned physical addresses: the init process's tables and nodes are static.
    physical_address to_physical(const void* pointer);

    /// Whether a byte of [start, start + size) belongs to the kernel's image: its text or static data. No overflow.
    bool overlaps_kernel(physical_address start, word size);

    /// Writes zeros. Start and size are multiples of the word size. Most of the kernel's time goes by here.
    void clear_memory(void* start, word size);

    // ---- Address spaces ----------------------------------------------------------------------------------------

    // Tables are pages of physical memory that users converted; all zeros is an empty table. The core never looks into
    // one. `root` is a table that went through initialise_address_space; `address` passed is_user_address or, for pages,
    // is_user_page. Nothing here flushes translations: the core does, once for many changes.

    /// Depth of the root table; a table of depth d is entered in one of depth d + 1, pages in depth 1 and up.
    inline constexpr word root_table_depth = arch_root_table_depth();

    /// Whether a user may use `address` at all (as program counter, stack, …). No address of the kernel, and none that makes
    /// the way out of the kernel fault.
    bool is_user_address(virtual_address address);

    /// Whether a page of 2^size_bits bytes at `address` is aligned and may be mapped for a user. `size_bits` is that of a
    /// frame.
    bool is_user_page(virtual_address address, word size_bits);

    /// Whether the processor has pages of 2^size_bits bytes. `size_bits` may be anything.
    bool has_page_size(word size_bits);

    /// Depth of the table that holds entries for pages of 2^size_bits bytes; 0 if there is no such page size, whether
    /// this processor has it or not. `size_bits` may be anything.
    word depth_of_page_size(word size_bits);

    enum class mapping_result
    {
        success,
        missing_table, ///< a table above the entry is missing
        obstructed,    ///< the entry is in use (remove: by the other kind), or a larger page lies above it
        absent,        ///< the entry is empty
    };

    struct page_permissions
    {
        bool writable;
        bool executable;
    };

    /// Prepares zeroed page-sized memory as an address space that has only the kernel in it.
    void initialise_address_space(physical_address root);

    // Nothing changes unless the result is success.

    /// Enters a table of `depth` for `address`, whose bits within the table's coverage are ignored. `table` may be entered
    /// elsewhere, too, and keeps what is in it.
    mapping_result enter_table(physical_address root, virtual_address address, physical_address table, word depth);
    mapping_result remove_table(physical_address root, virtual_address address, word depth);

    /// Enters a page of 2^size_bits bytes, a size that has_page_size has. User mode can read it, write it only if
    /// `writable`, fetch from it only if `executable` where the processor can tell.
    mapping_result enter_page(
        physical_address root, virtual_address address, physical_address page, word size_bits,
        page_permissions permissions);
    mapping_result remove_page(physical_address root, virtual_address address, word size_bits);

    /// Depth of the first table missing on the way to an entry of `leaf_depth`; 0 if none is, or if a larger page lies there.
    word find_missing_table(physical_address root, virtual_address address, word leaf_depth);

    /// Empties the user part of an address space.
    void clear_address_space(physical_address root);

    /// Empties every entry of the table that refers to a table or page that begins in [start, start + size), and none
    /// below it. Of a root table (`depth` = root_table_depth) only the user part. The range is a union of whole objects.
    void forget_physical_range(physical_address table, word depth, physical_address start, word size);

    /// Drops all that is cached of the active address space: entries of tables in it were emptied.
    void flush_translations();

    /// If `root` is active, activates the kernel's own address space, so that `root` may go: its memory is about to become
    /// something else.
    void leave_address_space(physical_address root);
}
