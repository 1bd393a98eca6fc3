// Counter 0 of an Intel 8254, which every PC has.
#pragma once

#include <a9n/io-port.hpp>

namespace timer
{
    using a9n::word;

    class interval_timer
    {
    public:
        constexpr explicit interval_timer(a9n::io_port ports) : ports(ports)
        {
        }

        /// Counts down from `counts` (1…65535) once; the interrupt comes at the end.
        void count_down(word counts) const
        {
            set(control, counter_0 | low_then_high | interrupt_at_end);
            set(counter, counts & 0xff);
            set(counter, counts >> 8);
        }

        /// What is left. After the end it goes on at 65535.
        word count() const
        {
            set(control, counter_0 | latch);
            const word low = get(counter);
            return get(counter) << 8 | low;
        }

    private:
        static constexpr word counter = 0x40;
        static constexpr word control = 0x43;

        static constexpr word counter_0        = 0 << 6;
        static constexpr word latch            = 0 << 4;
        static constexpr word low_then_high    = 3 << 4;
        static constexpr word interrupt_at_end = 0 << 1;

        word get(word port) const
        {
            const a9n::result<word> value = ports.read(port, 1);
            return value ? *value : 0xff;
        }

        void set(word port, word value) const
        {
            (void)ports.write(port, 1, value);
        }

        a9n::io_port ports;
    };
}
