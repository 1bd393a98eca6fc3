#include "native-heap.hpp"

#include <cstdlib>
#include <runtime/heap.hpp>

namespace
{
    size_t limit  = SIZE_MAX;
    size_t in_use = 0;
}

namespace native
{
    void set_heap_limit(size_t bytes)
    {
        limit = bytes;
    }

    size_t heap_in_use()
    {
        return in_use;
    }
}

namespace runtime
{
    void *allocate(size_t size)
    {
        if (size > limit || in_use > limit - size)
        {
            return nullptr;
        }
        in_use += size;
        return size % page_size == 0 && size != 0 ? std::aligned_alloc(page_size, size) : std::malloc(size);
    }

    void release(void *block, size_t size)
    {
        if (block != nullptr)
        {
            in_use -= size;
            std::free(block);
        }
    }

    heap_statistics heap_usage()
    {
        return { in_use, in_use };
    }
}
