// The arithmetic of the drivers: units of time, alarms, calendar, queues of bytes.
#include <drivers/console/byte-queue.hpp>
#include <drivers/rtc/calendar.hpp>
#include <drivers/timer/alarms.hpp>
#include <drivers/timer/arithmetic.hpp>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>

namespace
{
    using a9n::abi::word;

    void check(bool good, const char *what, word about = 0)
    {
        if (!good)
        {
            std::printf("%s (%lu)\n", what, about);
            std::exit(1);
        }
    }

    word random_word()
    {
        word value = 0;
        for (int i = 0; i < 5; ++i)
        {
            value = value << 15 ^ static_cast<word>(std::rand());
        }
        return value;
    }

    void check_units()
    {
        for (const word frequency : { word { 1'000'000 }, word { 100'000'000 }, word { 1'193'182 }, word { 2'399'999'981 }, word { 5'000'000'000 } })
        {
            const timer::clock_factors factors = timer::factors_of(frequency);
            word                       last    = 0;
            for (word seconds = 0; seconds < 1'000'000; seconds += 997)
            {
                const word nanoseconds = factors.nanoseconds(seconds * frequency);
                const word exact       = seconds * timer::nanoseconds_per_second;
                const word error       = nanoseconds > exact ? nanoseconds - exact : exact - nanoseconds;
                check(error <= exact / 1'000'000'000 * 2 + 1, "nanoseconds are off by more than 2 in 10^9", frequency);
                check(seconds == 0 || nanoseconds > last, "time stands still", seconds);
                last = nanoseconds;
            }
        }
        check(timer::pit_counts(0) == 1, "no count for an alarm that is due");
        check(timer::pit_counts(~word { 0 }) == 0xffff, "a far alarm does not get the longest count");
        for (word nanoseconds = 1; nanoseconds < 60'000'000; nanoseconds += 7919)
        {
            const word counts = timer::pit_counts(nanoseconds);
            check(counts >= 1 && counts <= 0xffff, "a count the device does not have", counts);
            check(counts == 0xffff || counts * timer::nanoseconds_per_second >= nanoseconds * timer::pit_frequency, "an alarm would be early",
                nanoseconds);
        }
        check(timer::measured_frequency(4'000'000, timer::pit_frequency / 25) / 1000 == 100'000, "100 MHz measured wrongly");
    }

    void check_alarms()
    {
        constexpr word             count = 4;
        timer::alarms<count>       alarms;
        word                       model[count];
        for (word &each : model)
        {
            each = timer::never;
        }
        for (int step = 0; step < 100'000; ++step)
        {
            const word client = random_word() % count;
            const word when   = random_word() % 100;
            switch (random_word() % 3)
            {
                case 0 :
                    alarms.set(client, when);
                    model[client] = when;
                    break;
                case 1 :
                    alarms.cancel(client);
                    model[client] = timer::never;
                    break;
                default :
                {
                    const word due = alarms.take_due(when);
                    bool       any = false;
                    for (const word each : model)
                    {
                        any = any || each <= when;
                    }
                    check(any == (due != count), "an alarm is due that is not, or the other way round");
                    check(due == count || model[due] <= when, "an alarm is taken early");
                    if (due != count)
                    {
                        model[due] = timer::never;
                    }
                }
            }
            word earliest = timer::never;
            for (const word each : model)
            {
                earliest = each < earliest ? each : earliest;
            }
            check(alarms.next() == earliest, "the next alarm is another");
        }
        timer::alarms<1> last;
        last.set(0, ~word { 0 });
        check(last.take_due(~word { 0 } - 2) == 1 && last.next() != timer::never, "an alarm at the end of time comes, or is lost");
    }

    uint8_t bcd(int value)
    {
        return static_cast<uint8_t>(value / 10 << 4 | value % 10);
    }

    void check_calendar()
    {
        for (word seconds = 0; seconds < 130ul * 365 * 86400; seconds += 40'009)
        {
            const auto time = static_cast<std::time_t>(seconds);
            std::tm    date;
            gmtime_r(&time, &date);
            const int century = (date.tm_year + 1900) / 100, year = date.tm_year % 100;
            for (const bool full_day : { true, false })
            {
                const int  hour = full_day ? date.tm_hour : (date.tm_hour + 11) % 12 + 1;
                const auto pm   = static_cast<uint8_t>(!full_day && date.tm_hour >= 12 ? 0x80 : 0);
                const rtc::clock_registers in_bcd { bcd(date.tm_sec), bcd(date.tm_min), static_cast<uint8_t>(bcd(hour) | pm), bcd(date.tm_mday),
                    bcd(date.tm_mon + 1), bcd(year), bcd(century), false, full_day };
                const rtc::clock_registers in_binary { static_cast<uint8_t>(date.tm_sec), static_cast<uint8_t>(date.tm_min),
                    static_cast<uint8_t>(hour | pm), static_cast<uint8_t>(date.tm_mday), static_cast<uint8_t>(date.tm_mon + 1),
                    static_cast<uint8_t>(year), static_cast<uint8_t>(century), true, full_day };
                for (const rtc::clock_registers &registers : { in_bcd, in_binary })
                {
                    word read = 0;
                    check(rtc::seconds_since_epoch(registers, read) && read == seconds, "another date is read", seconds);
                }
            }
        }
        const rtc::clock_registers good { 0, 0, 0, 1, 1, 0x26, 0x20, false, true };
        word                       read = 0;
        check(rtc::seconds_since_epoch(good, read) && read == 1'767'225'600, "2026 does not begin when it does");
        for (unsigned field = 0; field < 6; ++field)
        {
            rtc::clock_registers bad = good;
            uint8_t *const       fields[] = { &bad.second, &bad.minute, &bad.hour, &bad.day, &bad.month, &bad.year };
            *fields[field]           = 0xff;
            check(!rtc::seconds_since_epoch(bad, read), "a register of ones is part of a date", field);
        }
        rtc::clock_registers without_century = good;
        without_century.century              = 0;
        check(rtc::seconds_since_epoch(without_century, read) && read == 1'767'225'600, "without century it is another");
    }

    void check_queue()
    {
        console::byte_queue<5> queue;
        std::deque<uint8_t>    model;
        for (int step = 0; step < 100'000; ++step)
        {
            const auto byte = static_cast<uint8_t>(random_word());
            if (random_word() % 2 == 0)
            {
                const bool had_room = model.size() < 5;
                check(queue.put(byte) == had_room, "a byte is refused, or one too many taken");
                if (had_room)
                {
                    model.push_back(byte);
                }
            }
            else
            {
                uint8_t    taken = 0;
                const bool any   = !model.empty();
                check(queue.take(taken) == any && (!any || taken == model.front()), "another byte comes out");
                if (any)
                {
                    model.pop_front();
                }
            }
            check(queue.size() == model.size() && queue.is_full() == (model.size() == 5), "the queue is longer or shorter");
        }
    }
}

int main()
{
    check_units();
    check_alarms();
    check_calendar();
    check_queue();
    std::printf("all passed\n");
}
