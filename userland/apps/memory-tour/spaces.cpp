// Stops of the tour: pages on demand, clones, shared objects.
#include "tour.hpp"

namespace tour
{
    void show_demand_paging()
    {
        constexpr const char *here    = "demand paging";
        constexpr word        size    = 16 * mebibyte;
        constexpr word        touched = 5;
        const word address = require(here, "map", memory.map(ulmm::own_space, 0, size, ulmm::access::read_write));
        for (word page = 0; page < touched; ++page)
        {
            word_at(address + page * mebibyte) = page;
        }
        const auto usage = require(here, "statistics", memory.statistics(ulmm::own_space));
        write_line("memory-tour: ", here, ": ", usage.mapped, " bytes mapped, ", touched, " pages touched, ", usage.present,
            " bytes present");
        if (usage.present != touched * page_size)
        {
            fail(here, "not just the pages touched are present");
        }
        require(here, "unmap", memory.unmap(ulmm::own_space, address, size));
    }

    void show_clone()
    {
        constexpr const char *here = "clone";
        constexpr word        code = 0x40'0000; // where it pleases: it is another space
        constexpr word        size = 4 * page_size;
        const word original = require(here, "create a space", memory.create_space());
        (void)require(here, "map", memory.map(original, code, size, ulmm::access::read_write));
        const word window =
            require(here, "open a window", memory.open_window(original, code, size, ulmm::access::read_write));
        for (word page = 0; page < 4; ++page)
        {
            word_at(window + page * page_size) = 100 + page;
        }
        require(here, "close the window", memory.close_window(window, size));

        const word copy   = require(here, "clone", memory.clone_space(original));
        const auto shared = require(here, "statistics", memory.statistics(copy));
        // What a process in the clone would do by writing.
        const word replaced =
            require(here, "resolve a fault", memory.resolve_fault(copy, code, ulmm::fault_access::write));
        const auto after = require(here, "statistics", memory.statistics(copy));
        write_line("memory-tour: ", here, ": ", shared.shared, " bytes shared, after one page was written ", after.shared);

        const word its = require(here, "open a window", memory.open_window(copy, code, size, ulmm::access::read_write));
        const word ours =
            require(here, "open a window", memory.open_window(original, code, size, ulmm::access::read));
        word_at(its) = 200;
        if (shared.shared != size || after.shared != 0 + size - page_size || replaced != 1 || word_at(ours) != 100
            || word_at(its + page_size) != 101)
        {
            fail(here, "a page is not shared until it is written");
        }
        require(here, "close the window", memory.close_window(its, size));
        require(here, "close the window", memory.close_window(ours, size));
        require(here, "destroy a space", memory.destroy_space(original));
        require(here, "destroy a space", memory.destroy_space(copy));
    }

    void show_shared_object()
    {
        constexpr const char *here    = "shared object";
        constexpr word        size    = 3 * page_size;
        constexpr word        address = 0x50'0000;
        const word object = require(here, "create an object", memory.create_object(size));
        const word other  = require(here, "create a space", memory.create_space());
        const word own    = require(here, "map the object",
            memory.map_object(ulmm::own_space, 0, size, ulmm::access::read_write, object, 0));
        (void)require(here, "map the object",
            memory.map_object(other, address, 2 * page_size, ulmm::access::read_write, object, page_size));
        require(here, "release the object", memory.release_object(object)); // the ranges keep it

        word_at(own + page_size) = 42;
        const word window =
            require(here, "open a window", memory.open_window(other, address, page_size, ulmm::access::read_write));
        const word seen = word_at(window);
        word_at(window) = seen + 1;
        write_line("memory-tour: ", here, ": one space wrote 42, the other sees ", seen, " and adds 1, the first sees ",
            word_at(own + page_size));
        if (word_at(own + page_size) != 43)
        {
            fail(here, "what one space writes the other does not see");
        }
        require(here, "close the window", memory.close_window(window, page_size));
        require(here, "destroy a space", memory.destroy_space(other));
        require(here, "unmap", memory.unmap(ulmm::own_space, own, size));
    }
}
