// The devices the core asks for, in the order in which they come up.
#include "cpu.hpp"
#include "interrupt_controllers.hpp"

#include <hal/interface/devices.hpp>

namespace a9n::hal
{
    const char* initialise_devices(const word* arch_info)
    {
        machine_description machine;
        const char* problem = read_acpi_tables(arch_info[abi::arch_info_rsdp], machine);
        if (problem == nullptr)
        {
            problem = initialise_io_apic(machine);
        }
        if (problem == nullptr)
        {
            problem = initialise_local_apic(machine);
        }
        return problem;
    }

    word read_io_port(word port, word width)
    {
        const auto at = static_cast<uint16_t>(port);
        return width == 1 ? cpu::in8(at) : width == 2 ? cpu::in16(at) : cpu::in32(at);
    }

    void write_io_port(word port, word width, word data)
    {
        const auto at = static_cast<uint16_t>(port);
        switch (width)
        {
            case 1:
                cpu::out8(at, static_cast<uint8_t>(data));
                break;
            case 2:
                cpu::out16(at, static_cast<uint16_t>(data));
                break;
            default:
                cpu::out32(at, static_cast<uint32_t>(data));
                break;
        }
    }

    void halt()
    {
        while (true)
        {
            asm volatile("cli; hlt");
        }
    }
}
