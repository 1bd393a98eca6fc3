// The POSIX server: the event loop.
#include "file-service.hpp"
#include "process-calls.hpp"
#include "run.hpp"
#include "start.hpp"
#include "trace.hpp"

namespace posix
{
    namespace
    {
        void take_console_input()
        {
            uint8_t buffer[256];
            for (;;)
            {
                const word size = machine::read_console(buffer, sizeof(buffer));
                if (size == 0)
                {
                    break;
                }
                console_input(buffer, size);
            }
            console_writable();
        }

        void handle(const machine::event &arrived, const machine::registers &context)
        {
            if (arrived.what == machine::event::kind::notification)
            {
                if ((arrived.flags & machine::restart_flag) != 0)
                {
                    machine::reattach_devices();
                    handle_timer(); // sets the alarm anew
                }
                if ((arrived.flags & (machine::console_flag | machine::restart_flag)) != 0)
                {
                    take_console_input();
                }
                if ((arrived.flags & machine::timer_flag) != 0)
                {
                    handle_timer();
                }
                return;
            }
            thread *sender = arrived.identifier < maximum_threads ? table().threads[arrived.identifier] : nullptr;
            if (sender == nullptr)
            {
                machine::reply_nothing();
                return;
            }
            if (arrived.what != machine::event::kind::call)
            {
                handle_fault(*sender, arrived);
                return;
            }
            if (arrived.through == machine::door::fault)
            {
                sender->registers     = context;
                sender->has_registers = true;
            }
            handle_call(*sender, arrived);
        }

        /// The time since the last answer was the program's; the time since the event is the server's for it.
        void charge(const machine::event &arrived, instant answered)
        {
            if (arrived.what == machine::event::kind::notification || arrived.identifier >= maximum_threads)
            {
                return;
            }
            if (thread *sender = table().threads[arrived.identifier])
            {
                sender->owner->times.user += now().monotonic - answered;
            }
        }
    }

    void serve()
    {
        machine::registers context;
        instant            answered = machine::monotonic_now();
        for (;;)
        {
            settle();
            set_next_alarm();
            const machine::event arrived = machine::next_event(context);
            update_now();
            charge(arrived, answered);
            handle(arrived, context);
            answered = now().monotonic;
        }
    }
}
