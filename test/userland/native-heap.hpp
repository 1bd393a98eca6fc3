// The runtime's heap for native tests: the host's own, so that the sanitizers see every object; with a limit, to let it run out.
#pragma once

#include <stddef.h>

namespace native
{
    void set_heap_limit(size_t bytes);

    size_t heap_in_use();
}
