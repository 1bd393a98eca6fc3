#include "pages.hpp"

#include "../memory.hpp"
#include "../page_table.hpp"
#include "user_mode.hpp"

#include <hal/interface/memory.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/mman.h>

namespace a9n::host
{
    namespace
    {
        physical_address active_root = 0;

        /// Free for user pages: from what Linux lets anybody map to what this program occupies itself. Never page 0, so
        /// that programs find the same everywhere.
        virtual_address first_address = 0, end_address = 0;

        bool has_pages = false;

        constexpr word page_mask = abi::page_size - 1;

        /// The entry that maps the page of `address`, and how much it maps. An empty entry if there is none.
        struct found_page
        {
            page_table_entry entry;
            word             size_bits;
        };

        found_page find_page(virtual_address address)
        {
            physical_address table = active_root;
            for (word depth = hal::root_table_depth;; depth--)
            {
                const page_table_entry entry
                    = hal::to_pointer<page_table>(table)->entries[entry_index(address, depth)];
                if (entry.is_table == 0)
                {
                    return { entry, entry_size_bits(depth) };
                }
                table = entry.address();
            }
        }

        void enter(virtual_address page, physical_address memory, int protection)
        {
            void* const   at     = reinterpret_cast<void*>(page);
            const auto    offset = static_cast<off_t>(memory);
            constexpr int flags  = MAP_SHARED | MAP_FIXED;
            if (mmap(at, abi::page_size, protection, flags, memory_file(), offset) == at)
            {
                has_pages = true;
                return;
            }
            if (errno == ENOMEM && has_pages)
            {
                drop_pages(); // Linux limits the number of mappings
                enter(page, memory, protection);
                return;
            }
            give_up("Linux does not map the user page at %#lx: %s", page, strerror(errno));
        }
    }

    void initialise_pages()
    {
        unsigned long lowest = 0;
        FILE* const maps = fopen("/proc/self/maps", "r");
        if (maps == nullptr || fscanf(maps, "%lx", &lowest) != 1)
        {
            give_up("/proc/self/maps cannot be read");
        }
        fclose(maps);
        end_address = lowest;

        unsigned long minimum = 0;
        FILE* const setting = fopen("/proc/sys/vm/mmap_min_addr", "r");
        if (setting == nullptr || fscanf(setting, "%lu", &minimum) != 1)
        {
            give_up("/proc/sys/vm/mmap_min_addr cannot be read");
        }
        fclose(setting);
        first_address = minimum > abi::page_size ? (minimum + page_mask) & ~page_mask : abi::page_size;
    }

    access_verdict mirror_page(virtual_address address, access_kind access)
    {
        if (active_root == 0 || !hal::is_user_address(address))
        {
            return access_verdict::absent;
        }
        const found_page found = find_page(address);
        if (found.entry.is_empty())
        {
            return access_verdict::absent;
        }
        if ((access == access_kind::write && found.entry.is_writable == 0)
            || (access == access_kind::execute && found.entry.is_executable == 0))
        {
            return access_verdict::forbidden;
        }
        const virtual_address page = address & ~page_mask;
        if (page < first_address)
        {
            give_up("a process uses address %#lx, but Linux maps nothing below %#lx (vm.mmap_min_addr)", address,
                first_address);
        }
        if (page >= end_address)
        {
            give_up("a process uses address %#lx, but user mode needs what lies above %#lx itself", address,
                end_address);
        }
        const word             offset = page & ((word { 1 } << found.size_bits) - 1);
        const physical_address memory = found.entry.address() + offset;
        if (memory >= memory_size())
        {
            give_up("a process uses address %#lx, which is device memory at %#lx: there are no such devices", address,
                memory);
        }
        const int writable   = found.entry.is_writable != 0 ? PROT_WRITE : 0;
        const int executable = found.entry.is_executable != 0 ? PROT_EXEC : 0;
        enter(page, memory, PROT_READ | writable | executable);
        return access_verdict::allowed;
    }

    void activate_pages(physical_address root)
    {
        if (root != active_root)
        {
            drop_pages();
            active_root = root;
        }
    }

    void drop_pages()
    {
        if (has_pages && munmap(reinterpret_cast<void*>(first_address), end_address - first_address) != 0)
        {
            give_up("Linux does not unmap user pages: %s", strerror(errno));
        }
        has_pages = false;
    }
}
