// Processes and threads, and the table of them.
#pragma once

#include "call.hpp"
#include "machine.hpp"
#include "program-memory.hpp"
#include "signal-numbers.hpp"

#include <runtime/list.hpp>
#include <runtime/string.hpp>

namespace posix
{
    struct process;

    /// A signal that waits to be delivered.
    struct pending_signals
    {
        signal_set         set = 0;
        signal_information information[signal_count + 1]; ///< of the first of each kind, as Linux keeps for those below 32

        void add(const signal_information &arrived);
        /// Takes the one to deliver first of those in `allowed`; false if there is none.
        bool take(signal_set allowed, signal_information &taken);
    };

    enum class thread_state : uint8_t
    {
        running, ///< in user mode, or about to be
        calling, ///< its call or fault is being handled now: it waits for the reply
        waiting, ///< its call waits; it is suspended
        held,    ///< to go on in user mode when the process is continued; suspended
    };

    struct thread
    {
        explicit thread(ready_list &ready) : wait(ready, this)
        {
        }

        process         *owner      = nullptr;
        int32_t          identifier = 0;
        uint32_t         index      = 0; ///< in the table: the identifier of its port
        thread_state     state      = thread_state::running;
        machine::control control;

        // The call that is handled, or waits.
        machine::registers registers; ///< valid if `has_registers`
        bool               has_registers = false;
        machine::door      door          = machine::door::fault;
        bool               is_kernel_call_fault = false; ///< while `calling`: an answer with registers sets them all
        outcome::kind      wait_kind     = outcome::kind::value;
        word               number        = 0;
        word               arguments[6] {};
        waiter             wait;

        signal_set      blocked = 0;
        signal_set      saved_mask = 0; ///< to be put back when the call ends (sigsuspend, ppoll)
        bool            has_saved_mask = false;
        pending_signals pending;
        signal_stack    alternate { 0, ss_disable, 0, 0 };

        word trap = 0, trap_error = 0, trap_address = 0; ///< of the last fault, for its signal's frame

        word clear_child_address = 0;
        word robust_list         = 0;
        word robust_list_size    = 0;

        process *vfork_parent = nullptr; ///< the process with a thread that waits for this one's execve or exit

        runtime::list_link<thread> link; ///< in its process
    };

    enum class life : uint8_t
    {
        alive,
        zombie, ///< its parent has not yet asked
    };

    struct interval_timer
    {
        instant deadline = never;
        instant interval = 0;
    };

    /// What wait reports of children, and times.
    struct usage_times
    {
        instant user = 0, system = 0;
    };

    struct process
    {
        process_state   state;
        life            is      = life::alive;
        bool            stopped = false;
        program_memory *memory  = nullptr;

        runtime::list<thread, &thread::link> threads;
        uint32_t                             thread_count = 0;

        signal_action   actions[signal_count + 1];
        pending_signals pending;

        int32_t exit_signal = sigchld; ///< for the parent
        int32_t exit_status = 0;       ///< as wait reports it
        // Reports for wait that have not been taken.
        bool    has_stop_report = false, has_continue_report = false;
        int32_t stop_signal = 0;

        signal_set forced = 0; ///< signals of its own faults, which also the first process cannot ignore
        bool resumes_held    = false; ///< was continued: its held threads are to go on
        bool has_new_signals = false; ///< some may have to be acted upon once the current call is over

        wait_queue signal_arrival; ///< wakes threads in sigtimedwait
        wait_queue child_events; ///< wakes threads in wait
        wait_queue vfork_end;    ///< wakes the parent of a vfork; in the child

        interval_timer real_timer;
        instant        started = 0;
        usage_times    times, children_times;

        char    name[16] {};
        inode  *executable  = nullptr; ///< a reference
        bool    executed    = false;   ///< since it was forked

        int32_t identifier() const
        {
            return state.identifier;
        }

        runtime::list_link<process> link; ///< in the table

    };

    using process_list = runtime::list<process, &process::link>;

    inline constexpr size_t  maximum_threads     = 512;
    inline constexpr int32_t maximum_identifier  = 32767;

    struct process_table
    {
        process_list all;
        process_list gone; ///< removed, but perhaps still looked at by what removed them: see bury_processes
        thread      *threads[maximum_threads] {}; ///< by index; index 0 is unused
        ready_list   ready;
        process     *initial         = nullptr;
        int32_t      last_identifier = 0;
        uint32_t     last_index      = 0;

        process *find(int32_t identifier);
        thread  *find_thread(int32_t identifier);

        /// An identifier that is no process's, thread's, group's or session's.
        int32_t new_identifier();

        /// An index for a new thread; 0 if there are too many.
        uint32_t new_index();
    };

    process_table &table();

    /// A thread of `owner` without control block, in the table; nullptr if there is no room.
    thread *add_thread(process &owner, int32_t identifier);
    void    remove_thread(thread &gone);

    process *add_process(process *parent);
    void     remove_process(process &gone);
    void     bury_processes();
}
