// Memory for objects of any size. That there is none is a value (null), never an end.
#pragma once

#include <runtime/utility.hpp>
#include <stddef.h>
#include <stdint.h>

namespace runtime
{
    inline constexpr size_t page_size = 4096;

    /// Where the heap lies: a range of addresses in whole pages, and who puts memory into it.
    struct heap_range
    {
        uintptr_t start;
        size_t    size;
        bool (*commit)(uintptr_t address, size_t size); ///< puts zeroed pages there; false if there are none
    };

    struct heap_statistics
    {
        size_t committed; ///< bytes
        size_t in_use;    ///< bytes of the pages that hold something
    };

    /// To be called once, before anything is allocated. False if not even the heap's own tables fit.
    bool begin_heap(const heap_range &range);

    heap_statistics heap_usage();

    /// `size` bytes, aligned to 16 (to a page, if whole pages are asked for), their contents undefined. Null if there are none.
    [[nodiscard]] void *allocate(size_t size);

    /// Takes back a block (or null) from `allocate`, called with the same size.
    void release(void *block, size_t size);

    /// A new object, or null.
    template<typename T, typename... Arguments>
    [[nodiscard]] T *create(Arguments &&...arguments)
    {
        static_assert(alignof(T) <= 16);
        void *place = allocate(sizeof(T));
        return place == nullptr ? nullptr : new (in_place { place }) T(forward<Arguments>(arguments)...);
    }

    /// Ends an object (or null) from `create` of the same type.
    template<typename T>
    void destroy(T *object)
    {
        if (object != nullptr)
        {
            object->~T();
            release(object, sizeof(T));
        }
    }
}
