// The running system: KOITO's processes, from the manifest's entries to their end.
#pragma once

#include "own-memory.hpp"
#include "process.hpp"

namespace koito
{
    struct system
    {
        manifest        plan;
        bytes           archive;
        image_pages     boot_archive; ///< the same as pages
        memory_division memory;

        process processes[maximum_processes]; ///< by identifier; 0 is KOITO itself
        word    pending_events   = 0;         ///< flags of notifications not yet acted upon
        bool    ends_with_main   = false;     ///< asked to end the system as soon as the main program has

        // For the fault resolver: whose answer the main thread is waiting for, 0 if nobody's, and its how manieth call that is.
        word called      = 0;
        word call_number = 0;

        /// The running process of that identifier, or nullptr.
        process *find(word identifier);

        /// The running server of that name, or nullptr.
        process *find_server(runtime::text name);

        process *main_program();
    };

    /// Starts all processes of the manifest that are no templates.
    void start_processes(system &koito);

    /// Builds a process from its entry and makes it a client of ULMM, if it is to be one. Says on the kernel's console what went wrong.
    bool prepare(system &koito, process &target);
    void start(system &koito, process &target);

    /// What follows when a process has ended by a fault or an exit: its memory is free again, and it is started again as the manifest says.
    void handle_end(system &koito, process &target);

    /// Ends a process for good.
    void end_for_good(system &koito, process &target);

    /// Acts upon the notifications that have arrived.
    void handle_events(system &koito);

    /// A call to a server, which must have a higher priority than KOITO's callers. Notifications that arrive meanwhile are
    /// remembered. Ends with an error if the server has failed.
    a9n::result<a9n::message> call_server(system &koito, const process &server, const a9n::message &request);

    /// Ends the machine with an exit code, where there is an exit device; otherwise says so and stops.
    [[noreturn]] void switch_off(word code);

    /// Ends the machine with the main program's exit code.
    [[noreturn]] void end_with_main_program(system &koito);
}
