#include "kernel_space.hpp"

#include "arch/entry_layout.h"
#include "cpu.hpp"

#include <hal/interface/memory.hpp>

// Set by the linker script; all page-aligned.
extern "C" char kernel_text_begin[], kernel_text_end[], kernel_read_only_end[], kernel_image_end[];

namespace a9n::hal
{
    namespace
    {
        constexpr word large_page_size = word { 1 } << entry_size_bits(2);
        constexpr word gigabyte        = word { 1 } << entry_size_bits(3);

        constexpr word image_tables           = 4;  // 2 MiB each
        constexpr word direct_map_directories = 64; // 1 GiB each

        constexpr virtual_address image_base  = KERNEL_BASE;
        constexpr virtual_address device_base = image_base + gigabyte;

        page_table root_table;
        page_table image_directory_pointers; // KERNEL_BASE and the gigabyte of devices above it
        page_table image_directory;
        page_table image_page_tables[image_tables];
        page_table device_directory;
        page_table direct_map_directory_pointers;
        page_table direct_map_pool[direct_map_directories];

        word direct_map_pool_used   = 0;
        word device_directory_used  = 0;

        constexpr word kernel_table = present | writable;

        physical_address image_to_physical(const void* pointer)
        {
            return reinterpret_cast<word>(pointer) - image_base;
        }

        /// CR4 bits of what the processor has to keep user programs from: UMIP (they cannot ask where descriptor tables
        /// are) and SMEP (the kernel never executes their memory).
        word protections()
        {
            constexpr uint32_t features = 7, has_smep = 1 << 7, has_umip = 1 << 2;
            constexpr word     umip = 1 << 11, smep = 1 << 20;
            if (cpu::cpuid(0).eax < features)
            {
                return 0;
            }
            const cpu::cpuid_result found = cpu::cpuid(features);
            return ((found.ecx & has_umip) != 0 ? umip : 0) | ((found.ebx & has_smep) != 0 ? smep : 0);
        }

        void enter_image_pages(const char* begin, const char* end, word flags)
        {
            for (word address = reinterpret_cast<word>(begin); address < reinterpret_cast<word>(end);
                 address += abi::page_size)
            {
                const word offset = address - image_base;
                image_page_tables[offset / large_page_size].entries[entry_index(address, 1)] = offset | flags;
            }
        }
    }

    void initialise_kernel_space()
    {
        constexpr word no_execute_data = present | writable | no_execute;
        enter_image_pages(kernel_text_begin, kernel_text_end, present);
        enter_image_pages(kernel_text_end, kernel_read_only_end, present | no_execute);
        enter_image_pages(kernel_read_only_end, kernel_image_end, no_execute_data);

        for (word i = 0; i < image_tables; i++)
        {
            image_directory.entries[i] = image_to_physical(&image_page_tables[i]) | kernel_table;
        }
        image_directory_pointers.entries[entry_index(image_base, 3)]
            = image_to_physical(&image_directory) | kernel_table;
        image_directory_pointers.entries[entry_index(device_base, 3)]
            = image_to_physical(&device_directory) | kernel_table;
        root_table.entries[entry_index(image_base, 4)] = image_to_physical(&image_directory_pointers) | kernel_table;
        root_table.entries[entry_index(direct_map_base, 4)]
            = image_to_physical(&direct_map_directory_pointers) | kernel_table;

        // PE MP NE WP PG; no EM, TS, AM, CD, NW. PAE OSFXSR OSXMMEXCPT.
        constexpr word cr0_kept = 0x11, cr0_set = 0x8001'0023;
        cpu::write_cr0((cpu::read_cr0() & cr0_kept) | cr0_set);
        cpu::write_cr4(0x620 | protections());
        cpu::write_cr3(image_to_physical(&root_table));

        // The init process's tables lie in the image and are reached by their physical addresses, like any.
        const word image_size = static_cast<word>(kernel_image_end - kernel_text_begin);
        (void) make_reachable(image_to_physical(kernel_text_begin), image_size); // at most four large pages
    }

    const page_table& kernel_root()
    {
        return root_table;
    }

    bool make_reachable(physical_address start, word size)
    {
        if (size == 0)
        {
            return true;
        }
        constexpr word limit = page_table_entries * gigabyte; // one PML4 entry
        if (start >= limit || size > limit - start)
        {
            return false;
        }
        for (word address = start & ~(large_page_size - 1); address < start + size; address += large_page_size)
        {
            page_table_entry& pointer = direct_map_directory_pointers.entries[address / gigabyte];
            if (pointer == 0)
            {
                if (direct_map_pool_used == direct_map_directories)
                {
                    return false;
                }
                pointer = image_to_physical(&direct_map_pool[direct_map_pool_used++]) | kernel_table;
            }
            const word directory = (entry_address(pointer) - image_to_physical(direct_map_pool)) / sizeof(page_table);
            direct_map_pool[directory].entries[entry_index(address, 2)]
                = address | present | writable | no_execute | large_page;
        }
        return true;
    }

    volatile void* map_device(physical_address address)
    {
        if (device_directory_used == page_table_entries)
        {
            return nullptr;
        }
        const word slot = device_directory_used++;
        device_directory.entries[slot] = (address & ~(large_page_size - 1)) | present | writable | no_execute
            | large_page | no_cache | write_through;
        return reinterpret_cast<volatile void*>(
            device_base + slot * large_page_size + (address & (large_page_size - 1)));
    }

    void* to_pointer(physical_address address)
    {
        return reinterpret_cast<void*>(direct_map_base + address);
    }

    physical_address to_physical(const void* pointer)
    {
        const word address = reinterpret_cast<word>(pointer);
        return address >= image_base ? address - image_base : address - direct_map_base;
    }

    bool overlaps_kernel(physical_address start, word size)
    {
        return start < image_to_physical(kernel_image_end) && image_to_physical(kernel_text_begin) < start + size;
    }

    void clear_memory(void* start, word size)
    {
        void* destination = start;
        word  count       = size / sizeof(word);
        asm volatile("rep stosq" : "+D"(destination), "+c"(count) : "a"(0) : "memory");
    }
}
