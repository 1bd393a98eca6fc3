// Console, time and the rest of the world: the drivers' side of machine.hpp.
#include "machine-start.hpp"
#include "memory-server.hpp"
#include "own-capabilities.hpp"

#include <console/client.hpp>
#include <koito/os-protocol.hpp>
#include <rtc/client.hpp>
#include <runtime/debug-console.hpp>
#include <runtime/program.hpp>
#include <runtime/utility.hpp>
#include <timer/client.hpp>

namespace posix::machine
{
    namespace
    {
        using koito::posix_slot;

        constinit const console::client console_driver { { own_slot(posix_slot::console) }, pending_notifications };
        constinit const timer::client   timer_driver { { own_slot(posix_slot::timer) }, pending_notifications };

        constinit timer::clock_factors factors { 1, 0 }; ///< without driver: a nanosecond for each tick
        constinit uint64_t             real_time_at_start = 0; ///< when the monotonic clock was 0
        constinit uint64_t             random_state       = 0;

        /// Puts a copy of the server's notification port, with that flag, into the slot for capabilities in transit.
        a9n::notification_port make_bell(word flag)
        {
            constexpr word free = static_cast<word>(posix_slot::free);
            (void)own_root.remove(free);
            (void)own_root.copy(free, own_slot(posix_slot::notification_port));
            const a9n::notification_port bell { own_root[free] };
            (void)bell.identify(flag);
            return bell;
        }
    }

    void reattach_devices()
    {
        if (!console_driver.attach(make_bell(console_flag)))
        {
            runtime::debug_line("posix: the console does not attach: no input");
        }
        if (!timer_driver.attach(make_bell(timer_flag)))
        {
            runtime::debug_line("posix: the timer does not attach: nothing that sleeps wakes");
        }
    }

    void begin_devices()
    {
        const timer::clock_factors measured = timer_driver.clock();
        if (measured.multiplier != 0)
        {
            factors = measured;
        }
        const rtc::reading date
            = rtc::read({ own_slot(posix_slot::rtc) }, pending_notifications);
        constexpr uint64_t second = 1'000'000'000;
        real_time_at_start        = date.seconds * second - (date.seconds == 0 ? 0 : factors.nanoseconds(date.time_stamp));
        random_state              = timer::read_time_stamp() ^ date.seconds << 32;
        reattach_devices();
    }

    word write_console(const uint8_t *data, word size)
    {
        const runtime::text all { reinterpret_cast<const char *>(data), size };
        const runtime::text part { all.characters, runtime::minimum(size, word { runtime::message_text_capacity }) };
        a9n::message        outgoing = a9n::make_message(console::request::write, 0);
        runtime::put_text(outgoing, part);
        const auto reply = call_server(console_driver.port, outgoing);
        if (!reply || static_cast<console::reply_code>(reply->payload[0]) != console::reply_code::ok)
        {
            runtime::debug_write(part); // there is no driver, or it ended just now
            return part.length;
        }
        return reply->payload[1];
    }

    word read_console(uint8_t *data, word size)
    {
        const runtime::text arrived = console_driver.read();
        const word          count   = runtime::minimum(word { arrived.length }, size);
        memcpy(data, arrived.characters, count);
        return count;
    }

    instant monotonic_now()
    {
        return factors.nanoseconds(timer::read_time_stamp());
    }

    uint64_t real_time_now()
    {
        return real_time_at_start + monotonic_now();
    }

    void set_alarm(instant when)
    {
        if (when == never)
        {
            (void)timer_driver.cancel_alarm();
        }
        else
        {
            (void)timer_driver.set_alarm(when);
        }
    }

    void fill_random(uint8_t *data, word size)
    {
        // Steele, Lea and Flood's SplitMix64: spreads well, but who sees some of it can tell the rest.
        for (word i = 0; i < size; ++i)
        {
            if (i % sizeof(uint64_t) == 0)
            {
                random_state += 0x9e37'79b9'7f4a'7c15;
            }
            uint64_t mixed = random_state;
            mixed          = (mixed ^ mixed >> 30) * 0xbf58'476d'1ce4'e5b9;
            mixed          = (mixed ^ mixed >> 27) * 0x94d0'49bb'1331'11eb;
            mixed ^= mixed >> 31;
            data[i] = static_cast<uint8_t>(mixed >> i % sizeof(uint64_t) * 8);
        }
    }

    void log(const char *line, word length)
    {
        runtime::debug_write({ line, length });
    }

    void end(int status)
    {
        const int code = (status & 0x7f) != 0 ? 128 + (status & 0x7f) : status >> 8 & 0xff;
        // Refused unless the manifest gives the right; then only the server ends.
        constexpr a9n::ipc_port koito_port { koito::own_slot(koito::process_slot::operating_system_port) };
        (void)call_server(koito_port, a9n::make_message(koito::os_request::shut_down, code));
        runtime::exit(code);
    }
}
