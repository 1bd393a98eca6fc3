// The periodic interrupt of a real-time clock (Motorola MC146818A data sheet). What else the clock has is only memory here.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    inline constexpr word clock_port_count = 2; ///< index and data

    /// 0 ≤ index < clock_port_count.
    uint8_t read_clock(word index);
    void    write_clock(word index, uint8_t value);

    /// Lets the time that has passed have its effect.
    void update_clock();

    bool is_clock_interrupt_raised();

    /// Whether it will interrupt by itself.
    bool is_clock_running();
}
