// Physical memory: a file in memory, and the kernel's image beside it.
#include "memory.hpp"

#include <hal/interface/memory.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// Set by the linker script; both page-aligned.
extern "C" char kernel_image_begin[], kernel_image_end[];

namespace a9n::host
{
    void (*on_memory_cleared)(void* start, word size) = nullptr;

    namespace
    {
        word ram_size = 0;
        int  ram_file = -1;

        char* ram()
        {
            return reinterpret_cast<char*>(direct_map);
        }

        word image_size()
        {
            return static_cast<word>(kernel_image_end - kernel_image_begin);
        }
    }

    bool create_memory(word size)
    {
        ram_file = memfd_create("a9n physical memory", MFD_CLOEXEC);
        ram_size = size;
        // The image's pages follow the RAM in the file; they are used by save_machine only.
        return ram_file >= 0 && ftruncate(ram_file, static_cast<off_t>(size + image_size())) == 0
            && mmap(ram(), size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, ram_file, 0) == ram();
    }

    word memory_size()
    {
        return ram_size;
    }

    int memory_file()
    {
        return ram_file;
    }

    bool save_machine()
    {
        // From here on the file keeps the state, and what is written goes to private copies of its pages.
        constexpr int access = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_FIXED;
        // The bare system call: AddressSanitizer would take the red zones between variables for a fault of pwrite.
        const long written = syscall(SYS_pwrite64, ram_file, kernel_image_begin, image_size(), ram_size);
        return written == static_cast<long>(image_size())
            && mmap(kernel_image_begin, image_size(), access, flags, ram_file, static_cast<off_t>(ram_size))
            == kernel_image_begin
            && mmap(ram(), ram_size, access, flags, ram_file, 0) == ram();
    }

    void restore_machine()
    {
        const word size = ram_size;
        madvise(ram(), size, MADV_DONTNEED);
        madvise(kernel_image_begin, image_size(), MADV_DONTNEED);
    }
}

namespace a9n::hal
{
    using namespace a9n::host;

    bool make_reachable(physical_address start, word size)
    {
        return start <= memory_size() && size <= memory_size() - start;
    }

    void* to_pointer(physical_address address)
    {
        return address >= image_physical_address ? kernel_image_begin + (address - image_physical_address)
                                                 : ram() + address;
    }

    physical_address to_physical(const void* pointer)
    {
        const char* at = static_cast<const char*>(pointer);
        return at >= kernel_image_begin && at < kernel_image_end
            ? image_physical_address + static_cast<word>(at - kernel_image_begin)
            : reinterpret_cast<word>(pointer) - direct_map;
    }

    bool overlaps_kernel(physical_address start, word size)
    {
        return start < image_physical_address + image_size() && image_physical_address < start + size;
    }

    void clear_memory(void* start, word size)
    {
        if (on_memory_cleared != nullptr)
        {
            on_memory_cleared(start, size);
        }
        __builtin_memset(start, 0, size);
    }
}
