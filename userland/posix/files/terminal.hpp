// A terminal: a line discipline, what is on its way to the screen, and the session and process group it belongs to.
#pragma once

#include "../call.hpp"
#include "../wait-queue.hpp"
#include "line-discipline.hpp"
#include "linux-abi.hpp"

#include <runtime/list.hpp>
#include <runtime/reference.hpp>

namespace posix
{
    struct console_device;

    struct window_size
    {
        uint16_t rows    = 0;
        uint16_t columns = 0;
        uint16_t width   = 0; ///< in pixels
        uint16_t height  = 0;

        bool operator==(const window_size &) const = default;
    };

    /// Bytes in order. Positions count on for ever.
    template<word Capacity>
    struct byte_ring
    {
        uint8_t bytes[Capacity];
        word    head = 0;
        word    tail = 0;

        word used() const
        {
            return head - tail;
        }

        bool push(uint8_t byte)
        {
            if (used() == Capacity)
            {
                return false;
            }
            bytes[head++ % Capacity] = byte;
            return true;
        }

        uint8_t pop()
        {
            return bytes[tail++ % Capacity];
        }

        void clear()
        {
            tail = head;
        }
    };

    struct terminal final : runtime::counted, line_discipline_host
    {
        explicit terminal(uint32_t number, console_device *device) : number(number), device(device), discipline(*this)
        {
        }

        const uint32_t        number; ///< of a pseudo-terminal
        console_device *const device; ///< null: a pseudo-terminal

        line_discipline discipline;
        window_size     size;
        int32_t         session    = 0; ///< whose controlling terminal this is; 0: nobody's
        int32_t         foreground = 0; ///< process group; 0: none
        word            generation = 0; ///< files opened in an earlier one have been hung up

        wait_queue readable; ///< for programs: input came, or the terminal was hung up
        wait_queue writable; ///< for programs: room for output came, or all of it is out

        // A pseudo-terminal's other side.
        wait_queue master_readable;
        wait_queue master_writable;
        bool       is_locked    = true; ///< programs cannot open it yet
        uint32_t   open_count   = 0;    ///< programs' open files
        bool       was_closed   = false; ///< the last of them has gone

        runtime::list_link<terminal> link; ///< among all terminals

        /// Output that programs may queue; echo has as much again.
        static constexpr word output_room = 4096;

        /// A pseudo-terminal that was stopped takes nothing: its master would have to keep it.
        bool has_room() const
        {
            return !(device == nullptr && discipline.is_stopped()) && output.used() + line_discipline::longest_output <= output_room;
        }

        /// Bytes from the keyboard.
        void type(const uint8_t *data, word count);

        /// Room for more from the keyboard: else it would be dropped.
        bool takes_input() const
        {
            return kept.used() == 0 && !discipline.is_full();
        }

        word read(uint8_t *buffer, word count);

        /// Output that may be shown now.
        word shown() const
        {
            return (discipline.is_stopped() ? stopped_at : output.head) - output.tail;
        }

        /// A pseudo-terminal's output, for its master.
        word take_output(uint8_t *buffer, word count);

        /// As much as the device takes.
        void drain();

        word output_waiting() const
        {
            return output.used();
        }

        bool is_drained() const
        {
            return output.used() == 0;
        }

        void flush_input();
        void flush_output() override;

        /// Open files see the end; whoever is in the foreground is told.
        void hang_up();

        void put_output(uint8_t byte) override;
        void raise(int signal) override;
        void flow(bool stopped) override;
        void input_arrived() override;

    private:
        byte_ring<2 * output_room> output;
        byte_ring<4096>            kept;           ///< typed while the line discipline was full
        word                       stopped_at = 0; ///< where output was when it stopped
    };

    inline void dispose(terminal *object)
    {
        runtime::destroy(object);
    }
}
