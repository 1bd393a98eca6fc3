// What belongs to one processor. There is one for now: another is another element, and `this_processor` then asks the
// HAL which of them runs.
#pragma once

#include "process.hpp"

namespace a9n
{
    inline constexpr word processor_count = 1;

    struct processor
    {
        /// The process whose registers were saved when the kernel was entered, until another is chosen; nullptr while
        /// the processor idles. It is ready, but in no queue.
        process_control_block* current_process;

        /// Bit p: ready_queues[p] is not empty.
        uint32_t ready_priorities;

        /// Ready processes that do not run, by priority.
        process_queue ready_queues[abi::priority_count];
    };

    extern processor processors[processor_count];

    inline processor& this_processor()
    {
        return processors[0];
    }
}
