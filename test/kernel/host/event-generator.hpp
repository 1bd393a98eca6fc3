// Bytes become events that get somewhere: descriptors that mostly lead to something, operations that mostly exist,
// arguments of the right kind. Equal bytes in an equal kernel are equal events.
#pragma once

#include "byte-source.hpp"

#include <hal/interface/types.hpp>

#include <vector>

namespace a9n::host
{
    /// The next event, in the words of events.hpp; depends on what the running process has.
    std::vector<word> generate_event(byte_source& bytes);

    /// Calls of the init process that give it company: ports, and three processes, two of which share its root node.
    std::vector<std::vector<word>> events_that_make_processes();
}
