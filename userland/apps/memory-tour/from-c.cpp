// A stop of the tour: the interface for C, which is C++, too.
#include "tour.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#include <ulmm/memory.h>
#pragma GCC diagnostic pop

namespace tour
{
    void show_interface_for_c()
    {
        constexpr const char *here    = "from C";
        const word            port    = memory.port.value;
        word                  address = 0;
        if (ulmm_map(port, ULMM_OWN_SPACE, &address, page_size, ULMM_ACCESS_READ | ULMM_ACCESS_WRITE) != ULMM_OK)
        {
            fail(here, "map");
        }
        word_at(address) = 1;
        if (ulmm_protect(port, ULMM_OWN_SPACE, address, page_size, ULMM_ACCESS_READ) != ULMM_OK || word_at(address) != 1
            || ulmm_resolve_fault(port, ULMM_OWN_SPACE, address, ULMM_FAULT_WRITE, nullptr) != ULMM_ACCESS_DENIED
            || ulmm_unmap(port, ULMM_OWN_SPACE, address, page_size) != ULMM_OK)
        {
            fail(here, "a page is not mapped, protected and unmapped");
        }
        write_line("memory-tour: ", here, ": a page mapped, written, protected, unmapped");
    }
}
