// Local APIC in xAPIC mode (Intel SDM volume 3, chapter 11). Its timer is the preemption tick, calibrated with the
// ACPI PM timer.
#include "cpu.hpp"
#include "interrupt_controllers.hpp"
#include "kernel_space.hpp"

#include <hal/interface/devices.hpp>

namespace a9n::hal
{
    namespace
    {
        enum local_apic_register : word
        {
            task_priority      = 0x080,
            end_of_interrupt   = 0x0b0,
            spurious_interrupt = 0x0f0,
            interrupt_request  = 0x200, ///< eight registers of 32 vectors each
            timer_entry        = 0x320,
            timer_initial      = 0x380,
            timer_current      = 0x390,
            timer_divide       = 0x3e0,
        };

        constexpr uint32_t entry_masked   = 1 << 16;
        constexpr uint32_t timer_periodic = 1 << 17;
        constexpr uint32_t divide_by_16   = 3;

        constexpr uint32_t pm_timer_frequency = 3'579'545;
        constexpr uint32_t pm_timer_mask      = 0xff'ffff; // 24 bits are always there
        constexpr word     tick_milliseconds  = 4;

        volatile uint8_t* registers = nullptr;

        uint32_t read(local_apic_register at)
        {
            return *reinterpret_cast<volatile uint32_t*>(registers + at);
        }

        void write(local_apic_register at, uint32_t value)
        {
            *reinterpret_cast<volatile uint32_t*>(registers + at) = value;
        }

        /// Timer counts per tick, measured for about a millisecond.
        word measure_timer(uint16_t pm_timer_port)
        {
            constexpr uint32_t wait  = pm_timer_frequency / 1000;
            const uint32_t     start = cpu::in32(pm_timer_port);
            write(timer_initial, 0xffff'ffff);
            while (((cpu::in32(pm_timer_port) - start) & pm_timer_mask) < wait)
            {
            }
            // Both again, close together: a virtual machine may have been away for longer than the wait.
            const word counts  = 0xffff'ffff - read(timer_current);
            const word elapsed = (cpu::in32(pm_timer_port) - start) & pm_timer_mask;
            return counts * pm_timer_frequency * tick_milliseconds / 1000 / elapsed;
        }
    }

    const char* initialise_local_apic(const machine_description& machine)
    {
        constexpr word base_mask = 0x000f'ffff'ffff'f000, global_enable = 1 << 11;
        constexpr uint32_t software_enable = 1 << 8;

        registers = static_cast<volatile uint8_t*>(map_device(machine.local_apic));
        if (registers == nullptr)
        {
            return "local APIC: no room to map it";
        }
        cpu::write_msr(cpu::msr::apic_base, (machine.local_apic & base_mask)
            | (cpu::read_msr(cpu::msr::apic_base) & ~base_mask) | global_enable);
        write(task_priority, 0);
        write(spurious_interrupt, static_cast<uint32_t>(spurious_vector) | software_enable);

        write(timer_entry, entry_masked | static_cast<uint32_t>(timer_vector));
        write(timer_divide, divide_by_16);
        const word counts = measure_timer(machine.pm_timer_port);
        if (counts == 0)
        {
            return "local APIC: the timer stands still";
        }
        write(timer_entry, timer_periodic | static_cast<uint32_t>(timer_vector));
        write(timer_initial, static_cast<uint32_t>(counts));
        return nullptr;
    }

    bool is_interrupt_pending()
    {
        constexpr word vectors = 32, stride = 0x10;
        for (word group = first_interrupt_vector / vectors; group < 256 / vectors; group++)
        {
            if (read(static_cast<local_apic_register>(interrupt_request + group * stride)) != 0)
            {
                return true;
            }
        }
        return false;
    }

    void end_interrupt()
    {
        write(end_of_interrupt, 0);
    }
}
