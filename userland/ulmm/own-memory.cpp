#include "own-memory.hpp"

#include "block-table.hpp"

namespace ulmm
{
    namespace
    {
        constexpr word low       = 160 * 1024; ///< two of the largest objects, and pages for the heap
        constexpr word best_bits = 18;
        constexpr word least_bits = 16;
    }

    bool own_memory::make(a9n::capability_type type, word specific_bits, a9n::node destination, word index)
    {
        const word size = word { 1 } << (type == a9n::capability_type::node ? a9n::abi::node_size_bits(specific_bits)
                                                                              : page_size_bits);
        a9n::status made = current.convert(type, specific_bits, 1, destination, index);
        if (!made && made.error == a9n::capability_error::illegal_operation && following_left != 0)
        {
            current        = following;
            used           = 0;
            total          = following_left;
            following_left = 0;
            made           = current.convert(type, specific_bits, 1, destination, index);
        }
        if (made)
        {
            used = ((used + size - 1) & ~(size - 1)) + size; // objects are aligned to their size
        }
        return made.ok;
    }

    void own_memory::prepare(block_table &blocks)
    {
        if (total - used >= low || following_left != 0 || is_preparing)
        {
            return;
        }
        is_preparing = true;
        for (word bits = best_bits; bits >= least_bits && following_left == 0; --bits)
        {
            if (const block *next = blocks.allocate(bits))
            {
                following      = blocks.generic_of(*next);
                following_left = next->size();
                blocks.count_as_own(next->size());
            }
        }
        is_preparing = false;
    }

    bool own_memory::next_slot(a9n::node &node, word &index)
    {
        const word position = object_count >> objects_radix;
        index               = object_count & ((word { 1 } << objects_radix) - 1);
        if (position == objects.slot_count() || (index == 0 && !make(a9n::capability_type::node, objects_radix, objects, position)))
        {
            return false;
        }
        node = { objects[position], objects_radix };
        ++object_count;
        return true;
    }

    bool own_memory::add_table(word address, word depth)
    {
        a9n::node node;
        word      index = 0;
        return next_slot(node, index) && make(a9n::capability_type::page_table, depth, node, index)
            && space.map(a9n::page_table { node[index] }, address);
    }

    bool own_memory::map(a9n::frame frame, word address)
    {
        for (;;)
        {
            const a9n::status mapped = space.map(frame, address, a9n::access::read_write);
            if (mapped || mapped.error != a9n::capability_error::invalid_descriptor)
            {
                return mapped.ok;
            }
            const a9n::result<word> depth = space.missing_table_depth(address, page_size_bits);
            if (!depth || *depth == 0 || !add_table(address, *depth))
            {
                return false;
            }
        }
    }

    bool own_memory::commit(word address, word size)
    {
        for (word end = address + size; address < end; address += page_size)
        {
            a9n::node node;
            word      index = 0;
            if (!next_slot(node, index) || !make(a9n::capability_type::frame, page_size_bits, node, index)
                || !map(a9n::frame { node[index] }, address))
            {
                return false;
            }
        }
        return true;
    }
}
