// KOITO's tar and ELF readers on files that need not be what they claim. Commands:
//   list FILE              names and sizes in an archive, "malformed" at the end if it is
//   elf FILE               the segments, or why it is refused
//   truncate archive|elf FILE      reads every prefix of the file
//   mutate archive|elf FILE SEED   reads the file with random bytes changed, many times
// Every read happens in a heap copy of exactly the file's size, so that the sanitizer sees a byte too many.
#include <koito/elf.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace
{
    using koito::word;

    constexpr word lowest  = 0x40'0000;
    constexpr word highest = 0x4000'0000;

    std::vector<uint8_t> read_file(const std::string &name)
    {
        std::ifstream stream(name, std::ios::binary);
        return { std::istreambuf_iterator<char>(stream), {} };
    }

    struct exact_copy
    {
        std::unique_ptr<uint8_t[]> data;
        size_t                     size;

        exact_copy(const std::vector<uint8_t> &source, size_t length) : data(new uint8_t[length]), size(length)
        {
            std::copy_n(source.begin(), length, data.get());
        }

        operator koito::bytes() const
        {
            return { data.get(), size };
        }
    };

    /// A read of every byte, so that contents beyond the file do not go unnoticed.
    unsigned checksum(koito::bytes contents)
    {
        unsigned sum = 0;
        for (size_t i = 0; i < contents.size; ++i)
        {
            sum = sum * 31 + contents.data[i];
        }
        return sum;
    }

    koito::archive_status walk_archive(koito::bytes archive, bool print)
    {
        koito::archive_reader reader { archive };
        for (;;)
        {
            const koito::archive_status status = reader.next();
            if (status != koito::archive_status::entry)
            {
                return status;
            }
            const auto &entry = reader.current;
            checksum(entry.contents);
            if (print)
            {
                std::printf("%.*s %zu\n", static_cast<int>(entry.name.length), entry.name.characters,
                    entry.contents.size);
            }
        }
    }

    /// Reads the file, and all that the reader says is in it.
    koito::elf_error walk_elf(koito::bytes file, koito::elf_program &program)
    {
        const koito::elf_error error = koito::read_elf(file, lowest, highest, program);
        if (error != koito::elf_error::none)
        {
            return error;
        }
        word reached = lowest;
        for (size_t i = 0; i < program.segment_count; ++i)
        {
            const koito::elf_segment &segment = program.segments[i];
            checksum(segment.contents);
            if (segment.first_page() < reached || segment.page_end() > highest
                || segment.contents.size > segment.size)
            {
                std::printf("FAILED: accepted a segment outside its bounds\n");
                std::exit(1);
            }
            reached = segment.page_end();
        }
        return error;
    }

    void walk(bool is_archive, koito::bytes file)
    {
        koito::elf_program program;
        is_archive ? static_cast<void>(walk_archive(file, false)) : static_cast<void>(walk_elf(file, program));
    }
}

int main(int count, char **arguments)
{
    const std::string command = count > 2 ? arguments[1] : "";
    if (command == "list")
    {
        const auto       file = read_file(arguments[2]);
        const exact_copy copy(file, file.size());
        std::puts(walk_archive(copy, true) == koito::archive_status::malformed ? "malformed" : "end");
        return 0;
    }
    if (command == "elf")
    {
        const auto         file = read_file(arguments[2]);
        const exact_copy   copy(file, file.size());
        koito::elf_program program;
        const auto         error = walk_elf(copy, program);
        std::puts(koito::to_string(error));
        for (size_t i = 0; error == koito::elf_error::none && i < program.segment_count; ++i)
        {
            const koito::elf_segment &segment = program.segments[i];
            std::printf("%llx %llx %zx %s%s\n", static_cast<unsigned long long>(segment.address),
                static_cast<unsigned long long>(segment.size), segment.contents.size, segment.writable ? "w" : "-",
                segment.executable ? "x" : "-");
        }
        return 0;
    }
    if (count < 4)
    {
        std::puts("usage: see the comment at the top of program-reader-check.cpp");
        return 2;
    }
    const bool is_archive = arguments[2] == std::string("archive");
    const auto file       = read_file(arguments[3]);
    if (command == "truncate")
    {
        for (size_t length = 0; length < file.size(); ++length)
        {
            walk(is_archive, exact_copy(file, length));
        }
        std::printf("%zu prefixes read\n", file.size());
        return 0;
    }
    std::mt19937 random(static_cast<unsigned>(std::strtoul(arguments[4], nullptr, 10)));
    for (int round = 0; round < 20'000; ++round)
    {
        auto mutated = file;
        for (unsigned changes = 1 + random() % 4; changes != 0; --changes)
        {
            // Mostly in the headers, where it matters.
            mutated[random() % (random() % 4 != 0 && mutated.size() > 256 ? 256 : mutated.size())] =
                static_cast<uint8_t>(random() % 3 == 0 ? 0xff : random());
        }
        walk(is_archive, exact_copy(mutated, mutated.size()));
    }
    std::puts("mutations read");
    return 0;
}
