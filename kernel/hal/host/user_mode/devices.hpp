// The devices that processes in user mode find: the timer, COM1 on standard input and output, the real-time clock's
// periodic interrupt, and port 0xF4, which ends the machine.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    /// For tests: the timer ticks whenever the kernel looks for a waiting interrupt.
    extern bool ticks_at_each_look;

    /// Lets the devices see what came from outside.
    void update_devices();

    /// An interrupt line that asks for the processor. False if none does.
    bool find_pending_interrupt(word& irq);

    /// Whether the timer ticked since the kernel was entered; the tick is then taken. In user mode it comes by itself.
    bool take_timer_tick();

    /// Waits until a device may ask for an interrupt. Gives up if none ever will.
    void wait_for_devices();
}
