#include "own-memory.hpp"

#include <runtime/aligned-blocks.hpp>

namespace koito
{
    namespace
    {
        constexpr word none = ~word { 0 };

        bool has_room(const a9n::abi::generic_descriptor &candidate)
        {
            constexpr word size    = word { 1 } << reserve_bits;
            const word     aligned = (candidate.address + size - 1) & ~(size - 1);
            return candidate.is_device == 0 && aligned + size <= candidate.address + (word { 1 } << candidate.size_bits);
        }

        word smallest_with_room(const a9n::abi::init_info &info)
        {
            word chosen = none;
            for (word i = 0; i < info.generic_list_count; ++i)
            {
                if (has_room(info.generic_list[i])
                    && (chosen == none || info.generic_list[i].size_bits < info.generic_list[chosen].size_bits))
                {
                    chosen = i;
                }
            }
            return chosen;
        }

        /// Cuts Generic `index` into aligned pieces, which go to unused slots of the Generic node.
        void carve(const a9n::abi::init_info &info, word index, memory_division &division)
        {
            const a9n::abi::generic_descriptor &whole = info.generic_list[index];
            const a9n::generic                  source { generic_node[index] };
            const word                          end  = whole.address + (word { 1 } << whole.size_bits);
            word                                slot = info.generic_list_count;
            for (word cursor = whole.address; cursor != end && slot < generic_node.slot_count(); ++slot)
            {
                const runtime::aligned_block block = runtime::first_aligned_block(cursor, end);

                // A block larger than the reserve is cut down to it, once.
                word size_bits = block.size_bits;
                if (division.reserve.size_bits == 0 && size_bits > reserve_bits)
                {
                    size_bits = reserve_bits;
                }
                if (!source.convert(a9n::capability_type::generic, size_bits, 1, generic_node, slot))
                {
                    return;
                }
                const known_generic piece { { generic_node[slot] }, cursor, size_bits };
                if (division.reserve.size_bits == 0 && size_bits == reserve_bits)
                {
                    division.reserve = piece;
                }
                else if (division.other_count < a9n::abi::init_maximum_generics)
                {
                    division.others[division.other_count++] = piece;
                }
                cursor += word { 1 } << size_bits;
            }
        }
    }

    void divide_memory(const a9n::abi::init_info &info, memory_division &division)
    {
        const word chosen = smallest_with_room(info);
        if (chosen == none)
        {
            return;
        }
        carve(info, chosen, division);
        for (word i = 0; i < info.generic_list_count && division.other_count < a9n::abi::init_maximum_generics; ++i)
        {
            const a9n::abi::generic_descriptor &known = info.generic_list[i];
            if (i != chosen && known.is_device == 0)
            {
                division.others[division.other_count++] = { { generic_node[i] }, known.address, known.size_bits };
            }
        }
    }
}
