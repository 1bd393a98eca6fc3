// Boots an init image on the kernel core with the host HAL, as a Linux process: run-init INIT.ELF
//   --check instead of the file only finds out whether that is possible here
//   --interrupt before the file interrupts long kernel calls wherever they can be
//
// What the boot protocol asks of a loader (ABI section 20), with memory as user mode has it.
#include <core/bounded_work.hpp>
#include <hal/host/memory.hpp>
#include <hal/host/user_mode/devices.hpp>
#include <hal/host/user_mode/user_mode.hpp>
#include <hal/interface/memory.hpp>
#include <loader/elf_image.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace
{
    using namespace a9n;
    using host::give_up;

    constexpr word ram_size     = 128 << 20;
    constexpr word boot_address = 0x1000; ///< boot_info, and the memory map in the next page
    constexpr word map_address  = boot_address + abi::page_size;
    constexpr word acpi_address = map_address + abi::page_size; ///< an empty page: there is no ACPI
    constexpr word init_address = 0x10'0000;

    // There are no such devices: the address range is there for programs that make capabilities of it.
    constexpr word device_address = 0xfec0'0000, device_pages = 16;

    constexpr int missing_feature_status = 77;

    constexpr word pages(word bytes)
    {
        return (bytes + abi::page_size - 1) >> abi::page_size_bits;
    }

    std::vector<char> read_file(const char* path)
    {
        std::ifstream file(path, std::ios::binary);
        if (!file)
        {
            give_up("%s: %s", path, strerror(errno));
        }
        return { std::istreambuf_iterator<char>(file), {} };
    }

    word symbol_of(const loader::elf_image& image, const char* name)
    {
        word value = 0;
        if (!loader::find_symbol(image, name, value))
        {
            give_up("the init image has no symbol %s (is it stripped?)", name);
        }
        return value;
    }

    /// Loads the image and describes the machine. Returns the physical address of boot_info.
    physical_address load(const loader::elf_image& image, const char* path)
    {
        if (const char* problem = loader::check_elf(image))
        {
            give_up("%s: %s", path, problem);
        }
        const word size = pages(loader::find_extent(image).end);
        if (size > abi::init_maximum_pages || init_address + (size << abi::page_size_bits) > ram_size)
        {
            give_up("%s: larger than the memory", path);
        }
        loader::load_segments(image, reinterpret_cast<word>(hal::to_pointer(init_address)));

        const word free_start = init_address + (size << abi::page_size_bits);
        const abi::memory_map_entry map[] = {
            { 0, pages(free_start), abi::memory_map_type::reserved, 0 },
            { free_start, pages(ram_size - free_start), abi::memory_map_type::free, 0 },
            { device_address, device_pages, abi::memory_map_type::device, 0 },
        };
        memcpy(hal::to_pointer(map_address), map, sizeof(map));

        auto& info                   = *hal::to_pointer<abi::boot_info>(boot_address);
        info.memory_size             = ram_size;
        info.memory_map              = map_address;
        info.memory_map_count        = std::size(map);
        info.init_loaded_address     = init_address;
        info.init_image_size         = size;
        info.init_entry_point        = loader::elf_entry(image);
        info.init_info_address       = symbol_of(image, "__init_info_start");
        info.init_ipc_buffer_address = symbol_of(image, "__init_ipc_buffer_start");
        info.arch_info[abi::arch_info_rsdp] = acpi_address;
        return boot_address;
    }
}

int main(int argument_count, char** arguments)
{
    const bool is_interrupted = argument_count == 3 && strcmp(arguments[1], "--interrupt") == 0;
    if (argument_count != 2 && !is_interrupted)
    {
        give_up("usage: run-init [--interrupt] INIT.ELF | --check");
    }
    const char* const path = arguments[argument_count - 1];
    if (const char* missing = host::find_missing_feature())
    {
        fprintf(stderr, "user mode needs %s\n", missing);
        return missing_feature_status;
    }
    if (strcmp(path, "--check") == 0)
    {
        return 0;
    }
    if (!host::create_memory(ram_size))
    {
        give_up("no memory of %lu MiB: %s", ram_size >> 20, strerror(errno));
    }
    if (is_interrupted)
    {
        work_between_looks       = 1;
        host::ticks_at_each_look = true;
    }
    const std::vector<char> file = read_file(path);
    host::run_machine(load({ reinterpret_cast<const uint8_t*>(file.data()), file.size() }, path));
}
