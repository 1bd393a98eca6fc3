// ADDRESS_SPACE, PAGE_TABLE and FRAME: who sees which memory where.
#pragma once

#include <a9n/descriptor.hpp>

namespace a9n
{
    /// What a mapping permits. READ alone is read-only data.
    enum class access : word
    {
        read               = static_cast<word>(abi::map_attribute::read),
        read_write         = read | static_cast<word>(abi::map_attribute::write),
        read_execute       = read | static_cast<word>(abi::map_attribute::execute),
        read_write_execute = read_write | static_cast<word>(abi::map_attribute::execute),
    };

    struct page_table : descriptor
    {
    };

    struct frame : descriptor
    {
        /// Physical address; needs READ on the slot.
        result<word> address() const
        {
            return capability_query(value, abi::frame_operation::get_address);
        }
    };

    struct address_space : descriptor
    {
        status map(page_table table, word address) const
        {
            return capability_command(value, abi::address_space_operation::map, table.value, address, 0);
        }

        status map(frame page, word address, access permitted) const
        {
            return capability_command(value, abi::address_space_operation::map, page.value, address, permitted);
        }

        /// `object` (frame or page table) says which level's entry for `address` is cleared.
        status unmap(descriptor object, word address) const
        {
            return capability_command(value, abi::address_space_operation::unmap, object.value, address);
        }

        /// Depth (3, 2 or 1) of the first page table missing on the way to a frame of `leaf_size_bits`, 0 if none is.
        result<word> missing_table_depth(word address, word leaf_size_bits) const
        {
            return capability_query(value, abi::address_space_operation::get_unset_depth, address, leaf_size_bits);
        }

        /// Whether the processor maps frames of 2^size_bits bytes.
        bool can_map(word size_bits) const
        {
            return capability_call(value, abi::address_space_operation::can_map_frame_size_bits, size_bits).ok();
        }
    };
}
