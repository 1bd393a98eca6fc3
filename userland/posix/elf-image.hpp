// An executable as its headers describe it: what is to be mapped where. Every number in it is checked.
#pragma once

#include "errors.hpp"

namespace posix
{
    struct elf_segment
    {
        word    address     = 0; ///< as linked
        word    file_offset = 0;
        word    file_size   = 0;
        word    memory_size = 0;
        uint8_t protection  = 0; ///< machine::protection
    };

    inline constexpr size_t maximum_segments = 16;

    struct elf_image
    {
        bool        is_position_independent = false;
        word        entry                   = 0;
        word        header_address          = 0; ///< of the program headers, as linked; 0 if no segment holds them
        word        header_count            = 0;
        word        lowest = 0, highest = 0; ///< page-aligned extent
        bool        has_interpreter = false;
        bool        executable_stack = false;
        elf_segment segments[maximum_segments];
        size_t      segment_count = 0;
    };

    /// From the first bytes of a file of `file_size` bytes. ENOEXEC: no static x86-64 executable, or it contradicts itself.
    status read_elf(const uint8_t *head, word head_size, word file_size, elf_image &image);

    /// How much of the file `read_elf` looks at.
    inline constexpr word elf_head_size = 4096;
}
