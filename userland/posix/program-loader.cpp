#include "program-loader.hpp"

#include "elf-image.hpp"

extern "C" const uint8_t posix_signal_page_start[];
extern "C" const uint8_t posix_signal_page_end[];

namespace posix
{
    bool string_list::append(runtime::text string)
    {
        const size_t before = bytes.size();
        if (!bytes.resize(before + string.length + 1))
        {
            return false;
        }
        memcpy(bytes.data() + before, string.characters, string.length);
        bytes[before + string.length] = 0;
        ++count;
        return true;
    }

    namespace
    {
        /// <elf.h>'s AT_… numbers.
        enum auxiliary : word
        {
            at_null = 0, at_program_headers = 3, at_header_size = 4, at_header_count = 5, at_page_size = 6, at_base = 7, at_flags = 8, at_entry = 9,
            at_user = 11, at_effective_user = 12, at_group = 13, at_effective_group = 14, at_platform = 15, at_capabilities = 16,
            at_clock_tick = 17, at_secure = 23, at_random = 25, at_capabilities_2 = 26, at_file_name = 31,
        };

        constexpr word program_header_size = 56;
        constexpr word clock_ticks         = 100;
        constexpr size_t random_size       = 16;

        /// The signal page as a memory object, made once.
        result<machine::object> signal_page_object()
        {
            static constinit machine::object made = 0;
            if (made == 0)
            {
                const result<machine::object> object = machine::create_object(page_size);
                if (!object)
                {
                    return object.reason;
                }
                const result<uint8_t *> shown = machine::show_object(*object, page_size);
                if (!shown)
                {
                    machine::release_object(*object);
                    return shown.reason;
                }
                memcpy(*shown, posix_signal_page_start,
                    static_cast<size_t>(posix_signal_page_end - posix_signal_page_start));
                machine::hide_object(*shown, page_size);
                made = *object;
            }
            return made;
        }

        status map_segment(program_memory &memory, inode &file, const elf_segment &segment, word offset)
        {
            const word start    = page_floor(segment.address + offset);
            const word in_page  = segment.address % page_size;
            const word file_end = start + in_page + segment.file_size;
            const word end      = page_ceiling(start + in_page + segment.memory_size);
            const word zeros    = segment.file_size == 0 ? start : page_ceiling(file_end);
            if (segment.file_size != 0)
            {
                const status mapped = memory.map_file(
                    start, page_ceiling(file_end) - start, segment.protection, file, page_floor(segment.file_offset));
                if (!mapped)
                {
                    return mapped;
                }
                // What follows the segment's bytes in their last page is the file's next part; it has to be zero if it can be seen as
                // data of the program, which it is if the segment goes on.
                if (segment.memory_size > segment.file_size && (segment.protection & machine::writable) != 0
                    && file_end % page_size != 0)
                {
                    const status cleared = memory.fill_zero(file_end, page_ceiling(file_end) - file_end);
                    if (!cleared)
                    {
                        return cleared;
                    }
                }
            }
            if (zeros < end)
            {
                return memory.map_zeroed(zeros, end - zeros, segment.protection, false, mapping_kind::anonymous);
            }
            return {};
        }

        status map_image(program_memory &memory, inode &file, const elf_image &image, word offset)
        {
            for (size_t i = 0; i < image.segment_count; ++i)
            {
                if (const status mapped = map_segment(memory, file, image.segments[i], offset); !mapped)
                {
                    return mapped;
                }
            }
            memory.break_start = image.highest + offset;
            memory.break_end   = memory.break_start;

            const result<machine::object> page = signal_page_object();
            if (!page)
            {
                return page.reason;
            }
            if (const status mapped = memory.map_signal_page(*page); !mapped)
            {
                return mapped;
            }
            const uint8_t stack_protection = machine::readable | machine::writable
                | (image.executable_stack ? uint8_t { machine::executable } : uint8_t { 0 });
            return memory.map_zeroed(stack_end - stack_size, stack_size, stack_protection, false, mapping_kind::stack);
        }

        /// Appends the addresses of a list's strings, and the null pointer that ends them.
        bool append_addresses(runtime::vector<word> &words, const string_list &strings, word address)
        {
            size_t at = 0;
            for (size_t i = 0; i < strings.count; ++i)
            {
                if (!words.push_back(address + at))
                {
                    return false;
                }
                while (strings.bytes[at++] != 0)
                {
                }
            }
            return words.push_back(0);
        }

        /// From the top: the file's name, environment, arguments, platform, random bytes; below them the vectors; RSP at argc.
        result<word> build_stack(program_memory &memory, const load_request &request, const elf_image &image, word offset)
        {
            const runtime::text path { request.path };
            constexpr char      platform[] = "x86_64";

            word       at       = stack_end - 8;
            at                 -= path.length + 1;
            const word path_at  = at;
            at                 -= request.environment.bytes.size();
            const word environment_at = at;
            at                 -= request.arguments.bytes.size();
            const word arguments_at = at;
            at                 -= sizeof(platform);
            const word platform_at = at;
            at                  = (at - random_size) & ~word { 15 };
            const word random_at = at;

            uint8_t random[random_size];
            machine::fill_random(random, sizeof(random));

            const credentials &who     = request.process.who;
            const word         vector[] = {
                at_page_size, page_size,
                at_program_headers, image.header_address == 0 ? 0 : image.header_address + offset,
                at_header_size, program_header_size,
                at_header_count, image.header_count,
                at_base, 0,
                at_flags, 0,
                at_entry, image.entry + offset,
                at_user, who.user,
                at_effective_user, who.effective_user,
                at_group, who.group,
                at_effective_group, who.effective_group,
                at_clock_tick, clock_ticks,
                at_secure, 0,
                at_random, random_at,
                at_platform, platform_at,
                at_file_name, path_at,
                at_null, 0,
            };

            runtime::vector<word> words;
            if (!words.push_back(request.arguments.count) || !append_addresses(words, request.arguments, arguments_at)
                || !append_addresses(words, request.environment, environment_at))
            {
                return error::enomem;
            }
            for (const word each : vector)
            {
                if (!words.push_back(each))
                {
                    return error::enomem;
                }
            }
            const word words_size = words.size() * sizeof(word);
            at                    = (at - words_size) & ~word { 15 };

            memory.arguments_start   = arguments_at;
            memory.arguments_end     = environment_at;
            memory.environment_start = environment_at;
            memory.environment_end   = path_at;
            const struct
            {
                word        address;
                const void *bytes;
                word        size;
            } pieces[] = {
                { path_at, request.path, path.length + 1 },
                { environment_at, request.environment.bytes.data(), request.environment.bytes.size() },
                { arguments_at, request.arguments.bytes.data(), request.arguments.bytes.size() },
                { platform_at, platform, sizeof(platform) },
                { random_at, random, sizeof(random) },
                { at, words.data(), words_size },
            };
            for (const auto &each : pieces)
            {
                if (const status written = memory.copy_out(each.address, each.bytes, each.size); !written)
                {
                    return error::enomem;
                }
            }
            return at;
        }
    }

    result<program_start> load_program(const load_request &request)
    {
        if (request.arguments.bytes.size() + request.environment.bytes.size()
                + (request.arguments.count + request.environment.count) * sizeof(word)
            > maximum_arguments_size)
        {
            return error::e2big;
        }
        uint8_t            head[elf_head_size];
        const result<word> read = read_file(request.file, 0, head, sizeof(head));
        if (!read)
        {
            return read.reason;
        }
        elf_image image;
        if (const status checked = read_elf(head, *read, file_size(request.file), image); !checked)
        {
            return checked.reason;
        }
        if (image.has_interpreter)
        {
            return error::enoexec; // dynamic linking is not there
        }
        const word offset = image.is_position_independent ? position_independent_base - image.lowest : 0;
        if (image.lowest + offset < lowest_address || image.highest + offset > mapping_area_end)
        {
            return error::enoexec;
        }

        const result<program_memory *> memory = program_memory::create();
        if (!memory)
        {
            return memory.reason;
        }
        const status mapped = map_image(**memory, request.file, image, offset);
        const result<word> stack_pointer
            = mapped ? build_stack(**memory, request, image, offset) : result<word> { mapped.reason };
        if (!stack_pointer)
        {
            program_memory::release(*memory);
            return stack_pointer.reason;
        }
        return program_start { *memory, image.entry + offset, *stack_pointer };
    }

    bool read_script_line(const char *head, size_t size, script_line &line)
    {
        if (size < 2 || head[0] != '#' || head[1] != '!')
        {
            return false;
        }
        const auto is_blank = [](char character) { return character == ' ' || character == '\t'; };
        size_t     end      = 2;
        while (end < size && head[end] != '\n' && head[end] != 0)
        {
            ++end;
        }
        while (end > 2 && is_blank(head[end - 1]))
        {
            --end;
        }
        size_t start = 2;
        while (start < end && is_blank(head[start]))
        {
            ++start;
        }
        size_t after = start;
        while (after < end && !is_blank(head[after]))
        {
            ++after;
        }
        line.interpreter = { head + start, after - start };
        while (after < end && is_blank(head[after]))
        {
            ++after;
        }
        line.argument = { head + after, end - after };
        return line.interpreter.length != 0;
    }
}
