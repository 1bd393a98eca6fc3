// The slots of the node that holds all frames, handed out in runs of neighbours, first fit.
#pragma once

#include <a9n/node.hpp>

namespace ulmm
{
    using a9n::word;

    inline constexpr word frame_slot_radix = 11;
    inline constexpr word frame_slot_count = word { 1 } << frame_slot_radix;
    inline constexpr word no_slot          = ~word { 0 };

    class frame_slots
    {
    public:
        /// First slot of a free run of `count` slots, or `no_slot`.
        word take(word count);

        void put_back(word first, word count);

    private:
        bool used[frame_slot_count] {};
    };
}
