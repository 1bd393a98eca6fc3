// A node of nodes, whose inner nodes are made as they are needed: slots by number, as many as there will be.
#pragma once

#include "own-memory.hpp"

#include <runtime/vector.hpp>

namespace ulmm
{
    class growing_node
    {
    public:
        growing_node(own_memory &memory, a9n::node top, word leaf_radix) : memory(memory), top(top), leaf_radix(leaf_radix)
        {
        }

        /// Makes slots 0…`index` exist.
        [[nodiscard]] bool reach(word index)
        {
            for (; leaves <= index >> leaf_radix; ++leaves)
            {
                if (leaves == top.slot_count() || !memory.make(a9n::capability_type::node, leaf_radix, top, leaves))
                {
                    return false;
                }
            }
            return true;
        }

        /// The node in which slot `index` lies, at `position`.
        a9n::node node_of(word index) const
        {
            return { top[index >> leaf_radix], leaf_radix };
        }

        word position(word index) const
        {
            return index & ((word { 1 } << leaf_radix) - 1);
        }

        a9n::descriptor operator[](word index) const
        {
            return node_of(index)[position(index)];
        }

        a9n::status copy(word index, a9n::descriptor source) const
        {
            return node_of(index).copy(position(index), source);
        }

        a9n::status move(word index, a9n::descriptor source) const
        {
            return node_of(index).move(position(index), source);
        }

        a9n::status revoke(word index) const
        {
            return node_of(index).revoke(position(index));
        }

        a9n::status remove(word index) const
        {
            return node_of(index).remove(position(index));
        }

    private:
        own_memory &memory;
        a9n::node   top;
        word        leaf_radix;
        word        leaves = 0;
    };

    /// Hands out the numbers of a growing node's slots.
    class slot_numbers
    {
    public:
        explicit slot_numbers(growing_node &slots) : slots(slots)
        {
        }

        outcome<uint32_t> take()
        {
            if (!returned.empty())
            {
                const uint32_t number = returned.back();
                returned.pop_back();
                return number;
            }
            // Room for all of them, so that putting back never fails.
            if (!returned.reserve(rounded(count + 1)) || !slots.reach(count))
            {
                return reply_code::out_of_memory;
            }
            return count++;
        }

        void put_back(uint32_t number)
        {
            (void)returned.push_back(number);
        }

    private:
        static word rounded(word needed)
        {
            word room = 64;
            while (room < needed)
            {
                room *= 2;
            }
            return room;
        }

        growing_node              &slots;
        runtime::vector<uint32_t>  returned;
        uint32_t                   count = 0;
    };
}
