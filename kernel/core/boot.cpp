#include "boot.hpp"

#include "console.hpp"
#include "version.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    namespace
    {
        constexpr word page_mask = abi::page_size - 1;

        word size_of(const abi::memory_map_entry& entry)
        {
            return entry.page_count << abi::page_size_bits;
        }

        const char* check_memory_map(const abi::boot_info& info)
        {
            const auto* map = hal::to_pointer<abi::memory_map_entry>(info.memory_map);
            for (word i = 0; i < info.memory_map_count; i++)
            {
                const abi::memory_map_entry& entry = map[i];
                constexpr word address_limit = word { 1 } << 52;
                if (entry.type > abi::memory_map_type::reserved)
                {
                    return "memory_map: an entry has an unknown type";
                }
                if ((entry.start & page_mask) != 0)
                {
                    return "memory_map: an entry does not start on a page";
                }
                if (entry.start >= address_limit || entry.page_count > (address_limit - entry.start) >> abi::page_size_bits)
                {
                    return "memory_map: an entry ends beyond the address space";
                }
                for (word j = 0; j < i; j++)
                {
                    if (entry.start < map[j].start + size_of(map[j]) && map[j].start < entry.start + size_of(entry))
                    {
                        return "memory_map: entries overlap";
                    }
                }
                if (entry.type != abi::memory_map_type::reserved && hal::overlaps_kernel(entry.start, size_of(entry)))
                {
                    return "memory_map: an entry that is not reserved contains the kernel";
                }
                if (entry.type == abi::memory_map_type::free && !hal::make_reachable(entry.start, size_of(entry)))
                {
                    return "memory_map: more free memory than the kernel can reach";
                }
            }
            return nullptr;
        }

        const char* check_init_image(const abi::boot_info& info)
        {
            if (info.init_loaded_address == 0 || (info.init_loaded_address & page_mask) != 0)
            {
                return "init loaded_address: not the address of a page";
            }
            if (info.init_image_size == 0 || info.init_image_size > abi::init_maximum_pages)
            {
                return "init_image_size: not 1 to 32768 pages";
            }
            const word size = info.init_image_size << abi::page_size_bits;
            const auto* map = hal::to_pointer<abi::memory_map_entry>(info.memory_map);
            for (word i = 0; i < info.memory_map_count; i++)
            {
                if (map[i].type != abi::memory_map_type::reserved && info.init_loaded_address < map[i].start + size_of(map[i])
                    && map[i].start < info.init_loaded_address + size)
                {
                    return "init loaded_address: the image lies in memory that is not reserved";
                }
            }
            if (!hal::make_reachable(info.init_loaded_address, size))
            {
                return "init loaded_address: out of reach";
            }
            const auto overlaps_image = [&](physical_address start, word length)
            { return start < info.init_loaded_address + size && info.init_loaded_address < start + length; };
            if (hal::overlaps_kernel(info.init_loaded_address, size)
                || overlaps_image(hal::to_physical(&info), sizeof(info))
                || overlaps_image(info.memory_map, info.memory_map_count * sizeof(abi::memory_map_entry)))
            {
                return "init loaded_address: the image overlaps the kernel, boot_info or the memory map";
            }
            if (info.init_entry_point >= size)
            {
                return "init entry_point_address: outside of the image";
            }
            if ((info.init_info_address & 7) != 0 || info.init_info_address >= size
                || sizeof(abi::init_info) > size - info.init_info_address)
            {
                return "init_info_address: not an aligned address in the image (is __init_info_start there?)";
            }
            if ((info.init_ipc_buffer_address & page_mask) != 0 || info.init_ipc_buffer_address >= size)
            {
                return "init_ipc_buffer_address: not a page in the image (is __init_ipc_buffer_start there?)";
            }
            return nullptr;
        }
    }

    const char* check_boot_info(physical_address address)
    {
        if (address == 0 || (address & 7) != 0 || !hal::make_reachable(address, sizeof(abi::boot_info)))
        {
            return "address: not that of an aligned structure";
        }
        const auto& info = *hal::to_pointer<abi::boot_info>(address);
        if (info.memory_map_count == 0)
        {
            return "memory_map_count: 0";
        }
        if (info.memory_map == 0 || (info.memory_map & 7) != 0
            || !hal::make_reachable(info.memory_map, info.memory_map_count * sizeof(abi::memory_map_entry)))
        {
            return "memory_map: not the address of an aligned table";
        }
        if (const char* problem = check_memory_map(info))
        {
            return problem;
        }
        if (const char* problem = check_init_image(info))
        {
            return problem;
        }
        return info.arch_info[abi::arch_info_rsdp] == 0 ? "arch_info[0]: no ACPI RSDP" : nullptr;
    }

    void boot(physical_address boot_info)
    {
        console::print("A9N ", kernel_version::text, "\n");
        if (const char* problem = check_boot_info(boot_info))
        {
            console::print("A9N: bad boot_info, ", problem, "\nA9N: halted\n");
            hal::halt();
        }
        const auto& info = *hal::to_pointer<abi::boot_info>(boot_info);
        if (const char* problem = hal::initialise_devices(info.arch_info))
        {
            console::print("A9N: ", problem, "\nA9N: halted\n");
            hal::halt();
        }
        create_init_process(info);
        console::print("A9N: starting init\n");
    }
}
