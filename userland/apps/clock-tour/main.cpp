// A tour of the clocks: the date, and alarms that come when they were asked for. Ends the system, or exits, with 0 if everything was as it
// should be.
#include <a9n/node.hpp>
#include <koito/os-protocol.hpp>
#include <koito/process-layout.hpp>
#include <rtc/client.hpp>
#include <runtime/program.hpp>
#include <timer/client.hpp>

namespace
{
    using a9n::word;
    using koito::client_slot;
    using koito::own_slot;
    using runtime::write_line;

    constexpr a9n::node              root { own_slot(koito::process_slot::root_node), koito::process_root_radix };
    constexpr a9n::notification_port bell { own_slot(client_slot::notification_port) };

    word                 pending_flags = 0;
    const timer::client  alarm { a9n::ipc_port { own_slot(client_slot::timer) }, pending_flags };
    timer::clock_factors factors;

    constexpr word millisecond = 1'000'000; ///< nanoseconds

    [[noreturn]] void fail(const char *what)
    {
        write_line("clock-tour: ", what);
        runtime::exit(1);
    }

    word now()
    {
        return factors.nanoseconds(timer::read_time_stamp());
    }

    constexpr auto in_transit = client_slot::in_transit;

    bool attach()
    {
        return root.mint(static_cast<word>(in_transit), bell, a9n::capability_rights::write).ok
            && alarm.attach(a9n::notification_port { own_slot(in_transit) });
    }

    void wait_for(const char *name, word duration)
    {
        const word when = now() + duration;
        if (!alarm.set_alarm(when))
        {
            fail("the timer refuses an alarm");
        }
        if (pending_flags == 0)
        {
            (void)bell.wait();
        }
        pending_flags   = 0;
        const word time = now();
        if (time < when)
        {
            fail("an alarm came early");
        }
        write_line("clock-tour: ", name, ": in time");
        if (time - when > duration / 2 + millisecond)
        {
            write_line("clock-tour: ", name, ": but late by ", (time - when) / 1000, " us");
        }
    }
}

int main()
{
    const rtc::reading date = rtc::read(a9n::ipc_port { own_slot(client_slot::rtc) }, pending_flags);
    constexpr word     beginning_of_2026 = 1'767'225'600;
    if (date.seconds < beginning_of_2026)
    {
        fail("the clock has no date, or an old one");
    }
    write_line("clock-tour: the date is ", date.seconds > beginning_of_2026 + 3600 ? "later than" : "in", " the first hour of 2026");

    factors = alarm.clock();
    if (factors.multiplier == 0 || !attach())
    {
        fail("the timer does not answer");
    }
    (void)root.copy(static_cast<word>(in_transit), own_slot(koito::process_slot::root_node));
    if (alarm.attach(a9n::notification_port { own_slot(in_transit) }))
    {
        fail("the timer takes something that is no notification port");
    }
    wait_for("an alarm in the past", 0);
    wait_for("10 ms", 10 * millisecond);
    wait_for("200 ms, longer than the device counts", 200 * millisecond);
    (void)alarm.set_alarm(now() + 5 * millisecond);
    (void)alarm.cancel_alarm();
    wait_for("20 ms, after one that was cancelled", 20 * millisecond);
    write_line("clock-tour: done");
    const a9n::ipc_port operating_system { own_slot(koito::process_slot::operating_system_port) };
    (void)runtime::call(operating_system, a9n::make_message(koito::os_request::shut_down, 0), pending_flags); // if it may
    return 0;
}
