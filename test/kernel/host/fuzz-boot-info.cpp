// libFuzzer target: bytes become what a boot loader leaves in memory. The kernel either says what is wrong and halts, or
// runs an init process that is as it must be.
#include "boot-image.hpp"
#include "byte-source.hpp"
#include "invariants.hpp"

#include <hal/host/devices.hpp>
#include <hal/host/memory.hpp>
#include <hal/host/processor.hpp>
#include <hal/interface/memory.hpp>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>

namespace
{
    using namespace a9n;
    using namespace a9n::host;

    constexpr word memory_size = 4 << 20;

    std::string console;
    inventory   objects;

    void require(bool holds, const char* what)
    {
        if (!holds)
        {
            fprintf(stderr, "broken: %s\nconsole: %s\n", what, console.c_str());
            abort();
        }
    }

    void record_console(const effect& happened)
    {
        if (happened.kind == effect_kind::console)
        {
            console += static_cast<char>(happened.value);
        }
    }

    /// A physical address that is likely to be of use, a little beside it, or any.
    word address(byte_source& bytes)
    {
        const uint8_t byte = bytes.next();
        switch (byte >> 6)
        {
            case 0:
            case 1:
                return static_cast<word>(byte & 0x7f) << abi::page_size_bits;
            case 2:
                return (static_cast<word>(bytes.next()) << abi::page_size_bits) + (byte & 63) * 8;
            default:
                return (word { 1 } << (byte & 63)) - bytes.next();
        }
    }

    word page_count(byte_source& bytes)
    {
        const uint8_t byte = bytes.next();
        return byte < 0xf0 ? byte : (word { 1 } << (4 * (byte & 15))) + bytes.next();
    }

    /// Changes fields of a good boot_info, or all of its memory. Returns its address.
    physical_address leave_boot_info(byte_source& bytes)
    {
        constexpr word image_pages = 4;
        const physical_address good = write_boot_image({ memory_size, image_pages, { { 0xfee0'0000, 16 } } });
        auto* info = hal::to_pointer<abi::boot_info>(good);
        while (!bytes.is_empty())
        {
            switch (bytes.next() % 12)
            {
                case 0:
                    info->memory_map_count = static_cast<uint16_t>(bytes.next() % 64);
                    break;
                case 1:
                    info->memory_map = address(bytes);
                    break;
                case 2:
                    info->init_loaded_address = address(bytes);
                    break;
                case 3:
                    info->init_image_size = page_count(bytes);
                    break;
                case 4:
                    info->init_entry_point = address(bytes);
                    break;
                case 5:
                    info->init_info_address = address(bytes);
                    break;
                case 6:
                    info->init_ipc_buffer_address = address(bytes);
                    break;
                case 7:
                case 8:
                case 9:
                {
                    // An entry of the map, where it was at first.
                    auto* map         = hal::to_pointer<abi::memory_map_entry>(2 * abi::page_size);
                    const word index  = bytes.next() % 32;
                    map[index].start      = address(bytes);
                    map[index].page_count = page_count(bytes);
                    map[index].type       = static_cast<abi::memory_map_type>(bytes.next() & 3);
                    info->memory_map_count = static_cast<uint16_t>(index + 1);
                    break;
                }
                case 10:
                {
                    // Any word of the page with boot_info.
                    const uint8_t index                          = bytes.next();
                    hal::to_pointer<word>(abi::page_size)[index] = address(bytes);
                    break;
                }
                default:
                    // boot_info itself somewhere else.
                    if (const word other = address(bytes); other % 8 == 0 && other <= memory_size - sizeof(abi::boot_info))
                    {
                        memmove(hal::to_pointer(other), info, sizeof(abi::boot_info));
                        info = hal::to_pointer<abi::boot_info>(other);
                    }
                    else
                    {
                        return other;
                    }
                    break;
            }
        }
        // Entries are compared with each other: more would only take time.
        constexpr uint16_t maximum_entries = 512;
        info->memory_map_count = info->memory_map_count < maximum_entries ? info->memory_map_count : maximum_entries;
        return hal::to_physical(info);
    }

    bool prepare()
    {
        on_effect = record_console;
        require(create_memory(memory_size) && save_machine(), "memory");
        return true;
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const bool is_prepared = prepare();
    (void) is_prepared;
    restore_machine();
    console.clear();
    byte_source bytes { data, data + size };
    start(leave_boot_info(bytes));
    if (running.is_halted)
    {
        require(console.find("A9N: bad boot_info, ") != std::string::npos, "the kernel halts without saying why");
        return 0;
    }
    take_inventory(objects);
    const char* problem = find_broken_invariant(objects);
    require(problem == nullptr, problem);
    require(objects.processes.size() == 1 && running.context == &objects.processes[0]->context, "init does not run");
    require(make_kernel_call(), "init cannot call the kernel");
    return 0;
}
