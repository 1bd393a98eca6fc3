// The driver of the real-time clock (Motorola MC146818A and its successors in every PC). It may touch two I/O ports, nothing else.
#include "calendar.hpp"

#include <a9n/io-port.hpp>
#include <koito/process-layout.hpp>
#include <rtc/protocol.hpp>
#include <timer/protocol.hpp>

#include <a9n/ipc-port.hpp>

namespace
{
    using a9n::word;
    using koito::driver_slot;
    using koito::own_slot;
    using rtc::reply_code;

    constexpr a9n::ipc_port requests { own_slot(driver_slot::request_port) };
    constexpr a9n::io_port  ports { own_slot(driver_slot::io_ports) };

    enum clock_register : word
    {
        seconds  = 0x00,
        minutes  = 0x02,
        hours    = 0x04,
        day      = 0x07,
        month    = 0x08,
        year     = 0x09,
        status_a = 0x0a,
        status_b = 0x0b,
        century  = 0x32,
    };

    constexpr word update_in_progress = 1 << 7; ///< of status_a
    constexpr word binary             = 1 << 2; ///< of status_b
    constexpr word full_day           = 1 << 1;

    uint8_t get(clock_register index)
    {
        constexpr word index_port = 0x70;
        constexpr word data_port  = 0x71;
        if (!ports.write(index_port, 1, index))
        {
            return 0xff;
        }
        const a9n::result<word> value = ports.read(data_port, 1);
        return value ? static_cast<uint8_t>(*value) : 0xff;
    }

    bool is_updating()
    {
        return (get(status_a) & update_in_progress) != 0;
    }

    rtc::clock_registers read_registers()
    {
        const word mode = get(status_b);
        return { .second = get(seconds),
            .minute      = get(minutes),
            .hour        = get(hours),
            .day         = get(day),
            .month       = get(month),
            .year        = get(year),
            .century     = get(century),
            .is_binary   = (mode & binary) != 0,
            .is_24_hours = (mode & full_day) != 0 };
    }

    a9n::message read_clock()
    {
        // An update takes 2 ms. What two readings outside updates agree on is no mixture of two seconds.
        constexpr word patience = 100'000;
        for (word i = 0; i < patience; ++i)
        {
            if (is_updating())
            {
                continue;
            }
            const rtc::clock_registers first = read_registers();
            const word                 stamp = timer::read_time_stamp();
            if (is_updating() || first != read_registers())
            {
                continue;
            }
            word since_epoch = 0;
            return rtc::seconds_since_epoch(first, since_epoch) ? a9n::make_message(reply_code::ok, since_epoch, stamp)
                                                                 : a9n::make_message(reply_code::no_clock);
        }
        return a9n::make_message(reply_code::no_clock);
    }

    a9n::message handle_request(const a9n::message &request)
    {
        return static_cast<rtc::request>(request.payload[0]) == rtc::request::read ? read_clock()
                                                                                   : a9n::make_message(reply_code::unknown_request);
    }
}

int main()
{
    a9n::result<a9n::message> incoming = requests.receive();
    for (;;)
    {
        incoming = incoming ? requests.reply_receive(handle_request(*incoming)) : requests.receive();
    }
}
