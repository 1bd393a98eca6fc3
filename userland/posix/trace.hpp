// The call trace on the kernel's console, if it is asked for.
#pragma once

#include "process.hpp"

namespace posix
{
    void set_tracing(bool on);

    void trace_wait(const thread &of);
    void trace_return(const thread &of, word value);
    void trace_signal(const thread &of, int signal, const char *what);
    void trace_fault(const thread &of, const machine::event &fault);
    void trace_execute(const thread &of, const char *path);
    void trace_end(const process &of);

    /// Whatever the trace: what an operator has to know.
    void complain(const char *what, error why);
}
