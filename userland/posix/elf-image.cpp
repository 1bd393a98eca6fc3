#include "elf-image.hpp"

#include "machine.hpp"
#include "user-memory.hpp"

#include <runtime/elf-format.hpp>
#include <runtime/memory.hpp>

namespace posix
{
    namespace
    {
        using namespace runtime::elf;

        constexpr word page_start(word address)
        {
            return address & ~(page_size - 1);
        }

        constexpr word page_end(word address)
        {
            return page_start(address + page_size - 1);
        }

        status add_segment(const program_header &header, word file_size, elf_image &image)
        {
            const word address = header.virtual_address;
            if (header.file_size > header.memory_size || header.offset > file_size
                || header.file_size > file_size - header.offset || address >= user_address_end
                || header.memory_size > user_address_end - address
                || (address - header.offset) % page_size != 0 || image.segment_count == maximum_segments)
            {
                return error::enoexec;
            }
            if (image.segment_count != 0 && page_start(address) < image.highest)
            {
                return error::enoexec; // not ascending, or two segments in one page
            }
            elf_segment &segment = image.segments[image.segment_count++];
            segment.address      = address;
            segment.file_offset  = header.offset;
            segment.file_size    = header.file_size;
            segment.memory_size  = header.memory_size;
            segment.protection   = static_cast<uint8_t>(((header.flags & flag_read) != 0 ? machine::readable : 0)
                | ((header.flags & flag_write) != 0 ? machine::writable : 0)
                | ((header.flags & flag_execute) != 0 ? machine::executable : 0));
            if (image.segment_count == 1)
            {
                image.lowest = page_start(address);
            }
            image.highest = page_end(address + header.memory_size);
            return {};
        }
    }

    status read_elf(const uint8_t *head, word head_size, word file_size, elf_image &image)
    {
        file_header header;
        if (head_size < sizeof(header))
        {
            return error::enoexec;
        }
        memcpy(&header, head, sizeof(header));
        if (memcmp(header.identification, magic, sizeof(magic)) != 0 || header.machine != machine_x86_64
            || (header.type != type_executable && header.type != type_position_independent)
            || header.program_header_size != sizeof(program_header) || header.program_header_count == 0
            || header.program_headers > head_size
            || header.program_header_count > (head_size - header.program_headers) / sizeof(program_header))
        {
            return error::enoexec;
        }

        image                         = {};
        image.is_position_independent = header.type == type_position_independent;
        image.entry                   = header.entry;
        image.header_count            = header.program_header_count;
        for (size_t i = 0; i < header.program_header_count; ++i)
        {
            program_header each;
            memcpy(&each, head + header.program_headers + i * sizeof(each), sizeof(each));
            switch (each.type)
            {
                case segment_load :
                    if (each.memory_size != 0)
                    {
                        if (const status added = add_segment(each, file_size, image); !added)
                        {
                            return added;
                        }
                    }
                    break;
                case segment_interpreter : image.has_interpreter = true; break;
                case segment_stack : image.executable_stack = (each.flags & flag_execute) != 0; break;
                default : break;
            }
        }

        bool enters_code = false;
        for (size_t i = 0; i < image.segment_count; ++i)
        {
            const elf_segment &segment = image.segments[i];
            const word         headers_in_segment = header.program_headers - segment.file_offset;
            if (header.program_headers >= segment.file_offset && headers_in_segment < segment.file_size)
            {
                image.header_address = segment.address + headers_in_segment;
            }
            enters_code |= (segment.protection & machine::executable) != 0 && image.entry >= segment.address
                && image.entry - segment.address < segment.memory_size;
        }
        return enters_code ? status {} : status { error::enoexec };
    }
}
