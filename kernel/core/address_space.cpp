// ADDRESS_SPACE: entering page tables and frames.
#include "capability_call.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    namespace
    {
        outcome map(const invocation& call);
        outcome unmap(const invocation& call);
        outcome get_unset_depth(const invocation& call);
        outcome can_map_frame_size_bits(const invocation& call);

        constexpr word number(abi::address_space_operation operation)
        {
            return static_cast<word>(operation);
        }

        constexpr auto denied = capability_error::permission_denied;

        constexpr operation operations[] = {
            /// Enters a page table or frame. Attributes: READ 1, WRITE 2, EXECUTE 4, 0 is all of them; page tables
            /// ignore them. A frame without WRITE is never writable.
            /// in: MR2 descriptor of the page table or frame, MR3 address, MR4 attributes
            /// permission_denied: the frame lacks READ; or WRITE, which the attributes ask for
            /// invalid_descriptor: neither page table nor frame there; a table on the way is missing; the processor has
            ///   no such pages
            /// invalid_argument: no user address; not a multiple of the frame's size
            /// illegal_operation: something is entered there, or a large page is on the way
            { number(abi::address_space_operation::map), "map", capability_rights::write, denied, map },
            /// Removes an entry. The descriptor says only the type and level of what is to be removed. Removing a page
            /// table that is not there is no error.
            /// in: MR2 descriptor of a page table or frame, MR3 address
            /// invalid_descriptor: neither page table nor frame there; a table on the way is missing
            /// invalid_argument: no user address; not a multiple of the frame's size
            /// illegal_operation: no frame is entered there, or something of another level
            { number(abi::address_space_operation::unmap), "unmap", capability_rights::write, denied, unmap },
            /// Which page table is the first that is missing for an address.
            /// in: MR2 address, MR3 size bits of the page that is to be entered: 12, 21 or 30
            /// out: MR2 depth of the missing table (3 PDPT, 2 PD, 1 PT), 0 if none is
            /// invalid_argument: no user address; no size of a page
            { number(abi::address_space_operation::get_unset_depth), "get_unset_depth", capability_rights::read, denied,
                get_unset_depth },
            /// Succeeds if the processor has pages of a size.
            /// in: MR2 size bits
            /// invalid_descriptor: it has not
            { number(abi::address_space_operation::can_map_frame_size_bits), "can_map_frame_size_bits",
                capability_rights::read, denied, can_map_frame_size_bits },
        };

        constexpr word attribute_write   = static_cast<word>(abi::map_attribute::write);
        constexpr word attribute_execute = static_cast<word>(abi::map_attribute::execute);
        constexpr word all_attributes = static_cast<word>(abi::map_attribute::read) | attribute_write | attribute_execute;

        // ---- Decode ------------------------------------------------------------------------------------------------

        /// MR2 descriptor of a page table or frame, MR3 address that suits it.
        result<capability_slot*> decode_mappable(const invocation& call)
        {
            const auto found = call.find(call.argument(2));
            if (!found.ok())
            {
                return found.error();
            }
            const capability_type type = found.value()->type;
            if (type != capability_type::frame && type != capability_type::page_table)
            {
                return capability_error::invalid_descriptor;
            }
            return found;
        }

        bool is_address_suitable(const capability_slot& mappable, virtual_address address)
        {
            return mappable.type == capability_type::frame
                ? hal::is_user_page(address, mappable.data.frame.size_bits)
                : hal::is_user_address(address);
        }

        /// MR4; 0 asks for everything the frame allows.
        result<hal::page_permissions> decode_permissions(const capability_slot& frame, word attributes)
        {
            const bool may_write = frame.has(capability_rights::write);
            const word asked     = attributes & all_attributes;
            if (!frame.has(capability_rights::read) || (!may_write && (asked & attribute_write) != 0))
            {
                return denied;
            }
            const word given = asked == 0 ? all_attributes : asked;
            return hal::page_permissions { may_write && (given & attribute_write) != 0, (given & attribute_execute) != 0 };
        }

        status to_status(hal::mapping_result result)
        {
            switch (result)
            {
                case hal::mapping_result::success:
                    return success;
                case hal::mapping_result::missing_table:
                    return capability_error::invalid_descriptor;
                default:
                    return capability_error::illegal_operation;
            }
        }

        // ---- Invoke ------------------------------------------------------------------------------------------------

        physical_address root_of(const invocation& call)
        {
            return call.slot.data.address_space.base;
        }

        outcome map_frame(const invocation& call, capability_slot& frame)
        {
            const auto permissions = decode_permissions(frame, call.argument(4));
            if (!permissions.ok())
            {
                return permissions.error();
            }
            if (!is_address_suitable(frame, call.argument(3)))
            {
                return capability_error::invalid_argument;
            }
            if (!hal::has_page_size(frame.data.frame.size_bits))
            {
                return capability_error::invalid_descriptor;
            }
            const status ended = to_status(hal::enter_page(root_of(call), call.argument(3), frame.data.frame.base,
                frame.data.frame.size_bits, permissions.value()));
            frame.data.frame.was_entered |= ended.ok();
            return ended;
        }

        outcome map_table(const invocation& call, capability_slot& table)
        {
            if (!is_address_suitable(table, call.argument(3)))
            {
                return capability_error::invalid_argument;
            }
            const status ended = to_status(hal::enter_table(
                root_of(call), call.argument(3), table.data.page_table.base, table.data.page_table.depth));
            table.data.page_table.was_entered |= ended.ok();
            return ended;
        }

        outcome map(const invocation& call)
        {
            const auto mappable = decode_mappable(call);
            if (!mappable.ok())
            {
                return mappable.error();
            }
            return mappable.value()->type == capability_type::frame ? map_frame(call, *mappable.value())
                                                                    : map_table(call, *mappable.value());
        }

        outcome unmap(const invocation& call)
        {
            const auto mappable = decode_mappable(call);
            if (!mappable.ok())
            {
                return mappable.error();
            }
            const capability_slot& slot    = *mappable.value();
            const virtual_address  address = call.argument(3);
            if (!is_address_suitable(slot, address))
            {
                return capability_error::invalid_argument;
            }
            const bool is_frame = slot.type == capability_type::frame;
            const auto removed  = is_frame ? hal::remove_page(root_of(call), address, slot.data.frame.size_bits)
                                           : hal::remove_table(root_of(call), address, slot.data.page_table.depth);
            if (!is_frame && removed == hal::mapping_result::absent)
            {
                return success;
            }
            // Everything, not one page: the table may be entered elsewhere in the active address space, too.
            hal::flush_translations();
            return to_status(removed);
        }

        outcome get_unset_depth(const invocation& call)
        {
            const word leaf_depth = call.argument(3) < 64 ? hal::depth_of_page_size(call.argument(3)) : 0;
            if (!hal::is_user_address(call.argument(2)) || leaf_depth == 0)
            {
                return capability_error::invalid_argument;
            }
            call.set_result(2, hal::find_missing_table(root_of(call), call.argument(2), leaf_depth));
            return success;
        }

        outcome can_map_frame_size_bits(const invocation& call)
        {
            if (!hal::has_page_size(call.argument(2)))
            {
                return capability_error::invalid_descriptor;
            }
            return success;
        }
    }

    const operation_table address_space_operations = make_table(operations);
}
