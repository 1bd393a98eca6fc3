#include "boot-image.hpp"

#include <hal/interface/memory.hpp>

namespace a9n::host
{
    physical_address write_boot_image(const boot_image& image)
    {
        // Page 0 stays empty, boot_info and the map take the pages up to the image.
        constexpr physical_address boot_info = abi::page_size, memory_map = 2 * abi::page_size;
        constexpr word             ipc_buffer_page = 1, init_info_page = 2;

        const word image_end = init_image_address + image.image_pages * abi::page_size;
        auto*      map       = hal::to_pointer<abi::memory_map_entry>(memory_map);
        uint16_t   count     = 0;
        map[count++]         = { 0, image_end / abi::page_size, abi::memory_map_type::reserved, 0 };
        map[count++]
            = { image_end, (image.memory_size - image_end) / abi::page_size, abi::memory_map_type::free, 0 };
        for (const device_range& device : image.devices)
        {
            map[count++] = { device.start, device.page_count, abi::memory_map_type::device, 0 };
        }

        auto& info                   = *hal::to_pointer<abi::boot_info>(boot_info);
        info                         = {};
        info.memory_size             = image.memory_size;
        info.memory_map_count        = count;
        info.memory_map              = memory_map;
        info.init_loaded_address     = init_image_address;
        info.init_image_size         = image.image_pages;
        info.init_entry_point        = 0;
        info.init_ipc_buffer_address = ipc_buffer_page * abi::page_size;
        info.init_info_address       = init_info_page * abi::page_size;
        info.arch_info[abi::arch_info_rsdp] = abi::page_size; // not read on the host, but must not be 0
        return boot_info;
    }
}
