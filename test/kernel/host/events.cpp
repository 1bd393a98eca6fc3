#include "events.hpp"

#include "memory-guard.hpp"

#include <core/bounded_work.hpp>
#include <core/revocation.hpp>
#include <hal/host/devices.hpp>
#include <hal/host/memory.hpp>
#include <hal/host/processor.hpp>

namespace a9n::host
{
    namespace
    {
        constexpr auto malformed = event_outcome::malformed;

        event_outcome outcome_of(bool was_possible)
        {
            return !was_possible ? event_outcome::impossible
                : running.is_halted ? event_outcome::halted
                                    : event_outcome::entered;
        }

        /// Until `caller`, which has just made a call, has ended it; it makes it again as often as the kernel asks for.
        event_outcome finish_call(const hal::process_context* caller)
        {
            event_outcome outcome = event_outcome::entered;
            while (outcome == event_outcome::entered && running.context == caller && caller->repeats_call)
            {
                outcome = outcome_of(make_kernel_call());
            }
            // A caller that has removed itself makes no call again, though what it started may not be over.
            const bool goes_on = is_revocation_unfinished() || (running.context != caller && caller->repeats_call);
            return outcome == event_outcome::entered && goes_on ? event_outcome::unfinished : outcome;
        }

        /// One entry: a call that was left unfinished, else a new one.
        event_outcome call_once(const word* arguments)
        {
            if (running.context == nullptr)
            {
                return event_outcome::impossible;
            }
            if (!running.context->repeats_call)
            {
                running.context->registers[static_cast<word>(abi::context_register::rax)] = arguments[0];
                for (word i = 0; i < abi::hardware_message_registers; i++)
                {
                    hal::set_message_register(*running.context, i, arguments[1 + i]);
                }
            }
            return outcome_of(make_kernel_call());
        }

        event_outcome call(const word* arguments)
        {
            if (running.context != nullptr)
            {
                running.context->repeats_call = false;
            }
            hal::process_context* const caller  = running.context;
            const event_outcome         outcome = call_once(arguments);
            return outcome == event_outcome::entered ? finish_call(caller) : outcome;
        }

        /// As `call`: a process whose call is to be made again does this instead.
        event_outcome fault_at_once(const word* arguments)
        {
            if (running.context != nullptr)
            {
                running.context->repeats_call = false;
            }
            return outcome_of(fault({ static_cast<abi::fault_type>(arguments[0]), arguments[1], arguments[2] }));
        }

        event_outcome fault_once(const word* arguments)
        {
            if (running.context != nullptr && running.context->repeats_call)
            {
                return outcome_of(make_kernel_call());
            }
            return outcome_of(fault({ static_cast<abi::fault_type>(arguments[0]), arguments[1], arguments[2] }));
        }

        event_outcome write(physical_address address, const word* words, word count)
        {
            const bool is_ram = address % sizeof(word) == 0 && address <= memory_size()
                && count <= (memory_size() - address) / sizeof(word);
            if (running.is_halted || !is_ram)
            {
                return event_outcome::impossible;
            }
            write_user_memory(address, words, count);
            return event_outcome::entered;
        }

        event_outcome perform(const word*& at, const word* end, bool is_one_entry)
        {
            if (at == end)
            {
                return malformed;
            }
            const auto  kind      = static_cast<event_kind>(*at++);
            const auto  available = static_cast<word>(end - at);
            const word* arguments = at;
            const auto  take      = [&](word count)
            {
                at += count <= available ? count : available;
                return count <= available;
            };
            switch (kind)
            {
                case event_kind::call:
                    return !take(1 + abi::hardware_message_registers) ? malformed
                        : is_one_entry                                ? call_once(arguments)
                                                                      : call(arguments);
                case event_kind::fault:
                    return !take(3) ? malformed : is_one_entry ? fault_once(arguments) : fault_at_once(arguments);
                case event_kind::tick:
                    return outcome_of(tick());
                case event_kind::interrupt:
                    return take(1) ? outcome_of(interrupt(arguments[0])) : malformed;
                case event_kind::write:
                    return available >= 2 && arguments[1] <= available - 2 && take(2 + arguments[1])
                        ? write(arguments[0], arguments + 2, arguments[1])
                        : malformed;
            }
            return malformed;
        }
    }

    void interrupt_always(bool always)
    {
        static const word usual_work = work_between_looks;

        work_between_looks = always ? 1 : usual_work;
        interrupt_waits    = always;
    }

    event_outcome perform_event(const word*& at, const word* end)
    {
        return perform(at, end, false);
    }

    event_outcome perform_entry(const word*& at, const word* end)
    {
        return perform(at, end, true);
    }
}
