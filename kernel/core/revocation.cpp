#include "revocation.hpp"

#include "copy_search.hpp"
#include "interrupt_port.hpp"
#include "ipc_port.hpp"
#include "lost_memory.hpp"
#include "node.hpp"
#include "notification_port.hpp"
#include "process.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    word work_between_looks = 8192;

    namespace
    {
        constexpr word waits_ended = 8; ///< of a port, at once

        // ---- Unfinished work. `revoked_slot` (capability.hpp) is its root, if it has one. ---------------------------

        bool is_unfinished  = false;
        bool is_removal     = false; ///< the root itself goes, too
        bool do_others_go   = false; ///< its descendants, that is: not if it is removed and has a copy
        bool is_root_done   = false; ///< descendants are gone, the object is reset
        bool was_started    = false; ///< see was_revocation_started
        bool was_gone_on    = false; ///< since the last tick
        word current_number = 1;
        word work_at_start  = 0; ///< done by the kernel entry before it goes on with the rest

        // Lists instead of recursion, because nodes hold nodes. Nobody else refers to what is on them, unless it was
        // revoked and not destroyed.
        node*              condemned_nodes              = nullptr;
        node*              emptied_node                 = nullptr; ///< under way, not on the list any more
        ipc_port*          condemned_ipc_ports          = nullptr; ///< only those where many wait
        notification_port* condemned_notification_ports = nullptr;

        void note_start()
        {
            was_started = is_unfinished = true;
        }

        template<typename T>
        void condemn(T& condemned, T*& list)
        {
            note_start();
            if (!condemned.is_condemned)
            {
                condemned.is_condemned   = true;
                condemned.next_condemned = list;
                list                     = &condemned;
            }
        }

        template<typename T>
        T& take_first(T*& list)
        {
            T& first           = *list;
            list               = first.next_condemned;
            first.is_condemned = false;
            return first;
        }

        void condemn_node(node& condemned, bool spares_revoked_slot)
        {
            condemned.spares_revoked_slot = spares_revoked_slot;
            condemned.next_index          = 0;
            if (&condemned != emptied_node)
            {
                condemn(condemned, condemned_nodes);
            }
        }

        // ---- Memory that tables refer to ---------------------------------------------------------------------------

        bool is_mappable(const capability_slot& slot)
        {
            return slot.type == capability_type::frame || slot.type == capability_type::page_table;
        }

        bool was_entered(const capability_slot& slot)
        {
            return slot.type == capability_type::frame ? slot.data.frame.was_entered
                                                       : slot.type == capability_type::page_table
                    && slot.data.page_table.was_entered;
        }

        void mark_entered(capability_slot& slot)
        {
            (slot.type == capability_type::frame ? slot.data.frame.was_entered : slot.data.page_table.was_entered) = true;
        }

        void lose_memory(physical_address start, word size)
        {
            note_start();
            lost_memory::add(start, size);
        }

        /// `origin` ≠ nullptr: all descendants of that Generic are going, so all of its memory is lost.
        void lose_memory_of(const capability_slot& slot, const capability_slot* origin)
        {
            if (origin != nullptr && origin->type == capability_type::generic)
            {
                const generic_data& generic = origin->data.generic;
                lose_memory(generic.base, generic.watermark - generic.base);
                return;
            }
            lose_memory(slot.data.words[0],
                slot.type == capability_type::frame ? word { 1 } << slot.data.frame.size_bits : abi::page_size);
        }

        /// At most.
        word work_of_waits(const process_queue& waiters)
        {
            return waiters.is_empty() ? 0 : waits_ended * work::ended_wait;
        }

        // ---- Objects -----------------------------------------------------------------------------------------------

        /// What destroying and revoking have in common, but for frames and page tables. Returns how much work it was.
        word reset_object(capability_slot& slot, bool spares_revoked_slot)
        {
            switch (slot.type)
            {
                case capability_type::node:
                    condemn_node(slot.object<node>(), spares_revoked_slot);
                    return 0;
                case capability_type::address_space:
                    hal::clear_address_space(slot.data.address_space.base);
                    hal::flush_translations();
                    return work::cleared_table;
                case capability_type::process_control_block:
                    return work::reset_process + reset_process(slot.object<process_control_block>());
                case capability_type::ipc_port:
                {
                    const word cost = work_of_waits(slot.object<ipc_port>().waiters);
                    if (!end_waiters(slot.object<ipc_port>(), waits_ended))
                    {
                        condemn(slot.object<ipc_port>(), condemned_ipc_ports);
                    }
                    return cost;
                }
                case capability_type::notification_port:
                {
                    const word cost = work_of_waits(slot.object<notification_port>().waiters);
                    if (!reset_notification_port(slot.object<notification_port>(), waits_ended))
                    {
                        condemn(slot.object<notification_port>(), condemned_notification_ports);
                    }
                    return cost;
                }
                case capability_type::interrupt_port:
                    unbind_interrupt(slot.object<interrupt_port>());
                    return work::removed_slot;
                default:
                    return 0;
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

        /// Empties one slot, whose descendants are gone or go after it. `origin`: whose descendants go, if it is one of
        /// them. Returns how much work it was.
        word discard(capability_slot& slot, const capability_slot* origin)
        {
            // Of those that bear children only the descendants matter, which are the caller's business.
            capability_slot* copy = bears_children(slot.type) ? nullptr : find_copy(slot);
            if (copy != nullptr && was_entered(slot))
            {
                mark_entered(*copy);
            }
            notify_holder(slot);
            capability_slot removed = slot;
            unlink_slot(slot);
            if (copy != nullptr)
            {
                return work::removed_slot;
            }
            if (was_entered(removed))
            {
                lose_memory_of(removed, origin);
            }
            const word cost = reset_object(removed, false);
            release_object(removed);
            return work::removed_slot + cost;
        }

        bool has_descendants(const capability_slot& slot)
        {
            return slot.next != nullptr && slot.next->depth > slot.depth;
        }

        // ---- Pieces of work: each returns how much it was --------------------------------------------------------------

        bool start(capability_slot& root, bool removes_root)
        {
            if (revoked_slot != nullptr)
            {
                return false;
            }
            revoked_slot = &root;
            is_removal   = removes_root;
            do_others_go = !removes_root;
            is_root_done = false;
            note_start();
            return true;
        }

        word go_on_with_root()
        {
            capability_slot& root = *revoked_slot;
            if (!do_others_go)
            {
                const copy_search found = search_copy(root);
                do_others_go            = found == copy_search::is_last;
                if (found != copy_search::has_copy)
                {
                    return work::slots_passed * work::passed_slot;
                }
            }
            else if (has_descendants(root))
            {
                return discard(*root.next, &root);
            }
            is_root_done = true;
            if (is_removal)
            {
                return discard(root, nullptr);
            }
            if (is_mappable(root))
            {
                // Whichever of its copies was entered.
                lose_memory_of(root, nullptr);
            }
            return work::removed_slot + reset_object(root, true);
        }

        word go_on_with_node()
        {
            node& emptied = *emptied_node;
            for (word passed = 0; emptied.next_index < emptied.capacity(); emptied.next_index++, passed++)
            {
                capability_slot& slot = emptied.slots[emptied.next_index];
                if (passed == work::slots_passed)
                {
                    return work::slots_passed * work::passed_slot;
                }
                if (slot.is_empty() || (emptied.spares_revoked_slot && &slot == revoked_slot))
                {
                    continue;
                }
                if (bears_children(slot.type) && has_descendants(slot))
                {
                    if (emptied.takes_descendants_along)
                    {
                        return discard(*slot.next, &slot);
                    }
                    const copy_search found         = search_copy(slot);
                    emptied.takes_descendants_along = found == copy_search::is_last;
                    if (found != copy_search::has_copy)
                    {
                        return work::slots_passed * work::passed_slot;
                    }
                }
                emptied.takes_descendants_along = false;
                emptied.next_index++;
                return discard(slot, nullptr);
            }
            emptied_node = nullptr;
            return work::slots_passed * work::passed_slot;
        }

        word go_on_with_ipc_ports()
        {
            if (end_waiters(*condemned_ipc_ports, waits_ended))
            {
                take_first(condemned_ipc_ports);
            }
            return waits_ended * work::ended_wait;
        }

        word go_on_with_notification_ports()
        {
            if (reset_notification_port(*condemned_notification_ports, waits_ended))
            {
                take_first(condemned_notification_ports);
            }
            return waits_ended * work::ended_wait;
        }

        /// All else is done.
        void finish()
        {
            if (revoked_slot != nullptr && revoked_slot->type == capability_type::generic)
            {
                generic_data& generic      = revoked_slot->data.generic;
                generic.watermark          = generic.base;
                generic.cleared_page_count = 0;
            }
            revoked_slot  = nullptr;
            is_unfinished = false;
            current_number++;
        }

        word do_piece()
        {
            if (!lost_memory::has_room())
            {
                return lost_memory::forget_piece();
            }
            if (revoked_slot != nullptr && !is_root_done)
            {
                return go_on_with_root();
            }
            if (condemned_ipc_ports != nullptr)
            {
                return go_on_with_ipc_ports();
            }
            if (condemned_notification_ports != nullptr)
            {
                return go_on_with_notification_ports();
            }
            if (emptied_node == nullptr && condemned_nodes != nullptr)
            {
                emptied_node = &take_first(condemned_nodes);
            }
            if (emptied_node != nullptr)
            {
                return go_on_with_node();
            }
            if (!lost_memory::is_empty())
            {
                return lost_memory::forget_piece();
            }
            finish();
            return 0;
        }
    }

    word empty_slot(capability_slot& slot)
    {
        const word before = work_at_start;
        const word cost   = discard(slot, nullptr); // with what it empties itself
        work_at_start     = before + cost;
        return cost;
    }

    bool start_revocation(capability_slot& slot)
    {
        return lost_memory::has_room() && start(slot, false);
    }

    bool start_removal(capability_slot& slot)
    {
        if (!lost_memory::has_room())
        {
            return false;
        }
        if (bears_children(slot.type) && has_descendants(slot))
        {
            return start(slot, true);
        }
        empty_slot(slot);
        return true;
    }

    bool was_revocation_started()
    {
        const bool answer = was_started;
        was_started       = false;
        work_at_start     = answer ? work_at_start : 0;
        return answer;
    }

    bool is_revocation_unfinished()
    {
        return is_unfinished;
    }

    bool is_being_revoked(const capability_slot& slot)
    {
        return &slot == revoked_slot;
    }

    bool go_on_with_revocation()
    {
        work_meter meter { work_at_start };
        while (is_unfinished && meter.goes_on(do_piece()))
        {
        }
        was_started   = false;
        was_gone_on   = true;
        work_at_start = 0;
        return !is_unfinished;
    }

    void do_abandoned_revocation()
    {
        const bool is_abandoned = is_unfinished && !was_gone_on;
        was_gone_on             = false;
        for (word spent = 0; is_abandoned && is_unfinished && spent < work_between_looks;)
        {
            spent += do_piece();
        }
        was_started = false;
    }

    word revocation_number()
    {
        return current_number;
    }
}
