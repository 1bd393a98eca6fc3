// Compiled without sanitizers, so that it may touch poisoned memory itself.
#include "memory-guard.hpp"

#include <core/revocation.hpp>
#include <hal/host/memory.hpp>
#include <hal/interface/memory.hpp>

#include <sanitizer/asan_interface.h>

namespace a9n::host
{
    namespace
    {
        struct range
        {
            const void* start;
            word        size;

            bool operator==(const range&) const = default;
        };

        std::vector<range> open_ranges; ///< not poisoned
        std::vector<range> wanted;

        /// The kernel's image is never poisoned.
        bool is_ram(const void* start)
        {
            const auto* begin = hal::to_pointer<const char>(0);
            return start >= begin && start < begin + memory_size();
        }

        void open_cleared(void* start, word size)
        {
            if (is_ram(start))
            {
                __asan_unpoison_memory_region(start, size);
                open_ranges.push_back({ start, size });
            }
        }

        void want(const void* start, word size)
        {
            if (is_ram(start))
            {
                wanted.push_back({ start, size });
            }
        }
    }

    void begin_guard()
    {
        __asan_poison_memory_region(hal::to_pointer(0), memory_size());
        on_memory_cleared = open_cleared;
    }

    void guard_memory(const inventory& objects)
    {
        wanted.clear();
        for (const node* object : objects.nodes)
        {
            want(object, sizeof(node) + object->capacity() * sizeof(capability_slot));
        }
        for (const process_control_block* object : objects.processes)
        {
            want(object, sizeof(*object));
        }
        for (const ipc_port* object : objects.ipc_ports)
        {
            want(object, sizeof(*object));
        }
        for (const notification_port* object : objects.notification_ports)
        {
            want(object, sizeof(*object));
        }
        for (const table_object& object : objects.tables)
        {
            want(hal::to_pointer(object.address), abi::page_size);
        }
        for (const physical_address page : objects.buffers)
        {
            want(hal::to_pointer(page), abi::page_size);
        }

        if (is_revocation_unfinished())
        {
            // Objects that nobody can name any more are still being emptied.
            for (const range& open : wanted)
            {
                __asan_unpoison_memory_region(open.start, open.size);
            }
            open_ranges.insert(open_ranges.end(), wanted.begin(), wanted.end());
        }
        else if (wanted != open_ranges)
        {
            for (const range& open : open_ranges)
            {
                __asan_poison_memory_region(open.start, open.size);
            }
            for (const range& open : wanted)
            {
                __asan_unpoison_memory_region(open.start, open.size);
            }
            std::swap(wanted, open_ranges);
        }
    }

    void write_user_memory(physical_address address, const word* words, word count)
    {
        word* memory = hal::to_pointer<word>(address);
        for (word i = 0; i < count; i++)
        {
            memory[i] = words[i];
        }
    }
}
