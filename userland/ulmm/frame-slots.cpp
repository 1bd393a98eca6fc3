#include "frame-slots.hpp"

namespace ulmm
{
    word frame_slots::take(word count)
    {
        word run = 0;
        for (word slot = 0; slot < frame_slot_count; ++slot)
        {
            run = used[slot] ? 0 : run + 1;
            if (run == count && count != 0)
            {
                const word first = slot + 1 - count;
                for (word i = first; i <= slot; ++i)
                {
                    used[i] = true;
                }
                return first;
            }
        }
        return no_slot;
    }

    void frame_slots::put_back(word first, word count)
    {
        for (word i = first; i < first + count; ++i)
        {
            used[i] = false;
        }
    }
}
