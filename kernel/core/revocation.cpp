#include "revocation.hpp"

#include "interrupt_port.hpp"
#include "ipc_port.hpp"
#include "node.hpp"
#include "notification_port.hpp"
#include "process.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    namespace
    {
        /// Nodes whose slots are to be emptied: a list instead of recursion, because nodes hold nodes.
        node* condemned_nodes = nullptr;

        void condemn(node& condemned, capability_slot* spared)
        {
            condemned.spared_slot = spared;
            if (!condemned.is_condemned)
            {
                condemned.is_condemned   = true;
                condemned.next_condemned = condemned_nodes;
                condemned_nodes          = &condemned;
            }
        }

        struct memory_range
        {
            physical_address start;
            word             size;
        };

        /// Memory that tables must not refer to any more, gathered so that one walk over them serves many frames.
        constexpr word maximum_lost_ranges = 32;
        memory_range   lost_ranges[maximum_lost_ranges];
        word           lost_range_count = 0;

        void forget_in_table(physical_address table, word depth)
        {
            for (word i = 0; i < lost_range_count; i++)
            {
                hal::forget_physical_range(table, depth, lost_ranges[i].start, lost_ranges[i].size);
            }
        }

        /// Removes what every live table says about the lost ranges. Tables that no address space refers to at the
        /// moment are live too: they may be entered again.
        void forget_lost_memory()
        {
            if (lost_range_count == 0)
            {
                return;
            }
            for (capability_slot* slot = capability_dependency_list; slot != nullptr; slot = slot->next)
            {
                if (slot->type == capability_type::address_space)
                {
                    forget_in_table(slot->data.address_space.base, hal::root_table_depth);
                }
                else if (slot->type == capability_type::page_table)
                {
                    forget_in_table(slot->data.page_table.base, slot->data.page_table.depth);
                }
            }
            hal::flush_translations();
            lost_range_count = 0;
        }

        void lose_memory(physical_address start, word size)
        {
            if (lost_range_count > 0)
            {
                // Frames made together are neighbours.
                memory_range& last = lost_ranges[lost_range_count - 1];
                if (start + size == last.start || last.start + last.size == start)
                {
                    last.start = start < last.start ? start : last.start;
                    last.size += size;
                    return;
                }
            }
            if (lost_range_count == maximum_lost_ranges)
            {
                forget_lost_memory();
            }
            lost_ranges[lost_range_count++] = { start, size };
        }

        bool was_entered(const capability_slot& slot)
        {
            return slot.type == capability_type::frame ? slot.data.frame.was_entered
                                                       : slot.type == capability_type::page_table
                    && slot.data.page_table.was_entered;
        }

        void mark_entered(capability_slot& slot, bool entered)
        {
            (slot.type == capability_type::frame ? slot.data.frame.was_entered : slot.data.page_table.was_entered)
                = entered;
        }

        word memory_size(const capability_slot& slot)
        {
            return slot.type == capability_type::frame ? word { 1 } << slot.data.frame.size_bits : abi::page_size;
        }

        /// What destroying and revoking have in common. `slot` holds the object or a copy of what held it; `spared`
        /// is a slot that stays if the object is a node.
        void reset_object(capability_slot& slot, capability_slot* spared)
        {
            switch (slot.type)
            {
                case capability_type::node:
                    condemn(slot.object<node>(), spared);
                    break;
                case capability_type::address_space:
                    hal::clear_address_space(slot.data.address_space.base);
                    hal::flush_translations();
                    break;
                case capability_type::page_table:
                case capability_type::frame:
                    if (was_entered(slot))
                    {
                        lose_memory(slot.data.words[0], memory_size(slot));
                    }
                    break;
                case capability_type::process_control_block:
                    reset_process(slot.object<process_control_block>());
                    break;
                case capability_type::ipc_port:
                    end_waiters(slot.object<ipc_port>());
                    break;
                case capability_type::notification_port:
                    reset_notification_port(slot.object<notification_port>());
                    break;
                case capability_type::interrupt_port:
                    unbind_interrupt(slot.object<interrupt_port>());
                    break;
                default:
                    break;
            }
        }

        /// Only when the last capability goes, not on revocation.
        void release_object(capability_slot& slot)
        {
            if (slot.type == capability_type::address_space)
            {
                hal::leave_address_space(slot.data.address_space.base);
            }
            if (slot.type == capability_type::interrupt_port)
            {
                slot.object<interrupt_port>().is_reserved = false;
            }
        }

        /// A process or an interrupt loses a capability it works with.
        void notify_holder(capability_slot& slot)
        {
            switch (slot.holder)
            {
                case slot_holder::process_address_space:
                    suspend_process(owner_of_address_space(slot));
                    break;
                case slot_holder::process_notification_port:
                    slot.object<notification_port>().bound_process = nullptr;
                    break;
                case slot_holder::interrupt_binding:
                    mask_interrupt(owner_of_binding(slot));
                    break;
                default:
                    break;
            }
        }

        /// Empties one slot, whose descendants are gone or about to be removed by the caller.
        void discard(capability_slot& slot)
        {
            capability_slot* copy = find_copy(slot);
            if (copy != nullptr && was_entered(slot))
            {
                mark_entered(*copy, true);
            }
            notify_holder(slot);
            capability_slot removed = slot;
            unlink_slot(slot);
            if (copy == nullptr)
            {
                reset_object(removed, nullptr);
                release_object(removed);
            }
        }

        /// All descendants of `slot`, in one flat loop: each is discarded without regard to its own, which follow it.
        void remove_descendants(capability_slot& slot)
        {
            while (slot.next != nullptr && slot.next->depth > slot.depth)
            {
                discard(*slot.next);
            }
        }
    }

    void empty_slot(capability_slot& slot)
    {
        if (bears_children(slot.type) && is_last_capability(slot))
        {
            remove_descendants(slot);
        }
        discard(slot);
    }

    void revoke(capability_slot& slot)
    {
        remove_descendants(slot);
        if (slot.type == capability_type::generic)
        {
            slot.data.generic.watermark = slot.data.generic.base;
        }
        reset_object(slot, &slot);
        if (was_entered(slot))
        {
            mark_entered(slot, false);
        }
        finish_revocation();
    }

    void finish_revocation()
    {
        while (condemned_nodes != nullptr)
        {
            node& condemned        = *condemned_nodes;
            condemned_nodes        = condemned.next_condemned;
            condemned.is_condemned = false;
            for (word index = 0; index < condemned.capacity(); index++)
            {
                capability_slot& slot = condemned.slots[index];
                if (!slot.is_empty() && &slot != condemned.spared_slot)
                {
                    empty_slot(slot);
                }
            }
            condemned.spared_slot = nullptr;
        }
        forget_lost_memory();
    }
}
