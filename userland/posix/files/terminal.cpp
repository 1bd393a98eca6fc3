#include "terminal.hpp"

#include "../file-service.hpp"
#include "../process-service.hpp"

namespace posix
{
    void terminal::type(const uint8_t *data, word count)
    {
        for (word i = 0; i < count; ++i)
        {
            if (takes_input())
            {
                discipline.receive(data[i]);
            }
            else
            {
                kept.push(data[i]); // dropped if there is no room there either
            }
        }
        discipline.show_echo();
        drain();
    }

    word terminal::read(uint8_t *buffer, word count)
    {
        const word done = discipline.read(buffer, count);
        while (kept.used() != 0 && !discipline.is_full())
        {
            discipline.receive(kept.pop());
        }
        discipline.show_echo();
        master_writable.wake_all();
        drain();
        return done;
    }

    word terminal::take_output(uint8_t *buffer, word count)
    {
        const word moved = runtime::minimum(count, shown());
        for (word i = 0; i < moved; ++i)
        {
            buffer[i] = output.pop();
        }
        if (moved != 0)
        {
            writable.wake_all();
        }
        return moved;
    }

    void terminal::drain()
    {
        if (device == nullptr)
        {
            if (shown() != 0)
            {
                master_readable.wake_all();
            }
            return;
        }
        bool moved = false;
        while (shown() != 0)
        {
            uint8_t    piece[256];
            const word wanted = runtime::minimum(shown(), word { sizeof(piece) });
            for (word i = 0; i < wanted; ++i)
            {
                piece[i] = output.bytes[(output.tail + i) % sizeof(output.bytes)];
            }
            const word taken  = device->write(piece, wanted);
            output.tail      += taken;
            moved             = moved || taken != 0;
            if (taken < wanted)
            {
                break;
            }
        }
        if (moved)
        {
            writable.wake_all();
        }
    }

    void terminal::flush_input()
    {
        discipline.flush_input();
        kept.clear();
        master_writable.wake_all();
    }

    void terminal::flush_output()
    {
        output.clear();
        stopped_at = output.head;
        writable.wake_all();
    }

    void terminal::hang_up()
    {
        ++generation;
        const int32_t told = foreground;
        session            = 0;
        foreground         = 0;
        flush_input();
        discipline.restart();
        readable.wake_all();
        writable.wake_all();
        if (told > 0)
        {
            signal_group(told, signal_number::hang_up);
            signal_group(told, signal_number::proceed);
        }
    }

    void terminal::put_output(uint8_t byte)
    {
        output.push(byte);
    }

    void terminal::raise(int signal)
    {
        if (foreground > 0)
        {
            signal_group(foreground, signal);
        }
    }

    void terminal::flow(bool stopped)
    {
        if (stopped)
        {
            stopped_at = output.head;
        }
        else
        {
            drain();
        }
    }

    void terminal::input_arrived()
    {
        readable.wake_all();
    }
}
