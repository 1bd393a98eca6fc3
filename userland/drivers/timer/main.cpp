// The timer driver: monotonic time from the time-stamp counter, one alarm for each client from counter 0 of the 8254. It may touch
// four I/O ports and one interrupt, nothing else.
#include "alarms.hpp"
#include "arithmetic.hpp"
#include "interval-timer.hpp"

#include <drivers/attached-clients.hpp>
#include <koito/process-layout.hpp>
#include <runtime/debug-console.hpp>

namespace
{
    using a9n::word;
    using koito::driver_slot;
    using koito::own_slot;
    using timer::reply_code;

    constexpr a9n::ipc_port          requests { own_slot(driver_slot::request_port) };
    constexpr a9n::notification_port bell { own_slot(driver_slot::notification_port) };
    constexpr a9n::interrupt_port    interrupt { own_slot(driver_slot::interrupt_port) };
    constexpr a9n::node client_node { own_slot(koito::process_slot::user_node), koito::driver_node_radix };
    constexpr timer::interval_timer  device { a9n::io_port { own_slot(driver_slot::io_ports) } };

    /// What the processor says of its time-stamp counter (Intel SDM volume 2, CPUID leaf 15H); 0 if it says nothing.
    word stated_frequency()
    {
        uint32_t highest, a, b, c, d;
        asm volatile("cpuid" : "=a"(highest), "=b"(b), "=c"(c), "=d"(d) : "a"(0), "c"(0));
        if (highest < 0x15)
        {
            return 0;
        }
        asm volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0x15), "c"(0));
        return a == 0 ? 0 : word { c } * b / a;
    }

    word measure_frequency()
    {
        constexpr word wait     = timer::pit_frequency / 25;
        constexpr word patience = 1'000'000; // reads; a machine without the device must not keep the driver here
        device.count_down(timer::longest_pit_count);
        const word first   = device.count();
        const word started = timer::read_time_stamp();
        for (word i = 0; i < patience; ++i)
        {
            const word counts = first - device.count();
            const word ended  = timer::read_time_stamp();
            if (counts >= wait && counts <= first)
            {
                return timer::measured_frequency(ended - started, counts);
            }
        }
        return 0;
    }

    class driver
    {
    public:
        void begin()
        {
            frequency = stated_frequency();
            if (frequency == 0)
            {
                frequency = measure_frequency();
            }
            if (frequency == 0)
            {
                runtime::debug_line("timer: the counter of the 8254 stands still: time is counted as if the processor ran at 1 GHz");
                frequency = timer::nanoseconds_per_second;
            }
            factors = timer::factors_of(frequency);
            clients.begin();
            if (const a9n::status bound = interrupt.bind(bell); !bound)
            {
                runtime::debug_line("timer: no interrupt, alarms will not work: ", a9n::to_string(bound.error));
            }
            (void)interrupt.acknowledge();
        }

        void handle_interrupt()
        {
            (void)interrupt.acknowledge();
            serve_alarms();
        }

        a9n::message handle_request(const a9n::message &request)
        {
            const auto what = static_cast<timer::request>(request.payload[0]);
            if (request.transfer_count != 0 && what != timer::request::attach)
            {
                clients.clear_arrival();
            }
            switch (what)
            {
                case timer::request::clock :
                    return a9n::make_message(reply_code::ok, factors.multiplier, factors.shift, frequency);
                case timer::request::attach : return attach(request.identifier);
                case timer::request::set_alarm :
                case timer::request::cancel_alarm : return change_alarm(request.identifier, what, request.payload[1]);
            }
            return a9n::make_message(reply_code::unknown_request);
        }

    private:
        word now() const
        {
            return factors.nanoseconds(timer::read_time_stamp());
        }

        a9n::message attach(word identifier)
        {
            if (!clients.has_arrived())
            {
                clients.clear_arrival();
                return a9n::make_message(reply_code::invalid_argument);
            }
            const word index = clients.attach(identifier);
            if (index == clients.none)
            {
                clients.clear_arrival();
                return a9n::make_message(reply_code::too_many_clients);
            }
            pending.cancel(index); // it may be that of a client that has gone
            return a9n::make_message(reply_code::ok);
        }

        a9n::message change_alarm(word identifier, timer::request what, word when)
        {
            const word index = clients.find(identifier);
            if (index == clients.none)
            {
                return a9n::make_message(reply_code::not_attached);
            }
            if (what == timer::request::set_alarm)
            {
                pending.set(index, when);
            }
            else
            {
                pending.cancel(index);
            }
            serve_alarms();
            return a9n::make_message(reply_code::ok);
        }

        /// Wakes whose time has come, and sets the device for the next.
        void serve_alarms()
        {
            const word time = now();
            for (word due = pending.take_due(time); due != timer::maximum_clients; due = pending.take_due(time))
            {
                (void)clients.notify(due);
            }
            if (const word next = pending.next(); next != timer::never)
            {
                device.count_down(timer::pit_counts(next - time));
            }
        }

        drivers::attached_clients<timer::maximum_clients> clients { client_node, interrupt };
        timer::alarms<timer::maximum_clients>             pending;
        timer::clock_factors                              factors {};
        word                                              frequency = 0;
    };

    constinit driver the_driver;
}

int main()
{
    the_driver.begin();
    a9n::result<a9n::message> incoming = requests.receive();
    for (;;)
    {
        if (incoming && incoming->source == a9n::message_source::normal)
        {
            incoming = requests.reply_receive(the_driver.handle_request(*incoming));
            continue;
        }
        if (incoming)
        {
            the_driver.handle_interrupt();
        }
        incoming = requests.receive();
    }
}
