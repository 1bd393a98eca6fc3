#include "copy_search.hpp"

#include "bounded_work.hpp"

namespace a9n
{
    namespace
    {
        bool looks_back = false;

        void look(capability_slot& slot, bool back)
        {
            looks_back  = back;
            list_cursor = back ? slot.previous : slot.next;
        }
    }

    copy_search search_copy(capability_slot& slot)
    {
        if (slot.type == capability_type::generic)
        {
            return copy_search::is_last; // cannot be copied
        }
        if (list_walker != &slot)
        {
            list_walker = &slot;
            look(slot, true);
        }
        for (word passed = 0; passed < work::slots_passed; passed++)
        {
            // Between two pieces the slot before may have gone.
            if (list_cursor == &slot)
            {
                look(slot, looks_back);
                continue;
            }
            if (list_cursor != nullptr && list_cursor->depth > slot.depth)
            {
                list_cursor = looks_back ? list_cursor->previous : list_cursor->next;
                continue;
            }
            const bool is_copy = list_cursor != nullptr && is_same_object(*list_cursor, slot);
            if (looks_back && !is_copy)
            {
                look(slot, false);
                continue;
            }
            list_walker = nullptr;
            if (is_copy && !looks_back)
            {
                pass_descendants(slot, *list_cursor);
            }
            return is_copy ? copy_search::has_copy : copy_search::is_last;
        }
        return copy_search::unfinished;
    }
}
