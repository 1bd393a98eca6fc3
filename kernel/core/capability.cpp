#include "capability.hpp"

namespace a9n
{
    capability_slot* capability_dependency_list = nullptr;
    capability_slot* revoked_slot               = nullptr;
    capability_slot* list_cursor                = nullptr;
    const void*      list_walker                = nullptr;

    namespace
    {
        void link_after(capability_slot& slot, capability_slot& previous)
        {
            slot.previous = &previous;
            slot.next     = previous.next;
            if (slot.next != nullptr)
            {
                slot.next->previous = &slot;
            }
            previous.next = &slot;
        }

        void link_before(capability_slot& slot, capability_slot& next)
        {
            slot.next     = &next;
            slot.previous = next.previous;
            if (slot.previous != nullptr)
            {
                slot.previous->next = &slot;
            }
            else
            {
                capability_dependency_list = &slot;
            }
            next.previous = &slot;
        }

        void take_off_list(const capability_slot& slot)
        {
            (slot.previous != nullptr ? slot.previous->next : capability_dependency_list) = slot.next;
            if (slot.next != nullptr)
            {
                slot.next->previous = slot.previous;
            }
        }

        void forget_walk_of(const capability_slot& slot)
        {
            list_walker = list_walker == &slot ? nullptr : list_walker;
        }

        void write_content(capability_slot& slot, const capability& content)
        {
            slot.component = content.component;
            slot.type      = content.type;
            slot.rights    = content.rights;
            slot.data      = content.data;
        }

        void clear_content(capability_slot& slot)
        {
            const slot_holder holder = slot.holder;
            slot                     = {};
            slot.holder              = holder;
        }

        bool is_memory(capability_type type)
        {
            return type == capability_type::generic || type == capability_type::frame
                || type == capability_type::page_table || type == capability_type::address_space;
        }
    }

    bool is_same_object(const capability_slot& a, const capability_slot& b)
    {
        // Copies are as deep as their source. The same range minted from a range of I/O ports differs in nothing else.
        if (a.type != b.type || a.component != b.component || a.depth != b.depth)
        {
            return false;
        }
        if (a.type == capability_type::io_port)
        {
            return a.data.io_port.first == b.data.io_port.first && a.data.io_port.last == b.data.io_port.last;
        }
        return !is_memory(a.type) || a.data.words[0] == b.data.words[0];
    }

    bool bears_children(capability_type type)
    {
        return type == capability_type::generic || type == capability_type::io_port
            || type == capability_type::interrupt_region;
    }

    void fill_original(capability_slot& slot, const capability& content)
    {
        write_content(slot, content);
        slot.depth = 0;
        if (capability_dependency_list == nullptr)
        {
            slot.next = slot.previous  = nullptr;
            capability_dependency_list = &slot;
        }
        else
        {
            link_before(slot, *capability_dependency_list);
        }
    }

    void fill_child(capability_slot& slot, capability_slot& parent, const capability& content)
    {
        write_content(slot, content);
        slot.depth = parent.depth + 1;
        link_after(slot, parent);
    }

    void fill_copy(capability_slot& slot, capability_slot& source, capability_rights rights)
    {
        write_content(slot, { source.type, rights, source.component, source.data });
        slot.depth = source.depth;
        // Before the source, where nothing follows that could become the copy's descendant. So copies of an object
        // are neighbours, but for the children of those that bear some.
        link_before(slot, source);
    }

    void move_capability(capability_slot& destination, capability_slot& source)
    {
        const slot_holder holder = destination.holder;
        destination              = source;
        destination.holder       = holder;
        (destination.previous != nullptr ? destination.previous->next : capability_dependency_list) = &destination;
        if (destination.next != nullptr)
        {
            destination.next->previous = &destination;
        }
        forget_walk_of(source);
        revoked_slot = revoked_slot == &source ? &destination : revoked_slot;
        list_cursor  = list_cursor == &source ? &destination : list_cursor;
        clear_content(source);
    }

    void unlink_slot(capability_slot& slot)
    {
        forget_walk_of(slot);
        revoked_slot = revoked_slot == &slot ? nullptr : revoked_slot;
        list_cursor  = list_cursor == &slot ? slot.next : list_cursor;
        take_off_list(slot);
        clear_content(slot);
    }

    capability_slot* find_copy(const capability_slot& slot)
    {
        if (slot.previous != nullptr && is_same_object(*slot.previous, slot))
        {
            return slot.previous;
        }
        return slot.next != nullptr && is_same_object(*slot.next, slot) ? slot.next : nullptr;
    }

    void pass_descendants(capability_slot& slot, capability_slot& heir)
    {
        take_off_list(heir);
        link_before(heir, slot);
    }
}
