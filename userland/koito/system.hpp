// The running system: KOITO's processes and how it answers them.
#pragma once

#include "process.hpp"

namespace koito
{
    struct system
    {
        process  processes[maximum_processes]; ///< by identifier; 0 is KOITO itself
        word     next_identifier  = 1;
        process *memory_server    = nullptr; ///< once it serves
        process *console          = nullptr;
        process *main_program     = nullptr; ///< its exit code becomes the machine's
        word     pending_events   = 0;       ///< flags of notifications not yet acted upon

        /// The process of that identifier, or nullptr.
        process *find(word identifier);
    };

    /// Builds the program of that name from the archive; nullptr, with a line on the console, if that fails.
    process *prepare(system &koito, bytes archive, const program_description &description, a9n::generic reserve);

    /// A call to a server. A notification that arrives meanwhile is remembered and the call repeated.
    a9n::result<a9n::message> call_server(system &koito, a9n::ipc_port server, const a9n::message &request);

    /// Ends the machine with an exit code, where there is an exit device; otherwise says so and returns.
    void switch_off(word code);

    /// Answers requests and events until the console driver asks for the end; then ends the machine.
    [[noreturn]] void serve(system &koito);
}
