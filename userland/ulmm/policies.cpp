#include "buddy-policy.hpp"
#include "first-fit-policy.hpp"

namespace ulmm
{
    namespace
    {
        constinit buddy_policy     buddy;
        constinit first_fit_policy first_fit;
    }

    policy &policy_of(policy_number number)
    {
        switch (number)
        {
            case policy_number::buddy : return buddy;
            case policy_number::first_fit : return first_fit;
        }
        return buddy;
    }
}
