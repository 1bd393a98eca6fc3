#include "run.hpp"

#include "dispatcher.hpp"
#include "futex.hpp"
#include "signal-frame.hpp"
#include "time-calls.hpp"
#include "trace.hpp"

#include <runtime/memory.hpp>

namespace posix
{
    namespace
    {
        using machine::context_register;

        constexpr word syscall_length = 2;

        constinit thread       *current       = nullptr;
        constinit clock_reading clock;
        constinit instant       alarm_set     = never;
        constinit bool          alarm_unsure  = false; ///< a deadline has changed
        constinit bool          signals_unsure = false; ///< some process `has_new_signals`

        // ---- The call's effect on registers --------------------------------------------------------------------------------

        /// MR0…MR4 of an answer by IPC are RDI, RSI, RDX, R8, R9.
        void put_message_reply(machine::registers &registers, word value)
        {
            registers[context_register::rdi] = 1;
            registers[context_register::rdx] = a9n::abi::message_info { true, 1 }.value;
            registers[context_register::r8]  = 0;
            registers[context_register::r9]  = value;
        }

        void put_result(thread &of, word value)
        {
            machine::registers &registers = registers_of(of);
            if (of.door == machine::door::message)
            {
                put_message_reply(registers, value);
            }
            else
            {
                registers[context_register::rax] = value;
            }
        }

        /// The program makes the call again: its registers are as they were at its `syscall` instruction.
        void put_restart(thread &of)
        {
            registers_of(of)[context_register::rip] -= syscall_length;
        }

        // ---- Signals -------------------------------------------------------------------------------------------------------

        enum class effect : uint8_t
        {
            nothing,
            end,
            stop,
            handler,
        };

        effect effect_of(const process &of, int number)
        {
            const signal_action &action = of.actions[number];
            const signal_set     bit    = only(number);
            if ((bit & unblockable) == 0)
            {
                if (action.handler == ignore_handler)
                {
                    return effect::nothing;
                }
                if (action.handler != default_handler)
                {
                    return effect::handler;
                }
            }
            if ((bit & ignored_by_default) != 0)
            {
                return effect::nothing;
            }
            // The first process lives as long as the system: what has no handler does not reach it.
            if (&of == table().initial && (bit & of.forced) == 0)
            {
                return effect::nothing;
            }
            return (bit & stopping) != 0 ? effect::stop : effect::end;
        }

        signal_set deliverable(const thread &of)
        {
            return (of.pending.set | of.owner->pending.set) & ~of.blocked;
        }

        /// The next signal to act upon, taken off; false if there is none. Those without effect are dropped.
        bool take_signal(thread &of, signal_information &taken, effect &its_effect)
        {
            while (of.pending.take(~of.blocked, taken) || of.owner->pending.take(~of.blocked, taken))
            {
                its_effect = effect_of(*of.owner, taken.number);
                if (its_effect != effect::nothing)
                {
                    return true;
                }
            }
            return false;
        }

        void enter_handler(thread &of, const signal_information &information)
        {
            signal_action &action = of.owner->actions[information.number];
            frame_request  request { .information = information,
                 .action    = action,
                 .mask      = of.has_saved_mask ? of.saved_mask : of.blocked,
                 .alternate = of.alternate,
                 .trap      = of.trap,
                 .trap_error = of.trap_error,
                 .trap_address = of.trap_address,
                 .page      = signal_page };
            if (const status pushed = push_signal_frame(*of.owner->memory, registers_of(of), request); !pushed)
            {
                // No room for the frame: as Linux, SIGSEGV without handler.
                end_process(*of.owner, sigsegv);
                return;
            }
            of.has_saved_mask = false;
            of.blocked |= action.mask & ~unblockable;
            if ((action.flags & sa_nodefer) == 0)
            {
                of.blocked |= only(information.number) & ~unblockable;
            }
            if ((action.flags & sa_resethand) != 0)
            {
                action.handler = default_handler;
            }
        }

        /// Acts upon signals of a thread about to enter user mode. False if it does not: it has ended, or its process has stopped.
        bool deliver_signals(thread &of)
        {
            process           &owner = *of.owner;
            signal_information information;
            effect             what;
            // Stopped processes take only what ends them, which `settle` sees to.
            while (!owner.stopped && take_signal(of, information, what))
            {
                switch (what)
                {
                    case effect::end :
                        trace_signal(of, information.number, "ends the process");
                        end_process(owner, information.number);
                        return false;
                    case effect::stop : stop_process(owner, information.number); break;
                    case effect::handler :
                    {
                        const uint32_t index = of.index;
                        trace_signal(of, information.number, "enters its handler");
                        enter_handler(of, information);
                        if (table().threads[index] != &of)
                        {
                            return false;
                        }
                        break;
                    }
                    case effect::nothing : break;
                }
            }
            if (of.has_saved_mask)
            {
                of.has_saved_mask = false;
                of.blocked        = of.saved_mask;
            }
            return true;
        }

        /// Whether only a direct answer is due.
        bool goes_on_at_once(const thread &of)
        {
            return deliverable(of) == 0 && !of.owner->stopped && !of.has_saved_mask;
        }

        void enter_user_mode(thread &of)
        {
            if (!deliver_signals(of))
            {
                return;
            }
            if (of.owner->stopped)
            {
                (void)registers_of(of);
                if (of.state == thread_state::calling)
                {
                    machine::suspend(of.control);
                    machine::reply_nothing();
                    current = nullptr;
                }
                of.state = thread_state::held;
                return;
            }
            const bool is_delivered_call = of.state == thread_state::calling && of.is_kernel_call_fault;
            if (is_delivered_call)
            {
                machine::reply_registers(of.registers);
                current = nullptr;
            }
            else
            {
                if (of.state == thread_state::calling)
                {
                    machine::suspend(of.control);
                    machine::reply_nothing();
                    current = nullptr;
                }
                if (of.has_registers && !machine::write_registers(of.control, of.registers))
                {
                    // Registers that no user may have: only a frame on a strange stack can bring them.
                    end_process(*of.owner, sigsegv);
                    return;
                }
                machine::resume(of.control);
            }
            of.state         = thread_state::running;
            of.has_registers = false;
        }

        // ---- Calls ---------------------------------------------------------------------------------------------------------

        void finish_call(thread &of, word value)
        {
            trace_return(of, value);
            if (of.state == thread_state::calling && goes_on_at_once(of))
            {
                if (of.door == machine::door::message)
                {
                    machine::reply_value(value);
                }
                else
                {
                    of.registers[context_register::rax] = value;
                    machine::reply_registers(of.registers);
                }
                of.state         = thread_state::running;
                of.has_registers = false;
                current          = nullptr;
                return;
            }
            put_result(of, value);
            enter_user_mode(of);
        }

        /// Ends the wait of a thread's call because of a signal that will have an effect.
        void interrupt(thread &of)
        {
            of.wait.leave();
            signal_set candidates = deliverable(of);
            bool       restarts   = of.wait_kind == outcome::kind::wait;
            bool       has_handler = false;
            while (candidates != 0)
            {
                const int number = __builtin_ctzll(candidates) + 1;
                candidates &= candidates - 1;
                if (effect_of(*of.owner, number) == effect::handler)
                {
                    has_handler = true;
                    restarts &= (of.owner->actions[number].flags & sa_restart) != 0;
                    break;
                }
            }
            if (!has_handler)
            {
                // It ends or stops the process. After a stop the call goes on.
                signal_information information;
                effect             what;
                if (!take_signal(of, information, what))
                {
                    of.wait.wake();
                    return;
                }
                if (what == effect::stop)
                {
                    stop_process(*of.owner, information.number);
                    return;
                }
                trace_signal(of, information.number, "ends the process");
                end_process(*of.owner, information.number);
                return;
            }
            if (of.wait.progress != 0)
            {
                trace_return(of, of.wait.progress);
                put_result(of, of.wait.progress);
            }
            else if (restarts)
            {
                trace_return(of, -word { 512 }); // ERESTARTSYS, which the program does not see
                put_restart(of);
            }
            else
            {
                write_remaining_time(of);
                trace_return(of, -static_cast<word>(error::eintr));
                put_result(of, -static_cast<word>(error::eintr));
            }
            enter_user_mode(of);
        }

        void begin_wait(thread &of, outcome::kind how)
        {
            of.wait_kind = how;
            if (of.state == thread_state::calling)
            {
                trace_wait(of);
                (void)registers_of(of);
                machine::suspend(of.control);
                machine::reply_nothing();
                current  = nullptr;
                of.state = thread_state::waiting;
            }
            if (of.wait.deadline != never)
            {
                alarm_unsure = true;
            }
            if (has_signal_to_handle(of))
            {
                of.owner->has_new_signals = true;
                signals_unsure            = true;
            }
        }

        void run_call(thread &of)
        {
            const uint32_t index = of.index;
            call           made { of.number,
                { of.arguments[0], of.arguments[1], of.arguments[2], of.arguments[3], of.arguments[4], of.arguments[5] },
                of.owner->state, *of.owner->memory, of.wait, clock, of };
            const outcome  done = dispatch(made);
            switch (done.what)
            {
                case outcome::kind::value :
                case outcome::kind::failure :
                    of.wait.leave();
                    finish_call(of, done.encoded());
                    return;
                case outcome::kind::wait :
                case outcome::kind::wait_once :
                case outcome::kind::wait_killable : begin_wait(of, done.what); return;
                case outcome::kind::no_reply :
                    if (table().threads[index] != &of || &of != current)
                    {
                        return;
                    }
                    enter_user_mode(of);
                    return;
            }
        }

        // ---- Faults --------------------------------------------------------------------------------------------------------

        constexpr word page_fault_write = 2;
        constexpr word page_fault_fetch = 16;

        constexpr word vector_divide = 0, vector_debug = 1, vector_breakpoint = 3, vector_opcode = 6,
                       vector_stack = 12, vector_page = 14, vector_x87 = 16,
                       vector_alignment = 17, vector_simd = 19;

        signal_information describe_exception(word vector, word program_counter)
        {
            signal_information information {};
            information.fault.address = program_counter;
            switch (vector)
            {
                case vector_divide :
                    information.number = sigfpe;
                    information.code   = fpe_divide;
                    break;
                case vector_x87 :
                case vector_simd :
                    information.number = sigfpe;
                    information.code   = fpe_float;
                    break;
                case vector_opcode :
                    information.number = sigill;
                    information.code   = ill_operand;
                    break;
                case vector_debug :
                    information.number = sigtrap;
                    information.code   = trap_trace;
                    break;
                case vector_breakpoint :
                    information.number = sigtrap;
                    information.code   = si_kernel;
                    break;
                case vector_alignment :
                    information.number = sigbus;
                    information.code   = 1;
                    break;
                case vector_stack :
                    information.number = sigbus;
                    information.code   = si_kernel;
                    information.fault.address = 0;
                    break;
                default :
                    information.number = sigsegv;
                    information.code   = si_kernel;
                    information.fault.address = 0;
                    break;
            }
            return information;
        }
    }

    thread *current_thread()
    {
        return current;
    }

    clock_reading now()
    {
        return clock;
    }

    void update_now()
    {
        clock = { machine::monotonic_now(), machine::real_time_now() };
    }

    machine::registers &registers_of(thread &of)
    {
        if (!of.has_registers)
        {
            machine::read_registers(of.control, of.registers);
            of.has_registers = true;
        }
        return of.registers;
    }

    outcome finish_with_value(thread &caller, word value)
    {
        trace_return(caller, value);
        put_result(caller, value);
        return outcome::kind::no_reply;
    }

    void forget_current(const thread &gone)
    {
        if (current == &gone)
        {
            current = nullptr;
            machine::reply_nothing();
        }
    }

    void start_thread(thread &made)
    {
        made.state         = thread_state::held;
        made.has_registers = true;
        enter_user_mode(made);
    }

    void handle_call(thread &caller, const machine::event &call)
    {
        current                     = &caller;
        caller.state                = thread_state::calling;
        caller.door                 = call.through;
        caller.is_kernel_call_fault = call.through == machine::door::fault;
        caller.number               = call.number;
        memcpy(caller.arguments, call.arguments, sizeof(caller.arguments));
        caller.wait.clear();
        run_call(caller);
    }

    void handle_fault(thread &caller, const machine::event &fault)
    {
        process &owner              = *caller.owner;
        current                     = &caller;
        caller.state                = thread_state::calling;
        caller.is_kernel_call_fault = false;
        caller.has_registers        = false;

        signal_information information {};
        caller.trap_address = 0;
        if (fault.what == machine::event::kind::memory_fault)
        {
            const machine::attempt attempted = (fault.code & page_fault_fetch) != 0 ? machine::attempt::execute
                : (fault.code & page_fault_write) != 0                              ? machine::attempt::write
                                                                                    : machine::attempt::read;
            const status resolved = machine::resolve_fault(owner.memory->space, page_floor(fault.address), attempted);
            if (resolved)
            {
                machine::reply_value(0); // a reply to a fault writes no registers
                caller.state = thread_state::running;
                current      = nullptr;
                return;
            }
            trace_fault(caller, fault);
            if (resolved.reason == error::enomem)
            {
                information.number = sigkill;
                information.code   = si_kernel;
            }
            else
            {
                information.number        = sigsegv;
                information.code          = resolved.reason == error::eacces ? segv_access : segv_mapping;
                information.fault.address = fault.address;
            }
            caller.trap         = vector_page;
            caller.trap_error   = fault.code & 0xffff'ffff;
            caller.trap_address = fault.address;
        }
        else
        {
            trace_fault(caller, fault);
            const word vector = fault.code >> 32;
            information       = describe_exception(vector, fault.program_counter);
            caller.trap       = vector;
            caller.trap_error = fault.code & 0xffff'ffff;
        }
        force_signal(caller, information);
        enter_user_mode(caller);
    }

    void run_ready()
    {
        while (waiter *ready = table().ready.take())
        {
            thread &of = *ready->owner;
            if (of.state != thread_state::waiting || of.owner->stopped)
            {
                continue; // continue_process wakes it again
            }
            run_call(of);
        }
    }

    void settle()
    {
        if (signals_unsure || table().ready.first != nullptr)
        {
            machine::flush_reply();
        }
        while (signals_unsure || table().ready.first != nullptr)
        {
            if (signals_unsure)
            {
                signals_unsure = false;
                // A process that ends takes no other with it, but its children's parent changes: begin again each time.
                for (bool found = true; found;)
                {
                    found = false;
                    for (process &each : table().all)
                    {
                        if (each.has_new_signals)
                        {
                            each.has_new_signals = false;
                            look_at_signals(each);
                            found = true;
                            break;
                        }
                    }
                }
            }
            run_ready();
        }
        bury_processes();
    }

    // ---- Time --------------------------------------------------------------------------------------------------------------

    void handle_timer()
    {
        alarm_set    = never;
        alarm_unsure = true;
        for (thread *each : table().threads)
        {
            if (each != nullptr && each->state == thread_state::waiting && each->wait.deadline <= clock.monotonic)
            {
                each->wait.wake();
            }
        }
        for (process &each : table().all)
        {
            interval_timer &timer = each.real_timer;
            if (each.is == life::alive && timer.deadline <= clock.monotonic)
            {
                const instant missed = clock.monotonic - timer.deadline;
                timer.deadline       = timer.interval == 0
                          ? never
                          : clock.monotonic + timer.interval - missed % timer.interval;
                send_signal(each, from_kernel(sigalrm));
            }
        }
    }

    void deadline_has_changed()
    {
        alarm_unsure = true;
    }

    void set_next_alarm()
    {
        if (!alarm_unsure)
        {
            return;
        }
        alarm_unsure = false;
        instant next = never;
        for (thread *each : table().threads)
        {
            if (each != nullptr && each->state == thread_state::waiting && each->wait.deadline < next)
            {
                next = each->wait.deadline;
            }
        }
        for (process &each : table().all)
        {
            if (each.is == life::alive && each.real_timer.deadline < next)
            {
                next = each.real_timer.deadline;
            }
        }
        if (next != alarm_set)
        {
            alarm_set = next;
            machine::set_alarm(next);
        }
    }

    // ---- Signals -----------------------------------------------------------------------------------------------------------

    signal_information from_kernel(int number)
    {
        signal_information information {};
        information.number = number;
        information.code   = si_kernel;
        return information;
    }

    signal_information from_user(int number, const process &sender, int32_t code)
    {
        signal_information information {};
        information.number         = number;
        information.code           = code;
        information.sender.process = sender.identifier();
        information.sender.user    = sender.state.who.user;
        return information;
    }

    bool has_signal_to_handle(const thread &of)
    {
        for (signal_set candidates = deliverable(of); candidates != 0; candidates &= candidates - 1)
        {
            if (effect_of(*of.owner, __builtin_ctzll(candidates) + 1) != effect::nothing)
            {
                return true;
            }
        }
        return false;
    }

    namespace
    {
        /// What a signal does at its arrival, whoever may block it. False if it is to be dropped.
        bool arrive(process &target, int number, bool is_blocked)
        {
            if (target.is == life::zombie)
            {
                return false;
            }
            if (number == sigcont)
            {
                target.pending.set &= ~stopping;
                for (thread &each : target.threads)
                {
                    each.pending.set &= ~stopping;
                }
                continue_process(target);
            }
            else if ((only(number) & stopping) != 0)
            {
                target.pending.set &= ~only(sigcont);
                for (thread &each : target.threads)
                {
                    each.pending.set &= ~only(sigcont);
                }
            }
            return is_blocked || effect_of(target, number) != effect::nothing;
        }
    }

    void send_signal(process &target, const signal_information &information)
    {
        bool is_blocked = true;
        for (thread &each : target.threads)
        {
            is_blocked &= (each.blocked & only(information.number)) != 0;
        }
        if (arrive(target, information.number, is_blocked))
        {
            target.pending.add(information);
            target.signal_arrival.wake_all();
            target.has_new_signals = true;
            signals_unsure         = true;
        }
    }

    void send_signal(thread &target, const signal_information &information)
    {
        if (information.number == sigkill)
        {
            send_signal(*target.owner, information);
            return;
        }
        if (arrive(*target.owner, information.number, (target.blocked & only(information.number)) != 0))
        {
            target.pending.add(information);
            target.owner->signal_arrival.wake_all();
            target.owner->has_new_signals = true;
            signals_unsure                = true;
        }
    }

    void set_mask_until_end_of_call(thread &of, signal_set mask)
    {
        if (!of.has_saved_mask)
        {
            of.saved_mask     = of.blocked;
            of.has_saved_mask = true;
        }
        of.blocked = mask & ~unblockable;
    }

    void force_signal(thread &target, const signal_information &information)
    {
        signal_action &action = target.owner->actions[information.number];
        if ((target.blocked & only(information.number)) != 0 || action.handler == ignore_handler)
        {
            action.handler = default_handler;
            target.blocked &= ~only(information.number);
        }
        target.owner->forced |= only(information.number);
        target.pending.set &= ~only(information.number);
        target.pending.add(information);
    }

    void look_at_signals(process &of)
    {
        if (of.is == life::zombie)
        {
            return;
        }
        if ((of.pending.set & only(sigkill)) != 0)
        {
            end_process(of, sigkill);
            return;
        }
        if (of.stopped)
        {
            return;
        }
        const bool resumes_held = of.resumes_held;
        of.resumes_held         = false;
        // Each thread that could take one. They may end meanwhile, so the table is what is walked.
        for (size_t index = 1; index < maximum_threads; ++index)
        {
            thread *each = table().threads[index];
            if (each == nullptr || each->owner != &of)
            {
                continue;
            }
            if (!has_signal_to_handle(*each) && !(resumes_held && each->state == thread_state::held))
            {
                continue;
            }
            switch (each->state)
            {
                case thread_state::running :
                    machine::suspend(each->control);
                    each->state = thread_state::held;
                    enter_user_mode(*each);
                    break;
                case thread_state::held : enter_user_mode(*each); break;
                case thread_state::waiting :
                    if (each->wait_kind != outcome::kind::wait_killable)
                    {
                        interrupt(*each);
                    }
                    break;
                case thread_state::calling : break;
            }
            if (of.is == life::zombie || of.stopped)
            {
                return;
            }
        }
    }

    void stop_process(process &target, int signal)
    {
        if (target.stopped)
        {
            return;
        }
        target.stopped             = true;
        target.stop_signal         = signal;
        target.has_stop_report     = true;
        target.has_continue_report = false;
        for (thread &each : target.threads)
        {
            if (each.state == thread_state::running)
            {
                machine::suspend(each.control);
                each.state         = thread_state::held;
                each.has_registers = false;
            }
        }
        tell_parent(target, cld_stopped, signal, sa_nocldstop);
    }

    void continue_process(process &target)
    {
        if (!target.stopped)
        {
            return;
        }
        target.stopped             = false;
        target.has_stop_report     = false;
        target.has_continue_report = true;
        tell_parent(target, cld_continued, sigcont, sa_nocldstop);
        for (thread &each : target.threads)
        {
            if (each.state == thread_state::waiting)
            {
                each.wait.wake();
            }
        }
        // Held threads go on once the current call is over: they may have signals to take.
        target.resumes_held    = true;
        target.has_new_signals = true;
        signals_unsure         = true;
    }
}
