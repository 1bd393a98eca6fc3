// GENERIC: untyped memory, and turning it into kernel objects.
#include "capability_call.hpp"
#include "ipc_port.hpp"
#include "node.hpp"
#include "notification_port.hpp"

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
            physical_address start;
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

        bool are_slots_free(node& destination, word first, word count)
        {
            if (count > destination.capacity() || first > destination.capacity() - count)
            {
                return false;
            }
            for (word i = 0; i < count; i++)
            {
                if (!destination.slots[first + i].is_empty())
                {
                    return false;
                }
            }
            return true;
        }

        /// MR2 type, MR3 specific bits, MR4 count, MR5 destination node descriptor, MR6 first index.
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
                || !are_slots_free(*decoded.destination, decoded.first_index, decoded.count))
            {
                return capability_error::invalid_argument;
            }

            const auto start = find_room(generic, decoded.unit_bits, decoded.count);
            if (!start.ok())
            {
                return start.error();
            }
            decoded.start = start.value();
            return decoded;
        }

        // ---- Invoke ------------------------------------------------------------------------------------------------

        capability make_object(const conversion& conversion, physical_address address, bool is_device)
        {
            capability made { conversion.type, capability_rights::all, nullptr, {} };
            if (conversion.type == capability_type::generic)
            {
                made.rights       = read_write;
                made.data.generic = { address, static_cast<uint8_t>(conversion.specific_bits & 0x7f), is_device, address };
                return made;
            }
            if (!is_device)
            {
                // Memory is cleared when it is handed out, so nothing of its former life is ever seen.
                const word header_and_slots = sizeof(node) + (sizeof(capability_slot) << conversion.specific_bits);
                hal::clear_memory(hal::to_pointer(address), conversion.type == capability_type::node
                        ? header_and_slots
                        : word { 1 } << conversion.unit_bits);
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

        outcome convert(const invocation& call)
        {
            const auto decoded = decode_convert(call);
            if (!decoded.ok())
            {
                return decoded.error();
            }
            const conversion plan    = decoded.value();
            generic_data&    generic = call.slot.data.generic;
            for (word i = 0; i < plan.count; i++)
            {
                const physical_address address = plan.start + (i << plan.unit_bits);
                fill_child(plan.destination->slots[plan.first_index + i], call.slot,
                    make_object(plan, address, generic.is_device));
            }
            generic.watermark = plan.start + (plan.count << plan.unit_bits);
            return success;
        }
    }

    const operation_table generic_operations = make_table(operations);
}
