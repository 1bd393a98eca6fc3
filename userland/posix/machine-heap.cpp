#include "machine-start.hpp"
#include "memory-server.hpp"

#include <runtime/heap.hpp>

namespace posix::machine
{
    namespace
    {
        constexpr word heap_address = 0x20'0000'0000;
        constexpr word heap_size    = word { 1 } << 30;

        bool commit(uintptr_t address, size_t size)
        {
            const word how = static_cast<word>(ulmm::access::read_write)
                | static_cast<word>(ulmm::map_flags::fixed | ulmm::map_flags::commit);
            return bool(ask(ulmm::request::map, ulmm::own_space, address, size, how));
        }
    }

    bool make_heap()
    {
        return runtime::begin_heap({ heap_address, heap_size, commit });
    }
}
