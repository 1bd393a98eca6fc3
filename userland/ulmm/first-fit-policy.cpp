#include "first-fit-policy.hpp"

namespace ulmm
{
    void first_fit_policy::begin(const block_table &table)
    {
        blocks = &table;
    }

    void first_fit_policy::add(block &)
    {
    }

    void first_fit_policy::remove(block &)
    {
    }

    block *first_fit_policy::choose(word order)
    {
        for (block *root : blocks->roots())
        {
            if (root->largest_free < order)
            {
                continue;
            }
            block *found = root;
            while (found->state == block_state::split)
            {
                found = &found->halves[found->halves[0].largest_free >= order ? 0 : 1];
            }
            return found;
        }
        return nullptr;
    }

    bool first_fit_policy::prefers_upper_half(word) const
    {
        return false;
    }

    bool first_fit_policy::merges_at_once(const block &) const
    {
        return false;
    }
}
