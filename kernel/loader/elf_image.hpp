// 64-bit ELF executables in memory (System V ABI, chapters 4 and 5), for x86_64.
#pragma once

#include <a9n/abi.hpp>

namespace loader
{
    using a9n::abi::word;

    struct elf_image
    {
        const uint8_t* bytes;
        word           size;
    };

    /// nullptr, or why this is no executable that can be loaded.
    const char* check_elf(const elf_image& image);

    word elf_entry(const elf_image& image);

    /// Lowest and highest physical address of the load segments (p_paddr).
    struct elf_extent
    {
        word start;
        word end;
    };

    elf_extent find_extent(const elf_image& image);

    /// Copies load segments to `offset` + p_paddr and clears what the file does not fill.
    void load_segments(const elf_image& image, word offset);

    /// Value of a symbol. False if the image has no such symbol or no symbol table.
    bool find_symbol(const elf_image& image, const char* name, word& value);
}
