// A tour of the memory server: maps, writes, reads back and unmaps memory of several sizes; has pages made when they are
// touched; clones a space, shares an object, runs a thread, and replaces the policy while memory is in use. It says what it
// saw and exits with 0 if everything was as it should be.
#include "tour.hpp"

namespace
{
    using namespace tour;

    struct stop
    {
        const char *name;
        word        size; ///< bytes
        ulmm::access access;
    };

    constexpr stop stops[] = {
        { "one page", 4 * kibibyte, ulmm::access::read_write },
        { "five pages", 20 * kibibyte, ulmm::access::read_write },
        { "an odd size", 100'000, ulmm::access::read_write },
        { "two MiB", 2 * mebibyte, ulmm::access::read_write },
    };

    struct mapped_region
    {
        word address;
        word size;
    };

    mapped_region visit(const stop &where, word stop_number)
    {
        const word size    = (where.size + page_size - 1) / page_size * page_size;
        const auto address = memory.map(ulmm::own_space, 0, size, where.access);
        if (!address)
        {
            fail(where.name, "map", address.code);
        }
        write_line("memory-tour: ", where.name, ": ", where.size, " bytes asked for, ", size, " bytes mapped");

        const mapped_region region { address.value, size };
        if (!is_zero(region.address, region.size))
        {
            fail(where.name, "new memory is not zero");
        }
        if (const word wrong = write_and_read_back(region.address, region.size, stop_number); wrong != 0)
        {
            fail(where.name, "pages read back differently");
        }
        write_line("memory-tour: ", where.name, ": zero at first, and every page reads back as written");
        return region;
    }

    void say_usage(const char *when)
    {
        const auto usage = memory.statistics(ulmm::own_space);
        write_line("memory-tour: ", when, ": ", usage.value.ranges, " ranges, ", usage.value.mapped, " bytes mapped, ",
            usage.value.present, " bytes present, ", usage.value.page_tables, " page tables");
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
        require(stops[i].name, "unmap", memory.unmap(ulmm::own_space, regions[i].address, regions[i].size));
    }
    say_usage("in the end");

    // The same memory again: what was unmapped is usable, and clean.
    const mapped_region again = visit(stops[0], stop_count);
    require(stops[0].name, "unmap", memory.unmap(ulmm::own_space, again.address, again.size));

    show_demand_paging();
    show_clone();
    show_shared_object();
    show_interface_for_c();
    show_thread();
    show_limit();
    show_policies();
    say_usage("after all");
    write_line("memory-tour: done");
    return 0;
}
