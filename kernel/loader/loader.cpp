// The A9N boot protocol for multiboot 1 boot loaders such as QEMU's -kernel: module 1 is the kernel, module 2 the init
// image, both unstripped ELF files.
#include "console.hpp"
#include "elf_image.hpp"
#include "physical_memory.hpp"

namespace loader
{
    namespace
    {
        using a9n::abi::boot_info;
        using a9n::abi::memory_map_entry;

        struct multiboot_information
        {
            uint32_t flags;
            uint32_t memory_lower, memory_upper;
            uint32_t boot_device, command_line;
            uint32_t module_count, modules;
            uint32_t symbols[4];
            uint32_t memory_map_length, memory_map;
        };

        struct multiboot_module
        {
            uint32_t start, end, text, reserved;
        };

        struct [[gnu::packed]] multiboot_memory
        {
            uint32_t size; ///< of what follows
            word     start, length;
            uint32_t type;
        };

        constexpr uint32_t has_modules    = 1 << 3;
        constexpr uint32_t has_memory_map = 1 << 6;
        constexpr uint32_t usable_memory  = 1;
        constexpr word     reachable_end  = 0x1'0000'0000; // entry.S maps this much

        // Left for application processors by the boot protocol.
        constexpr memory_range start_up_page = { 0x6000, 0x7000 };
        // Address 0 means "none" in many places.
        constexpr memory_range null_page = { 0, 0x1000 };

        constexpr word     map_capacity = 64;
        memory_map_entry   memory_map[map_capacity];
        boot_info          info;

        template<typename T>
        T* pointer(word address)
        {
            return reinterpret_cast<T*>(address);
        }

        range_list find_ram(const multiboot_information& multiboot)
        {
            range_list ram;
            for (word at = multiboot.memory_map; at < word { multiboot.memory_map } + multiboot.memory_map_length;)
            {
                const auto& entry = *pointer<multiboot_memory>(at);
                if (entry.type == usable_memory)
                {
                    const memory_range range { page_ceiling(entry.start), page_floor(entry.start + entry.length) };
                    if (range.start < range.end && !ram.add(range))
                    {
                        fail("the memory map has too many ranges");
                    }
                }
                at += entry.size + sizeof(entry.size);
            }
            return ram;
        }

        bool is_root_pointer(const char* at)
        {
            constexpr char signature[] = "RSD PTR ";
            uint8_t        sum         = 0;
            for (word i = 0; i < sizeof(signature) - 1; i++)
            {
                if (at[i] != signature[i])
                {
                    return false;
                }
            }
            for (word i = 0; i < 20; i++)
            {
                sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(at[i]));
            }
            return sum == 0;
        }

        /// In the first KiB of the extended BIOS data area or in the BIOS ROM (ACPI specification 6.5, section 5.2.5.1).
        word find_acpi_root_pointer()
        {
            word bios_data = 0x40e;
            asm("" : "+r"(bios_data)); // an address, not a null pointer with an offset
            const word extended_data = word { *pointer<const volatile uint16_t>(bios_data) } << 4;
            const memory_range places[] = { { extended_data, extended_data + 1024 }, { 0xe'0000, 0x10'0000 } };
            for (const memory_range& place : places)
            {
                for (word at = place.start; at < place.end && place.start != 0; at += 16)
                {
                    if (is_root_pointer(pointer<const char>(at)))
                    {
                        return at;
                    }
                }
            }
            fail("no ACPI RSDP in the BIOS areas");
        }

        elf_image module_image(const multiboot_module& module, const char* name)
        {
            const elf_image image { pointer<const uint8_t>(module.start), module.end - module.start };
            if (const char* problem = check_elf(image))
            {
                fail(name, problem);
            }
            return image;
        }

        bool is_in(const range_list& ram, const memory_range& range)
        {
            for (word i = 0; i < ram.count; i++)
            {
                if (ram.ranges[i].start <= range.start && range.end <= ram.ranges[i].end)
                {
                    return true;
                }
            }
            return false;
        }

        word symbol_of_init(const elf_image& init, const char* name)
        {
            word value = 0;
            if (!find_symbol(init, name, value))
            {
                fail("the init image has no symbol (is it stripped?): ", name);
            }
            return value;
        }
    }

    extern "C" char loader_begin[], loader_end[];

    extern "C" [[noreturn]] void load(const multiboot_information* multiboot)
    {
        if ((multiboot->flags & has_modules) == 0 || multiboot->module_count != 2)
        {
            fail("two modules are needed: the kernel and the init image (-initrd \"kernel.elf,init.elf\")");
        }
        if ((multiboot->flags & has_memory_map) == 0)
        {
            fail("the boot loader gives no memory map");
        }
        const auto*     modules = pointer<const multiboot_module>(multiboot->modules);
        const elf_image kernel  = module_image(modules[0], "module 1 (kernel): ");
        const elf_image init    = module_image(modules[1], "module 2 (init): ");

        range_list ram = find_ram(*multiboot);
        range_list taken;
        const word loader_start = page_floor(reinterpret_cast<word>(loader_begin));
        (void) taken.add({ loader_start, page_ceiling(reinterpret_cast<word>(loader_end)) });
        (void) taken.add({ page_floor(modules[0].start), page_ceiling(modules[0].end) });
        (void) taken.add({ page_floor(modules[1].start), page_ceiling(modules[1].end) });

        const elf_extent   kernel_extent = find_extent(kernel);
        const memory_range kernel_place { page_floor(kernel_extent.start), page_ceiling(kernel_extent.end) };
        if (!is_in(ram, kernel_place) || taken.overlaps(kernel_place))
        {
            fail("the memory the kernel is linked to is not free: link it between 1 MiB and 8 MiB, or give the machine more memory");
        }
        (void) taken.add(kernel_place);

        // Not below the kernel: the first megabyte is full of firmware.
        (void) taken.add({ 0, kernel_place.start });
        const word init_size  = page_ceiling(find_extent(init).end);
        const word init_start = find_place(ram, taken, init_size);
        if (init_start == 0 || init_start + init_size > reachable_end)
        {
            fail("no room for the init image: give the machine more memory");
        }

        load_segments(kernel, 0);
        load_segments(init, init_start);

        range_list reserved;
        (void) reserved.add(null_page);
        (void) reserved.add(start_up_page);
        (void) reserved.add(kernel_place);
        (void) reserved.add({ init_start, init_start + init_size });

        info                         = {};
        info.memory_map              = reinterpret_cast<word>(memory_map);
        info.memory_map_count        = static_cast<uint16_t>(build_memory_map(ram, reserved, memory_map, map_capacity));
        info.init_loaded_address     = init_start;
        info.init_image_size         = init_size >> a9n::abi::page_size_bits;
        info.init_entry_point        = elf_entry(init);
        info.init_info_address       = symbol_of_init(init, "__init_info_start");
        info.init_ipc_buffer_address = symbol_of_init(init, "__init_ipc_buffer_start");
        info.arch_info[a9n::abi::arch_info_rsdp] = find_acpi_root_pointer();
        if (info.memory_map_count == 0)
        {
            fail("the memory map has too many ranges");
        }

        pointer<void (boot_info*)>(elf_entry(kernel))(&info);
        __builtin_unreachable();
    }

    void print(const char* text)
    {
        constexpr uint16_t com1 = 0x3f8;
        for (; *text != '\0'; text++)
        {
            asm volatile("outb %0, %1" : : "a"(*text), "Nd"(com1));
        }
    }

    void fail(const char* cause, const char* detail)
    {
        print("loader: ");
        print(cause);
        print(detail);
        print("\n");
        while (true)
        {
            asm volatile("cli; hlt");
        }
    }
}

extern "C" void* memset(void* destination, int value, a9n::abi::word count)
{
    void* at = destination;
    asm volatile("rep stosb" : "+D"(at), "+c"(count) : "a"(value) : "memory");
    return destination;
}

extern "C" void* memcpy(void* destination, const void* source, a9n::abi::word count)
{
    void* at = destination;
    asm volatile("rep movsb" : "+D"(at), "+S"(source), "+c"(count) : : "memory");
    return destination;
}
