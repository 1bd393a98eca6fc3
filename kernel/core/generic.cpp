// GENERIC: untyped memory, and turning it into kernel objects.
#include "capability_call.hpp"
#include "ipc_port.hpp"
#include "node.hpp"
#include "notification_port.hpp"
#include "revocation.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    namespace
    {
        outcome convert(const invocation& call);

        constexpr operation operations[] = {
            /// Makes kernel objects of unused memory; all or none. Object i goes to slot first index + i, with all
            /// rights (a Generic: READ and WRITE), and is empty or zeroed.
            /// in: MR2 type, MR3 specific bits (node: radix; Generic and frame: size bits; page table: depth), MR4
            ///   count, MR5 descriptor of the destination node, MR6 first index
            /// permission_denied: the destination node lacks WRITE
            /// invalid_descriptor: no node there
            /// invalid_argument: type that cannot be made; specific bits that the type does not have; count 0; a slot
            ///   that is used or does not exist; device memory as anything but a frame or Generic
            /// illegal_operation: the rest of the memory is too small
            { static_cast<word>(abi::generic_operation::convert), "convert", capability_rights::write,
                capability_error::permission_denied, convert },
        };

        // ---- Decode ------------------------------------------------------------------------------------------------

        struct conversion
        {
            capability_type  type;
            word             specific_bits;
            word             unit_bits;
            word             count;
            node*            destination;
            word             first_index;
        };

        constexpr word maximum_node_radix   = 56; // the index bits of a descriptor
        constexpr word maximum_generic_bits = 63;

        /// Base-2 logarithm of the memory one object takes; invalid_argument if there is no such object.
        result<word> decode_unit_bits(word type, word specific_bits)
        {
            constexpr auto invalid = capability_error::invalid_argument;
            if (type > static_cast<word>(capability_type::virtual_page_table))
            {
                return invalid;
            }
            switch (static_cast<capability_type>(type))
            {
                case capability_type::node:
                    return specific_bits >= 1 && specific_bits <= maximum_node_radix
                        ? result { abi::node_size_bits(specific_bits) }
                        : invalid;
                case capability_type::generic:
                    // Less than a page would leave the next base unaligned.
                    return specific_bits >= abi::page_size_bits && specific_bits <= maximum_generic_bits
                        ? result { specific_bits }
                        : invalid;
                case capability_type::address_space:
                    return abi::address_space_size_bits;
                case capability_type::page_table:
                    return specific_bits >= 1 && specific_bits < hal::root_table_depth
                        ? result { abi::page_table_size_bits }
                        : invalid;
                case capability_type::frame:
                    return hal::depth_of_page_size(specific_bits) != 0 ? result { specific_bits } : invalid;
                case capability_type::process_control_block:
                    return abi::process_control_block_size_bits;
                case capability_type::ipc_port:
                    return abi::ipc_port_size_bits;
                case capability_type::notification_port:
                    return abi::notification_port_size_bits;
                default:
                    return invalid;
            }
        }

        /// Where `count` units start; illegal_operation if they do not fit.
        result<physical_address> find_room(const generic_data& generic, word unit_bits, word count)
        {
            constexpr auto no_room = capability_error::illegal_operation;
            const word unit  = word { 1 } << unit_bits;
            const word end   = generic.base + (word { 1 } << generic.size_bits);
            const word start = (generic.watermark + (unit - 1)) & ~(unit - 1);
            if (start < generic.watermark || start > end)
            {
                return no_room;
            }
            return count > (end - start) >> unit_bits ? result<physical_address> { no_room } : result { start };
        }

        bool has_slots(const node& destination, word first, word count)
        {
            return count <= destination.capacity() && first <= destination.capacity() - count;
        }

        /// MR2 type, MR3 specific bits, MR4 count, MR5 destination node descriptor, MR6 first index. Still to be checked:
        /// that the slots are free, and then that there is room.
        result<conversion> decode_convert(const invocation& call)
        {
            const auto destination = call.find(call.argument(5), capability_type::node);
            if (!destination.ok())
            {
                return destination.error();
            }
            if (!destination.value()->has(capability_rights::write))
            {
                return capability_error::permission_denied;
            }

            const generic_data& generic = call.slot.data.generic;
            conversion decoded {};
            decoded.specific_bits = call.argument(3);
            decoded.count         = call.argument(4);
            decoded.destination   = &destination.value()->object<node>();
            decoded.first_index   = call.argument(6);

            const auto unit_bits = decode_unit_bits(call.argument(2), decoded.specific_bits);
            if (!unit_bits.ok())
            {
                return unit_bits.error();
            }
            decoded.unit_bits = unit_bits.value();
            decoded.type      = static_cast<capability_type>(call.argument(2));

            const bool fits_devices = decoded.type == capability_type::frame || decoded.type == capability_type::generic;
            if (decoded.count == 0 || (generic.is_device && !fits_devices)
                || !has_slots(*decoded.destination, decoded.first_index, decoded.count))
            {
                return capability_error::invalid_argument;
            }
            return decoded;
        }

        // ---- Invoke ------------------------------------------------------------------------------------------------

        capability make_object(const conversion& conversion, physical_address address, bool is_device)
        {
            capability made { conversion.type, capability_rights::all, nullptr, {} };
            if (conversion.type == capability_type::generic)
            {
                made.rights       = read_write;
                made.data.generic = { address, address, conversion.specific_bits, is_device, 0, 0 };
                return made;
            }
            switch (conversion.type)
            {
                case capability_type::frame:
                    made.data.frame = { address, static_cast<uint8_t>(conversion.specific_bits & 0x7f), is_device, false };
                    return made;
                case capability_type::page_table:
                    made.data.page_table = { address, static_cast<uint8_t>(conversion.specific_bits), false };
                    break;
                case capability_type::address_space:
                    made.data.address_space = { address };
                    hal::initialise_address_space(address);
                    break;
                case capability_type::node:
                    hal::to_pointer<node>(address)->radix = conversion.specific_bits;
                    break;
                case capability_type::process_control_block:
                    initialise_process(*hal::to_pointer<process_control_block>(address));
                    break;
                default:
                    break;
            }
            made.component = hal::to_pointer(address);
            return made;
        }

        /// Memory is cleared when it is handed out, so nothing of its former life is ever seen.
        word bytes_to_clear(const conversion& plan, bool is_device)
        {
            if (is_device || plan.type == capability_type::generic)
            {
                return 0;
            }
            return plan.type == capability_type::node ? sizeof(node) + (sizeof(capability_slot) << plan.specific_bits)
                                                      : word { 1 } << plan.unit_bits;
        }

        constexpr word pages_cleared = 8; ///< at once

        /// Clears free pages of the Generic from `start` to `end`, which are zero then as long as they stay free. False: an
        /// interrupt waits; what is done is remembered.
        bool clear_pages(generic_data& generic, physical_address start, physical_address end, work_meter& meter)
        {
            const word first = (start - generic.base) / abi::page_size;
            const word limit = (end - generic.base + abi::page_size - 1) / abi::page_size;
            word       page  = generic.first_cleared_page + word { generic.cleared_page_count };
            if (first < generic.first_cleared_page || first > page)
            {
                generic.first_cleared_page = first;
                generic.cleared_page_count = 0;
                page                       = first;
            }
            while (page < limit)
            {
                const word count = limit - page < pages_cleared ? limit - page : pages_cleared;
                hal::clear_memory(hal::to_pointer(generic.base + page * abi::page_size), count * abi::page_size);
                page += count;
                generic.cleared_page_count = page - generic.first_cleared_page;
                if (!meter.goes_on(count * abi::page_size / sizeof(word)))
                {
                    return false;
                }
            }
            return true;
        }

        /// Clears what `count` objects from `start` on need, if it is so much that it takes several pieces.
        bool clear_in_pieces(
            generic_data& generic, const conversion& plan, word count, physical_address start, work_meter& meter)
        {
            const physical_address page = (start + abi::page_size - 1) & ~(abi::page_size - 1);
            const physical_address end
                = start + ((count - 1) << plan.unit_bits) + bytes_to_clear(plan, generic.is_device);
            hal::clear_memory(hal::to_pointer(start), page - start);
            return clear_pages(generic, page, end, meter);
        }

        outcome pause(const invocation& call, word progress)
        {
            call.caller.unfinished_call.conversion_progress = progress;
            return repeat(call);
        }

        // Where the kernel may be left for an interrupt, others may take the slots or the memory meanwhile. Then the call
        // ends with the error, and keeps what was made; with nothing in between it is all or nothing.
        outcome convert(const invocation& call)
        {
            if (is_being_revoked(call.slot))
            {
                return repeat_after_revocation(call);
            }
            const auto decoded = decode_convert(call);
            if (!decoded.ok())
            {
                return decoded.error();
            }
            const conversion plan     = decoded.value();
            generic_data&    generic  = call.slot.data.generic;
            capability_slot* slots    = &plan.destination->slots[plan.first_index];
            word             progress = call.caller.unfinished_call.conversion_progress;
            work_meter       meter;

            for (; progress < plan.count; progress++)
            {
                if (!slots[progress].is_empty())
                {
                    return capability_error::invalid_argument;
                }
                if (!meter.goes_on(work::passed_slot))
                {
                    return pause(call, progress + 1);
                }
            }

            const word first = progress - plan.count; // what was made by an earlier entry
            const auto room  = find_room(generic, plan.unit_bits, plan.count - first);
            if (!room.ok())
            {
                return room.error();
            }
            const word bytes       = bytes_to_clear(plan, generic.is_device);
            const word count       = plan.count - first;
            const bool is_cleared  = bytes * count > pages_cleared * abi::page_size;
            if (is_cleared && !clear_in_pieces(generic, plan, count, room.value(), meter))
            {
                return pause(call, progress);
            }

            for (word i = first; i < plan.count; i++)
            {
                const physical_address address = room.value() + ((i - first) << plan.unit_bits);
                if (!slots[i].is_empty())
                {
                    return capability_error::invalid_argument;
                }
                if (!is_cleared)
                {
                    hal::clear_memory(hal::to_pointer(address), bytes);
                }
                fill_child(slots[i], call.slot, make_object(plan, address, generic.is_device));
                generic.watermark = address + (word { 1 } << plan.unit_bits);
                if (i + 1 < plan.count && !meter.goes_on(work::made_object))
                {
                    return pause(call, plan.count + i + 1);
                }
            }
            return success;
        }
    }

    const operation_table generic_operations = make_table(operations);
}
