// A tour of the memory server: reserves, maps, writes, reads back and releases memory of several sizes, and says what
// it did. Exits with 0 if everything was as it should be.
#include <koito/process-layout.hpp>
#include <runtime/program.hpp>
#include <ulmm/regions.hpp>

namespace
{
    using a9n::word;
    using runtime::write_line;

    constexpr ulmm::region_service memory { a9n::ipc_port { koito::own_slot(koito::client_slot::memory_port) } };

    constexpr word kibibyte = 1024;
    constexpr word mebibyte = 1024 * kibibyte;

    struct stop
    {
        const char *name;
        word        size; ///< bytes
        a9n::access access;
    };

    constexpr stop stops[] = {
        { "one page", 4 * kibibyte, a9n::access::read_write },
        { "five pages", 20 * kibibyte, a9n::access::read_write },
        { "an odd size", 100'000, a9n::access::read_write },
        { "a large page", 2 * mebibyte, a9n::access::read_write },
    };

    /// What a page is filled with: different on every page and for every stop.
    word pattern(word stop_number, word page)
    {
        return (stop_number + 1) * 0x9e37'79b9'7f4a'7c15 + page;
    }

    /// Fails the tour with a line that says where.
    [[noreturn]] void fail(const stop &where, const char *step, ulmm::region_reply code)
    {
        write_line("memory-tour: ", where.name, ": ", step, ": ", ulmm::to_string(code));
        runtime::exit(1);
    }

    /// Writes a word at the start of every page, then reads all of them back. Returns how many differ.
    word write_and_read_back(word address, word size, word stop_number)
    {
        constexpr word page_size = a9n::abi::page_size;
        word           wrong     = 0;
        for (word page = 0; page * page_size < size; ++page)
        {
            *reinterpret_cast<volatile word *>(address + page * page_size) = pattern(stop_number, page);
        }
        for (word page = 0; page * page_size < size; ++page)
        {
            wrong += *reinterpret_cast<volatile word *>(address + page * page_size) != pattern(stop_number, page);
        }
        return wrong;
    }

    /// New memory must be zero, whoever had it before.
    bool is_zero(word address, word size)
    {
        for (word offset = 0; offset < size; offset += sizeof(word))
        {
            if (*reinterpret_cast<const volatile word *>(address + offset) != 0)
            {
                return false;
            }
        }
        return true;
    }

    struct mapped_region
    {
        word handle;
        word address;
        word size;
    };

    mapped_region visit(const stop &where, word stop_number)
    {
        const auto reserved = memory.allocate(where.size);
        if (!reserved)
        {
            fail(where, "allocate", reserved.code);
        }
        const auto address = memory.map(reserved.value.handle, 0, where.access);
        if (!address)
        {
            fail(where, "map", address.code);
        }
        write_line("memory-tour: ", where.name, ": ", where.size, " bytes asked for, ", reserved.value.size,
            " bytes mapped");

        const mapped_region region { reserved.value.handle, address.value, reserved.value.size };
        if (!is_zero(region.address, region.size))
        {
            write_line("memory-tour: ", where.name, ": new memory is not zero");
            runtime::exit(1);
        }
        if (const word wrong = write_and_read_back(region.address, region.size, stop_number); wrong != 0)
        {
            write_line("memory-tour: ", where.name, ": ", wrong, " pages read back differently");
            runtime::exit(1);
        }
        write_line("memory-tour: ", where.name, ": zero at first, and every page reads back as written");
        return region;
    }

    void say_usage(const char *when)
    {
        const auto usage = memory.statistics();
        write_line("memory-tour: ", when, ": ", usage.value.regions, " regions, ", usage.value.bytes_reserved,
            " bytes reserved, ", usage.value.bytes_mapped, " bytes mapped");
    }
}

int main()
{
    constexpr word stop_count = sizeof(stops) / sizeof(stops[0]);
    mapped_region  regions[stop_count];

    for (word i = 0; i < stop_count; ++i)
    {
        regions[i] = visit(stops[i], i);
    }
    say_usage("in between");
    for (word i = 0; i < stop_count; ++i)
    {
        if (const auto code = memory.release(regions[i].handle); code != ulmm::region_reply::ok)
        {
            fail(stops[i], "release", code);
        }
    }
    say_usage("in the end");

    // The same memory again: what was released is usable, and clean.
    const mapped_region again = visit(stops[0], stop_count);
    if (const auto code = memory.release(again.handle); code != ulmm::region_reply::ok)
    {
        fail(stops[0], "release", code);
    }
    write_line("memory-tour: done");
    return 0;
}
