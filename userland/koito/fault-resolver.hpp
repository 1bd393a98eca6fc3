// KOITO's second and third thread. The second receives the faults of servers and drivers, because the main thread may at
// that moment be waiting for an answer of the very server that faulted. The third receives those of ULMM's clients, and asks ULMM;
// should ULMM fault meanwhile, the second sees to it.
#pragma once

#include "system.hpp"

namespace koito
{
    /// Starts the threads. Of a fault that ULMM does not resolve they say what happened, end the process and tell the main thread.
    a9n::status start_fault_resolvers(system &koito, a9n::generic reserve);
}
