// Threads between the server and user mode: calls that are run, wait and end; signals; stops; ends.
#pragma once

#include "process.hpp"

namespace posix
{
    /// The one thread whose call or fault is being handled and that the kernel would reply to; nullptr if there is none.
    thread *current_thread();

    /// An event of a thread, from its delivery to the reply.
    void handle_call(thread &caller, const machine::event &call);
    void handle_fault(thread &caller, const machine::event &fault);

    /// What an event has brought about for other threads: calls that can go on, signals.
    void settle();

    /// Ends waits whose deadline has passed, sends alarms that are due, and sets the next.
    void handle_timer();
    void set_next_alarm();
    void deadline_has_changed();

    /// The clock, once for each event.
    clock_reading now();
    void          update_now();

    // ---- Signals -------------------------------------------------------------------------------------------------------

    void send_signal(process &target, const signal_information &information);
    void send_signal(thread &target, const signal_information &information);
    /// Cannot be blocked or ignored: the thread's own fault.
    void force_signal(thread &target, const signal_information &information);

    signal_information from_kernel(int number);
    signal_information from_user(int number, const process &sender, int32_t code);

    /// Whether a handler or a default action would follow, so that a call may not go on waiting.
    bool has_signal_to_handle(const thread &of);

    /// The mask holds until the call that waits now has ended, and its handlers too.
    void set_mask_until_end_of_call(thread &of, signal_set mask);

    /// After a change of mask or actions: other threads' waits are looked at again.
    void look_at_signals(process &of);

    // ---- Ends ----------------------------------------------------------------------------------------------------------

    /// `status` as wait reports it.
    void end_process(process &target, int32_t status);
    void end_thread(thread &target);
    /// All threads but `survivor`, for execve.
    void end_other_threads(thread &survivor);
    /// The kernel shall not reply to it any more: its control block goes.
    void forget_current(const thread &gone);

    /// SIGCHLD, and waking of those in wait. `unless`: flag of the parent's action that suppresses the signal.
    void tell_parent(process &child, int32_t code, int32_t status, word unless);

    void continue_process(process &target);
    void stop_process(process &target, int signal);

    /// Makes a thread that was just created (registers set) run.
    void start_thread(thread &made);

    /// Registers of a thread, from the kernel if they have not come with its message.
    machine::registers &registers_of(thread &of);

    /// For a handler that has changed the caller's registers: puts its result beside them.
    outcome finish_with_value(thread &caller, word value);

    constexpr int32_t exited_status(int code)
    {
        return (code & 0xff) << 8;
    }
}
