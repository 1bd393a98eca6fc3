// What a memory policy decides: which free block serves a request, which half of a split block is used first, and when
// halves are merged. Which blocks there are is the block table's; a policy keeps only what it needs to choose quickly,
// and can build that anew from the table. To add one: a class, a number in protocol.hpp, a line in `policy_of`.
#pragma once

#include <ulmm/protocol.hpp>

namespace ulmm
{
    struct block;
    class block_table;

    class policy
    {
    public:
        /// The policy is in charge from now on; `add` will be called for every free block there is.
        virtual void begin(const block_table &table) = 0;

        virtual void add(block &freed)    = 0;
        virtual void remove(block &taken) = 0;

        /// A free block of 2^order bytes or more, or nullptr. If larger, it is split down to that order.
        virtual block *choose(word order) = 0;

        /// Which half of a split block serves a request for 2^order bytes.
        virtual bool prefers_upper_half(word order) const = 0;

        /// Whether a block whose parts are all free is to be merged at once. If not, it is when no free block is large enough.
        virtual bool merges_at_once(const block &whole) const = 0;

    protected:
        ~policy() = default;
    };

    policy &policy_of(policy_number number);
}
