// KOITO's second thread. It receives the faults of all processes, because the main thread may at that moment be waiting
// for an answer of the very server that faulted.
#pragma once

#include "system.hpp"

namespace koito
{
    /// Starts the thread. It repairs no fault: it says what happened, ends the process and tells the main thread.
    a9n::status start_fault_resolver(system &koito, a9n::generic reserve);
}
