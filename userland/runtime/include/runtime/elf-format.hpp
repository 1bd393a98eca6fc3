// The headers of a 64-bit ELF file and what of their values a loader looks at: System V ABI, "ELF-64 Object File Format".
#pragma once

#include <stdint.h>

namespace runtime::elf
{
    struct file_header
    {
        uint8_t  identification[16];
        uint16_t type;
        uint16_t machine;
        uint32_t version;
        uint64_t entry;
        uint64_t program_headers;
        uint64_t section_headers;
        uint32_t flags;
        uint16_t header_size;
        uint16_t program_header_size;
        uint16_t program_header_count;
        uint16_t section_header_size;
        uint16_t section_header_count;
        uint16_t section_names;
    };

    struct program_header
    {
        uint32_t type;
        uint32_t flags;
        uint64_t offset;
        uint64_t virtual_address;
        uint64_t physical_address;
        uint64_t file_size;
        uint64_t memory_size;
        uint64_t alignment;
    };

    inline constexpr uint8_t  magic[]                   = { 0x7f, 'E', 'L', 'F', 2, 1 }; // class 64, little-endian
    inline constexpr uint16_t type_executable           = 2;
    inline constexpr uint16_t type_position_independent = 3;
    inline constexpr uint16_t machine_x86_64            = 62;
    inline constexpr uint32_t segment_load              = 1;
    inline constexpr uint32_t segment_interpreter       = 3;
    inline constexpr uint32_t segment_stack             = 0x6474'e551;
    inline constexpr uint32_t flag_execute              = 1;
    inline constexpr uint32_t flag_write                = 2;
    inline constexpr uint32_t flag_read                 = 4;
}
