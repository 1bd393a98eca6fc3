// Descriptors: paths through nodes (see abi::extend_descriptor for the format).
#include "node.hpp"

namespace a9n
{
    result<capability_slot*> find_capability(const capability_slot& root, abi::capability_descriptor descriptor)
    {
        const auto found = walk_descriptor(root, descriptor);
        return found.ok() && found.value()->is_empty() ? capability_error::invalid_descriptor : found;
    }

    result<capability_slot*>
        find_capability(const capability_slot& root, abi::capability_descriptor descriptor, capability_type type)
    {
        const result<capability_slot*> found = find_capability(root, descriptor);
        return found.ok() && found.value()->type != type ? capability_error::invalid_descriptor : found;
    }
}
