// The memory of a process under construction: its frames, filled from the ELF file and mapped where they belong.
#pragma once

#include "elf.hpp"
#include "process.hpp"

namespace koito
{
    /// Makes the page tables of the window through which KOITO fills other processes' frames.
    a9n::status open_window(a9n::generic memory);

    /// Writes into a frame, at an offset of its page.
    a9n::status write_frame(a9n::frame target, word offset, const void *data, word size);

    /// Takes a process's frames one after the other and maps them.
    struct page_builder
    {
        const process &target;
        a9n::node      frames;
        a9n::node      tables;
        word           next_frame = 0;
        word           next_table = 0;

        a9n::status map_next(word address, a9n::access permitted);
        a9n::status map_segment(const elf_segment &segment);
        a9n::status map_stack();

        /// Pages of KOITO's image, read-only.
        a9n::status map_image(const image_pages &pages, word address);
    };
}
