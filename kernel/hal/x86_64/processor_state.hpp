// What the HAL keeps for each processor. There is one for now: with more, the entry code finds its own through GS.
#pragma once

#include "arch/entry_layout.h"

#include <hal/interface/process_context.hpp>

namespace a9n::hal
{
    /// What the entry code knows before it has saved anything.
    struct entry_frame
    {
        process_context* context; ///< of the process last in user mode
        word             scratch; ///< its RAX, while nothing has been saved
    };

    static_assert(offsetof(entry_frame, context) == ENTRY_CONTEXT);
    static_assert(offsetof(entry_frame, scratch) == ENTRY_SCRATCH);

    /// Intel SDM volume 3, section 8.7.
    struct [[gnu::packed]] task_state_segment
    {
        uint32_t reserved_0;
        word     rsp[3];
        word     reserved_1;
        word     interrupt_stack[7]; ///< IST 1…7
        word     reserved_2;
        uint16_t reserved_3;
        uint16_t io_map_base;
    };

    static_assert(sizeof(task_state_segment) == 104);

    inline constexpr word global_descriptor_count = 8;
    inline constexpr word fatal_stack_count       = 3; ///< NMI, double fault, machine check

    /// The address space that is active is in CR3.
    struct alignas(4096) processor_state
    {
        uint8_t            kernel_stack[PROCESSOR_ENTRY_FRAME];
        hal::entry_frame   entry_frame; ///< RSP points here when C++ is called
        process_context*   loaded_context; ///< whose vector state, selectors and bases are in the processor
        task_state_segment task_state;
        alignas(16) word global_descriptors[global_descriptor_count];
        alignas(16) uint8_t fatal_stacks[fatal_stack_count][4096];
    };

    static_assert(offsetof(processor_state, entry_frame) == PROCESSOR_ENTRY_FRAME);

    inline constexpr word processor_state_count = 1;

    extern "C" processor_state processor_states[processor_state_count];

    inline processor_state& this_processor_state()
    {
        return processor_states[0];
    }
}
