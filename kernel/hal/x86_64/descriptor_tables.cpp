// GDT, TSS, IDT and the SYSCALL registers (Intel SDM volume 3, chapters 3, 6 and 8; AMD APM volume 2, section 6.1).
#include "descriptor_tables.hpp"

#include "arch/entry_layout.h"
#include "cpu.hpp"
#include "processor_state.hpp"

extern "C" void trap_entries();
extern "C" void kernel_call_entry();

namespace a9n::hal
{
    processor_state processor_states[processor_state_count];

    namespace
    {
        struct [[gnu::packed]] interrupt_gate
        {
            uint16_t offset_low;
            uint16_t selector;
            uint8_t  interrupt_stack;
            uint8_t  type_and_privilege;
            uint16_t offset_middle;
            uint32_t offset_high;
            uint32_t reserved;
        };

        static_assert(sizeof(interrupt_gate) == 16);

        struct [[gnu::packed]] table_register
        {
            uint16_t limit;
            word     base;
        };

        constexpr word trap_entry_size = 16;

        constexpr word initial_global_descriptors[global_descriptor_count] = {
            0,
            0x0020'9b00'0000'0000, // 0x08 kernel code
            0x0000'9300'0000'0000, // 0x10 kernel data
            0,                     // 0x18 (32-bit user code, which SYSRET expects here)
            0x0000'f300'0000'0000, // 0x20 user data
            0x0020'fb00'0000'0000, // 0x28 user code
            0, 0,                  // 0x30 task state, filled in
        };

        alignas(16) interrupt_gate interrupt_descriptors[256];

        // NMI, double fault, machine check: interrupt stacks 1…3.
        constexpr uint8_t fatal_vectors[fatal_stack_count] = { 2, 8, 18 };

        void fill_task_state(processor_state& processor)
        {
            task_state_segment& task_state = processor.task_state;
            task_state.io_map_base         = sizeof(task_state_segment);
            for (word i = 0; i < fatal_stack_count; i++)
            {
                task_state.interrupt_stack[i]
                    = reinterpret_cast<word>(&processor.fatal_stacks[i]) + sizeof(processor.fatal_stacks[i]);
            }
        }

        void fill_global_descriptors(processor_state& processor)
        {
            for (word i = 0; i < global_descriptor_count; i++)
            {
                processor.global_descriptors[i] = initial_global_descriptors[i];
            }
            const word base  = reinterpret_cast<word>(&processor.task_state);
            const word limit = sizeof(processor.task_state) - 1;
            word* descriptor = &processor.global_descriptors[TASK_STATE_SELECTOR / 8];
            descriptor[0]    = limit | (base & 0xff'ffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
            descriptor[1]    = base >> 32;
        }

        void fill_interrupt_descriptors()
        {
            const word entries = reinterpret_cast<word>(&trap_entries);
            for (word vector = 0; vector < 256; vector++)
            {
                const word entry          = entries + vector * trap_entry_size;
                const bool is_user_vector = vector == 3 || vector == 4; // INT3 and INTO
                interrupt_descriptors[vector] = {
                    .offset_low         = static_cast<uint16_t>(entry),
                    .selector           = KERNEL_CODE_SELECTOR,
                    .interrupt_stack    = 0,
                    .type_and_privilege = static_cast<uint8_t>(is_user_vector ? 0xee : 0x8e),
                    .offset_middle      = static_cast<uint16_t>(entry >> 16),
                    .offset_high        = static_cast<uint32_t>(entry >> 32),
                    .reserved           = 0,
                };
            }
            for (uint8_t i = 0; i < fatal_stack_count; i++)
            {
                interrupt_descriptors[fatal_vectors[i]].interrupt_stack = static_cast<uint8_t>(i + 1);
            }
        }
    }

    void initialise_descriptor_tables()
    {
        processor_state& processor = this_processor_state();
        fill_task_state(processor);
        fill_global_descriptors(processor);
        fill_interrupt_descriptors();

        const table_register gdt { sizeof(processor.global_descriptors) - 1,
            reinterpret_cast<word>(processor.global_descriptors) };
        const table_register idt { sizeof(interrupt_descriptors) - 1, reinterpret_cast<word>(interrupt_descriptors) };
        asm volatile("lgdt %0" : : "m"(gdt));
        asm volatile("lidt %0" : : "m"(idt));
        asm volatile("lldt %w0" : : "r"(0));
        asm volatile("ltr %w0" : : "r"(TASK_STATE_SELECTOR));

        // SYSRET takes SS from STAR[63:48] + 8 and CS from + 16.
        constexpr word sysret_base = USER_DATA_SELECTOR - 8;
        static_assert(sysret_base + 16 == USER_CODE_SELECTOR);
        constexpr word efer_sce = 1, efer_nxe = 1 << 11;
        // CF…OF, TF, IF, DF, IOPL, NT, RF, AC, ID: the kernel starts with a clean slate.
        constexpr word flags_cleared = 0x0025'7fd5;
        cpu::write_msr(cpu::msr::efer, cpu::read_msr(cpu::msr::efer) | efer_sce | efer_nxe);
        cpu::write_msr(cpu::msr::star, sysret_base << 48 | word { KERNEL_CODE_SELECTOR } << 32);
        cpu::write_msr(cpu::msr::lstar, reinterpret_cast<word>(&kernel_call_entry));
        cpu::write_msr(cpu::msr::sfmask, flags_cleared);
    }
}
