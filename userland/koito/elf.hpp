// Reads the load segments of a statically linked x86_64 ELF program. The file is not trusted.
#pragma once

#include "archive.hpp"

#include <a9n/abi.hpp>

namespace koito
{
    using a9n::abi::word;

    inline constexpr size_t maximum_segments = 8;

    struct elf_segment
    {
        word  address = 0; ///< virtual, of the first byte
        word  size    = 0; ///< bytes in memory
        bytes contents;    ///< at most `size`; the rest is zero
        bool  writable   = false;
        bool  executable = false;

        word first_page() const
        {
            return address & ~(a9n::abi::page_size - 1);
        }

        /// End of the last page.
        word page_end() const
        {
            return (address + size + a9n::abi::page_size - 1) & ~(a9n::abi::page_size - 1);
        }
    };

    struct elf_program
    {
        word        entry = 0;
        size_t      segment_count = 0;
        elf_segment segments[maximum_segments];

        word page_count() const
        {
            word pages = 0;
            for (size_t i = 0; i < segment_count; ++i)
            {
                pages += (segments[i].page_end() - segments[i].first_page()) / a9n::abi::page_size;
            }
            return pages;
        }
    };

    enum class elf_error : uint8_t
    {
        none,
        truncated,          ///< headers or contents reach beyond the file
        not_elf,            ///< no ELF, not 64-bit or not little-endian
        other_machine,      ///< not x86_64
        not_executable,     ///< relocatable, shared or position-independent
        too_many_segments,
        no_segments,
        bad_segment,        ///< larger in the file than in memory, or outside [lowest, highest)
        overlapping_segments, ///< two segments on one page, or not in ascending order
        bad_entry,          ///< outside every executable segment
    };

    const char *to_string(elf_error error);

    /// Segments must lie in [lowest, highest), page-aligned bounds, in ascending order and not share pages.
    elf_error read_elf(bytes file, word lowest, word highest, elf_program &program);
}
