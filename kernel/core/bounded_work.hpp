// Work that may be long is done in pieces. Between them the kernel looks whether an interrupt waits; if one does, it
// leaves with the work unfinished, and the process that wants it makes its kernel call again when it runs next.
#pragma once

#include <hal/interface/devices.hpp>

namespace a9n
{
    /// How long the kernel works between two looks, in instructions, about. With the largest piece it bounds how long an
    /// interrupt waits. Changed by tests only.
    extern word work_between_looks;

    /// Pieces of work, in instructions, about.
    namespace work
    {
        inline constexpr word passed_slot      = 16;
        inline constexpr word removed_slot     = 288;
        inline constexpr word searched_table   = 3400;
        inline constexpr word cleared_table    = 512;
        inline constexpr word reset_process    = 1536;
        inline constexpr word ended_wait       = 128;
        inline constexpr word made_object      = 144;
        inline constexpr word found_capability = 640; ///< through as many nodes as a descriptor can name

        inline constexpr word slots_passed = 64; ///< in one piece
    }

    /// Counts the work of one kernel entry.
    class work_meter
    {
    public:
        /// `done`: what the entry did before, if it was much.
        explicit work_meter(word done = 0) : spent(done)
        {
        }

        /// After a piece of work: whether there may be another.
        bool goes_on(word cost)
        {
            spent += cost;
            if (spent < work_between_looks)
            {
                return true;
            }
            spent = 0;
            return !hal::is_interrupt_pending();
        }

    private:
        word spent;
    };
}
