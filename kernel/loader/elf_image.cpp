#include "elf_image.hpp"

namespace loader
{
    namespace
    {
        struct file_header
        {
            uint8_t  identification[16];
            uint16_t type, machine;
            uint32_t version;
            word     entry, program_headers, section_headers;
            uint32_t flags;
            uint16_t header_size, program_header_size, program_header_count;
            uint16_t section_header_size, section_header_count, section_names;
        };

        struct program_header
        {
            uint32_t type, flags;
            word     offset, virtual_address, physical_address, file_size, memory_size, alignment;
        };

        struct section_header
        {
            uint32_t name, type;
            word     flags, address, offset, size;
            uint32_t link, info;
            word     alignment, entry_size;
        };

        struct symbol
        {
            uint32_t name;
            uint8_t  info, other;
            uint16_t section;
            word     value, size;
        };

        constexpr uint32_t load_segment       = 1;
        constexpr uint32_t symbol_table       = 2;
        constexpr uint16_t executable         = 2;
        constexpr uint16_t machine_x86_64     = 62;

        const file_header& header_of(const elf_image& image)
        {
            return *reinterpret_cast<const file_header*>(image.bytes);
        }

        const program_header* segments_of(const elf_image& image)
        {
            return reinterpret_cast<const program_header*>(image.bytes + header_of(image).program_headers);
        }

        bool is_inside(const elf_image& image, word offset, word size)
        {
            return offset <= image.size && size <= image.size - offset;
        }

        bool is_equal(const char* a, const char* b)
        {
            while (*a != '\0' && *a == *b)
            {
                a++;
                b++;
            }
            return *a == *b;
        }
    }

    const char* check_elf(const elf_image& image)
    {
        if (image.size < sizeof(file_header))
        {
            return "too short for an ELF file";
        }
        const file_header& header = header_of(image);
        if (header.identification[0] != 0x7f || header.identification[1] != 'E' || header.identification[2] != 'L'
            || header.identification[3] != 'F')
        {
            return "not an ELF file";
        }
        if (header.identification[4] != 2 || header.machine != machine_x86_64 || header.type != executable)
        {
            return "not a 64-bit x86_64 executable";
        }
        if (header.program_header_size != sizeof(program_header)
            || !is_inside(image, header.program_headers, header.program_header_count * sizeof(program_header)))
        {
            return "truncated ELF file";
        }
        for (word i = 0; i < header.program_header_count; i++)
        {
            const program_header& segment = segments_of(image)[i];
            if (segment.type == load_segment
                && (!is_inside(image, segment.offset, segment.file_size) || segment.file_size > segment.memory_size))
            {
                return "truncated ELF file";
            }
        }
        return find_extent(image).end == 0 ? "ELF file without load segments" : nullptr;
    }

    word elf_entry(const elf_image& image)
    {
        return header_of(image).entry;
    }

    elf_extent find_extent(const elf_image& image)
    {
        elf_extent extent { ~word { 0 }, 0 };
        for (word i = 0; i < header_of(image).program_header_count; i++)
        {
            const program_header& segment = segments_of(image)[i];
            if (segment.type != load_segment || segment.memory_size == 0)
            {
                continue;
            }
            const word end = segment.physical_address + segment.memory_size;
            extent.start   = segment.physical_address < extent.start ? segment.physical_address : extent.start;
            extent.end     = end > extent.end ? end : extent.end;
        }
        return extent;
    }

    void load_segments(const elf_image& image, word offset)
    {
        for (word i = 0; i < header_of(image).program_header_count; i++)
        {
            const program_header& segment = segments_of(image)[i];
            if (segment.type != load_segment)
            {
                continue;
            }
            void*       to    = reinterpret_cast<void*>(offset + segment.physical_address);
            const void* from  = image.bytes + segment.offset;
            word        bytes = segment.file_size;
            word        zeros = segment.memory_size - segment.file_size;
            asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
            asm volatile("rep stosb" : "+D"(to), "+c"(zeros) : "a"(0) : "memory");
        }
    }

    bool find_symbol(const elf_image& image, const char* name, word& value)
    {
        const file_header& header = header_of(image);
        if (header.section_header_size != sizeof(section_header)
            || !is_inside(image, header.section_headers, header.section_header_count * sizeof(section_header)))
        {
            return false;
        }
        const auto* sections = reinterpret_cast<const section_header*>(image.bytes + header.section_headers);
        for (word i = 0; i < header.section_header_count; i++)
        {
            const section_header& table = sections[i];
            if (table.type != symbol_table || table.link >= header.section_header_count
                || !is_inside(image, table.offset, table.size))
            {
                continue;
            }
            const section_header& names = sections[table.link];
            if (names.size == 0 || !is_inside(image, names.offset, names.size)
                || image.bytes[names.offset + names.size - 1] != 0)
            {
                continue;
            }
            const auto* symbols = reinterpret_cast<const symbol*>(image.bytes + table.offset);
            for (word s = 0; s < table.size / sizeof(symbol); s++)
            {
                if (symbols[s].name < names.size
                    && is_equal(reinterpret_cast<const char*>(image.bytes + names.offset + symbols[s].name), name))
                {
                    value = symbols[s].value;
                    return true;
                }
            }
        }
        return false;
    }
}
