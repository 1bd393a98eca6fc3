#include "elf.hpp"

#include <runtime/elf-format.hpp>
#include <runtime/memory.hpp>

namespace koito
{
    namespace
    {
        using namespace runtime::elf;

        /// Copies a header out of the file, which need not be aligned for it.
        template<typename Header>
        bool read_header(bytes file, uint64_t offset, Header &header)
        {
            if (offset > file.size || file.size - offset < sizeof(Header))
            {
                return false;
            }
            memcpy(&header, file.data + offset, sizeof(Header));
            return true;
        }

        elf_error read_segment(bytes file, const program_header &header, word lowest, word highest, elf_segment &segment)
        {
            if (header.file_size > header.memory_size || header.virtual_address < lowest
                || header.virtual_address >= highest || header.memory_size > highest - header.virtual_address)
            {
                return elf_error::bad_segment;
            }
            if (header.offset > file.size || header.file_size > file.size - header.offset)
            {
                return elf_error::truncated;
            }
            segment.address    = header.virtual_address;
            segment.size       = header.memory_size;
            segment.contents   = { file.data + header.offset, static_cast<size_t>(header.file_size) };
            segment.writable   = (header.flags & flag_write) != 0;
            segment.executable = (header.flags & flag_execute) != 0;
            return elf_error::none;
        }

        bool is_entry(const elf_program &program)
        {
            for (size_t i = 0; i < program.segment_count; ++i)
            {
                const elf_segment &segment = program.segments[i];
                if (segment.executable && program.entry >= segment.address
                    && program.entry - segment.address < segment.size)
                {
                    return true;
                }
            }
            return false;
        }
    }

    elf_error read_elf(bytes file, word lowest, word highest, elf_program &program)
    {
        file_header header;
        if (!read_header(file, 0, header))
        {
            return elf_error::truncated;
        }
        if (memcmp(header.identification, magic, sizeof(magic)) != 0)
        {
            return elf_error::not_elf;
        }
        if (header.machine != machine_x86_64)
        {
            return elf_error::other_machine;
        }
        if (header.type != type_executable || header.program_header_size != sizeof(program_header))
        {
            return elf_error::not_executable;
        }

        program       = {};
        program.entry = header.entry;
        for (uint64_t i = 0; i < header.program_header_count; ++i)
        {
            program_header segment_header;
            const uint64_t position = i * sizeof(program_header);
            if (header.program_headers > file.size
                || !read_header(file, header.program_headers + position, segment_header))
            {
                return elf_error::truncated;
            }
            if (segment_header.type != segment_load || segment_header.memory_size == 0)
            {
                continue;
            }
            if (program.segment_count == maximum_segments)
            {
                return elf_error::too_many_segments;
            }
            elf_segment     segment;
            const elf_error error = read_segment(file, segment_header, lowest, highest, segment);
            if (error != elf_error::none)
            {
                return error;
            }
            if (program.segment_count != 0
                && segment.first_page() < program.segments[program.segment_count - 1].page_end())
            {
                return elf_error::overlapping_segments;
            }
            program.segments[program.segment_count++] = segment;
        }
        if (program.segment_count == 0)
        {
            return elf_error::no_segments;
        }
        return is_entry(program) ? elf_error::none : elf_error::bad_entry;
    }

    const char *to_string(elf_error error)
    {
        switch (error)
        {
            case elf_error::none : return "no error";
            case elf_error::truncated : return "the file is truncated";
            case elf_error::not_elf : return "not a 64-bit little-endian ELF file";
            case elf_error::other_machine : return "built for another machine than x86_64";
            case elf_error::not_executable : return "not an executable with fixed addresses (link it with -no-pie)";
            case elf_error::too_many_segments : return "too many load segments";
            case elf_error::no_segments : return "no load segments";
            case elf_error::bad_segment : return "a segment lies outside the program area";
            case elf_error::overlapping_segments : return "segments share a page or are not in ascending order";
            case elf_error::bad_entry : return "the entry point lies in no executable segment";
        }
        return "unknown error";
    }
}
