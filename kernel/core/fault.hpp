// Faults: a process did what it cannot go on from by itself.
#pragma once

#include "process.hpp"

namespace a9n
{
    /// Sends the fault to the process's resolver port, or suspends the process with a line on the console.
    void raise_fault(process_control_block& process, const fault_cause& cause);
}
