// What a boot loader leaves in memory: boot_info, the memory map and an init image.
#pragma once

#include <hal/interface/types.hpp>

#include <vector>

namespace a9n::host
{
    struct device_range
    {
        physical_address start;
        word             page_count;
    };

    struct boot_image
    {
        word                      memory_size; ///< RAM; what the image leaves over is free
        word                      image_pages; ///< of the init image, at least 3: code, IPC buffer, init_info
        std::vector<device_range> devices;
    };

    /// Physical address of the init image.
    inline constexpr physical_address init_image_address = 0x1'0000;

    /// Writes it into RAM that was created; returns the address of boot_info. The init process starts at address 0, its IPC buffer is page 1.
    physical_address write_boot_image(const boot_image& image);
}
