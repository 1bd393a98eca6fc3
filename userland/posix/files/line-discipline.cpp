#include "line-discipline.hpp"

#include "linux-abi.hpp"

namespace posix
{
    namespace
    {
        constexpr uint8_t disabled = 0; ///< _POSIX_VDISABLE; marks an end of file in the buffer

        bool is_control(uint8_t byte)
        {
            return byte < 0x20 || byte == 0x7f;
        }

        /// Letters and digits of Latin-1, as the kernel's own table has them.
        bool is_alphanumeric(uint8_t byte)
        {
            const bool is_ascii  = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
            const bool is_latin1 = byte >= 0xc0 && byte != 0xd7 && byte != 0xf7;
            return is_ascii || is_latin1;
        }

        uint8_t to_lower(uint8_t byte)
        {
            const bool is_upper = (byte >= 'A' && byte <= 'Z') || (byte >= 0xc0 && byte <= 0xde && byte != 0xd7);
            return is_upper ? static_cast<uint8_t>(byte + 0x20) : byte;
        }

        uint8_t to_upper(uint8_t byte)
        {
            const bool is_lower = (byte >= 'a' && byte <= 'z') || (byte >= 0xe0 && byte != 0xf7);
            return is_lower ? static_cast<uint8_t>(byte - 0x20) : byte;
        }
    }

    terminal_settings default_terminal_settings()
    {
        constexpr uint32_t speed_38400   = 0000017;
        constexpr uint32_t eight_bits    = 0000060;
        constexpr uint32_t reads         = 0000200;
        constexpr uint32_t hangs_up      = 0002000;
        constexpr uint32_t echo_controls = local_flag::echo_control | local_flag::echo_kill_erase;

        terminal_settings settings {};
        settings.input   = input_flag::return_to_newline | input_flag::flow_control;
        settings.output  = output_flag::process | output_flag::newline_to_both;
        settings.control = speed_38400 | eight_bits | reads | hangs_up;
        settings.local   = local_flag::signals | local_flag::canonical | local_flag::echo | local_flag::echo_erase | local_flag::echo_kill
            | echo_controls | local_flag::extended;

        constexpr uint8_t characters[] = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0 };
        for (size_t i = 0; i < sizeof(characters); ++i)
        {
            settings.characters[i] = characters[i];
        }
        settings.input_speed  = 38400;
        settings.output_speed = 38400;
        return settings;
    }

    void line_discipline::mark(word position, bool is_end)
    {
        uint64_t      &flags = line_ends[position % capacity / 64];
        const uint64_t bit   = uint64_t { 1 } << (position % 64);
        flags                = is_end ? flags | bit : flags & ~bit;
    }

    void line_discipline::settings_changed(const terminal_settings &before)
    {
        if (((before.local ^ settings.local) & (local_flag::canonical | local_flag::external)) != 0)
        {
            for (uint64_t &flags : line_ends)
            {
                flags = 0;
            }
            if (!has_local(local_flag::canonical) || head == tail)
            {
                line_head = tail;
            }
            else
            {
                // What is there becomes a line.
                mark(head - 1, true);
                line_head = head;
            }
            erasing      = false;
            takes_literally = false;
        }
        if ((before.input & input_flag::flow_control) != 0 && !has_input(input_flag::flow_control))
        {
            restart();
            show_echo();
        }
        host.input_arrived();
    }

    bool line_discipline::is_special(uint8_t byte) const
    {
        using enum control_character;
        if (byte == disabled)
        {
            return false;
        }
        if ((byte == '\r' && has_input(input_flag::ignore_return | input_flag::return_to_newline))
            || (byte == '\n' && has_input(input_flag::newline_to_return)))
        {
            return true;
        }
        if (has_local(local_flag::canonical))
        {
            if (is(byte, erase) || is(byte, kill) || is(byte, end_of_file) || byte == '\n' || is(byte, end_of_line))
            {
                return true;
            }
            if (has_local(local_flag::extended)
                && (is(byte, word_erase) || is(byte, literal_next) || is(byte, second_end_of_line)
                    || (has_local(local_flag::echo) && is(byte, reprint))))
            {
                return true;
            }
        }
        if (has_input(input_flag::flow_control) && (is(byte, start) || is(byte, stop)))
        {
            return true;
        }
        return has_local(local_flag::signals) && (is(byte, interrupt) || is(byte, quit) || is(byte, suspend));
    }

    bool line_discipline::is_continuation(uint8_t byte) const
    {
        return has_input(input_flag::utf8) && (byte & 0xc0) == 0x80;
    }

    bool line_discipline::is_full() const
    {
        const bool line_too_long = has_local(local_flag::canonical) && line_head == tail;
        return head - tail >= capacity - 1 && !line_too_long;
    }

    void line_discipline::put(uint8_t byte)
    {
        at(head++) = byte;
    }

    void line_discipline::receive(uint8_t byte)
    {
        // A line too long loses its last byte to each new one, so that it can still be ended.
        if (head - tail >= capacity)
        {
            if (is_full())
            {
                return;
            }
            --head;
        }
        if (takes_literally)
        {
            takes_literally = false;
            byte         = has_input(input_flag::strip) ? byte & 0x7f : byte;
            byte         = has_input(input_flag::to_lower) && has_local(local_flag::extended) ? to_lower(byte) : byte;
            receive_ordinary(byte);
        }
        else
        {
            byte = has_input(input_flag::strip) ? byte & 0x7f : byte;
            byte = has_input(input_flag::to_lower) && has_local(local_flag::extended) ? to_lower(byte) : byte;
            if (has_local(local_flag::external))
            {
                put(byte);
            }
            else if (is_special(byte))
            {
                receive_special(byte);
            }
            else
            {
                receive_ordinary(byte);
            }
        }
        if (available() != 0)
        {
            host.input_arrived();
        }
    }

    void line_discipline::receive_ordinary(uint8_t byte)
    {
        if (stopped && has_input(input_flag::flow_control) && has_input(input_flag::any_restarts))
        {
            restart();
            show_echo();
        }
        if (has_local(local_flag::echo))
        {
            finish_erasing();
            remember_column();
            echo(byte);
        }
        if (byte == 0xff && has_input(input_flag::parity_mark))
        {
            put(byte);
        }
        put(byte);
    }

    void line_discipline::receive_signal(int signal, uint8_t byte)
    {
        host.raise(signal);
        if (!has_local(local_flag::no_flush))
        {
            echo_head = 0;
            echo_tail = 0;
            host.flush_output();
            flush_input();
        }
        if (has_input(input_flag::flow_control))
        {
            restart();
        }
        if (has_local(local_flag::echo))
        {
            echo(byte);
        }
        else
        {
            show_echo();
        }
    }

    void line_discipline::receive_special(uint8_t byte)
    {
        using enum control_character;
        if (has_input(input_flag::flow_control))
        {
            if (is(byte, start))
            {
                restart();
                show_echo();
                return;
            }
            if (is(byte, stop))
            {
                stop_output();
                return;
            }
        }
        if (has_local(local_flag::signals))
        {
            if (is(byte, interrupt))
            {
                receive_signal(signal_number::interrupt, byte);
                return;
            }
            if (is(byte, quit))
            {
                receive_signal(signal_number::quit, byte);
                return;
            }
            if (is(byte, suspend))
            {
                receive_signal(signal_number::terminal_stop, byte);
                return;
            }
        }
        if (stopped && has_input(input_flag::flow_control) && has_input(input_flag::any_restarts))
        {
            restart();
            show_echo();
        }
        if (byte == '\r')
        {
            if (has_input(input_flag::ignore_return))
            {
                return;
            }
            byte = has_input(input_flag::return_to_newline) ? '\n' : byte;
        }
        else if (byte == '\n' && has_input(input_flag::newline_to_return))
        {
            byte = '\r';
        }

        const bool is_extended = has_local(local_flag::extended);
        if (has_local(local_flag::canonical))
        {
            if (is(byte, erase) || is(byte, kill) || (is(byte, word_erase) && is_extended))
            {
                erase_input(byte);
                return;
            }
            if (is(byte, literal_next) && is_extended)
            {
                takes_literally = true;
                if (has_local(local_flag::echo))
                {
                    finish_erasing();
                    if (has_local(local_flag::echo_control))
                    {
                        echo_raw('^');
                        echo_raw('\b');
                    }
                }
                return;
            }
            if (is(byte, reprint) && has_local(local_flag::echo) && is_extended)
            {
                finish_erasing();
                echo(byte);
                echo_raw('\n');
                for (word position = line_head; position != head; ++position)
                {
                    echo(at(position));
                }
                return;
            }
            if (byte == '\n')
            {
                if (has_local(local_flag::echo | local_flag::echo_newline))
                {
                    echo_raw('\n');
                }
                end_line(byte);
                return;
            }
            if (is(byte, end_of_file))
            {
                end_line(disabled);
                return;
            }
            if (is(byte, end_of_line) || (is(byte, second_end_of_line) && is_extended))
            {
                if (has_local(local_flag::echo))
                {
                    remember_column();
                    echo(byte);
                }
                if (byte == 0xff && has_input(input_flag::parity_mark))
                {
                    put(byte);
                }
                end_line(byte);
                return;
            }
        }
        if (has_local(local_flag::echo))
        {
            finish_erasing();
            if (byte == '\n')
            {
                echo_raw('\n');
            }
            else
            {
                remember_column();
                echo(byte);
            }
        }
        if (byte == 0xff && has_input(input_flag::parity_mark))
        {
            put(byte);
        }
        put(byte);
    }

    void line_discipline::end_line(uint8_t byte)
    {
        mark(head, true);
        put(byte);
        line_head = head;
    }

    void line_discipline::erase_input(uint8_t byte)
    {
        using enum control_character;
        if (head == line_head)
        {
            return;
        }
        const bool one        = is(byte, erase);
        const bool word_wise  = !one && is(byte, word_erase) && has_local(local_flag::extended);
        if (!one && !word_wise)
        {
            if (!has_local(local_flag::echo))
            {
                head = line_head;
                return;
            }
            if (!has_local(local_flag::echo_kill) || !has_local(local_flag::echo_kill_erase) || !has_local(local_flag::echo_erase))
            {
                head = line_head;
                finish_erasing();
                echo(character(kill));
                if (has_local(local_flag::echo_kill))
                {
                    echo_raw('\n');
                }
                return;
            }
        }
        bool in_word = false;
        while (head != line_head)
        {
            word    start = head;
            uint8_t first = 0;
            do
            {
                first = at(--start);
            } while (is_continuation(first) && start != line_head);
            if (is_continuation(first))
            {
                break; // half a character stays
            }
            if (word_wise)
            {
                if (is_alphanumeric(first) || first == '_')
                {
                    in_word = true;
                }
                else if (in_word)
                {
                    break;
                }
            }
            const word count = head - start;
            head             = start;
            if (has_local(local_flag::echo))
            {
                if (one && !has_local(local_flag::echo_erase) && !has_local(local_flag::echo_print))
                {
                    echo(character(erase));
                }
                else
                {
                    echo_erased(first, count);
                }
            }
            if (one)
            {
                break;
            }
        }
        if (head == line_head && has_local(local_flag::echo))
        {
            finish_erasing();
        }
    }

    void line_discipline::echo_erased(uint8_t byte, word count)
    {
        if (has_local(local_flag::echo_print))
        {
            if (!erasing)
            {
                echo_raw('\\');
                erasing = true;
            }
            echo(byte);
            for (word i = 1; i < count; ++i)
            {
                echo_raw(at(head + i));
                add_echo(echo_step::kind::move_back, 0);
            }
            return;
        }
        if (byte == '\t')
        {
            erase_tab();
            return;
        }
        const word columns = is_control(byte) ? (has_local(local_flag::echo_control) ? 2 : 0) : 1;
        for (word i = 0; i < columns; ++i)
        {
            echo_raw('\b');
            echo_raw(' ');
            echo_raw('\b');
        }
    }

    void line_discipline::erase_tab()
    {
        // How far the tab went depends on what stands before it: since the last tab, or since the line began.
        uint32_t columns   = 0;
        bool     after_tab = false;
        for (word position = head; position != line_head;)
        {
            const uint8_t byte = at(--position);
            if (byte == '\t')
            {
                after_tab = true;
                break;
            }
            if (is_control(byte))
            {
                columns += has_local(local_flag::echo_control) ? 2 : 0;
            }
            else if (!is_continuation(byte))
            {
                ++columns;
            }
        }
        // Seven bits are enough: only the remainder by eight counts.
        add_echo(after_tab ? echo_step::kind::back_to_tab : echo_step::kind::back_over_start, columns & 0x7f);
    }

    void line_discipline::back_to_tab(uint32_t columns)
    {
        for (uint32_t back = 8 - columns % 8; back != 0; --back)
        {
            host.put_output('\b');
            column -= column != 0;
        }
    }

    void line_discipline::add_echo(echo_step::kind what, uint8_t value)
    {
        if (echo_head - echo_tail == echo_capacity)
        {
            ++echo_tail; // the oldest is lost
        }
        echo_steps[echo_head++ % echo_capacity] = { what, value };
    }

    void line_discipline::show_echo()
    {
        while (!stopped && echo_tail != echo_head)
        {
            carry_out(echo_steps[echo_tail++ % echo_capacity]);
        }
    }

    void line_discipline::carry_out(echo_step step)
    {
        switch (step.what)
        {
            case echo_step::kind::byte :
                if (step.value == 0xff)
                {
                    // Linux marks its own steps by this byte, and so echoes it past all processing.
                    host.put_output(step.value);
                    ++column;
                    break;
                }
                write_byte(step.value);
                break;
            case echo_step::kind::control :
                host.put_output('^');
                host.put_output(step.value ^ 0x40);
                column += 2;
                break;
            case echo_step::kind::back_to_tab : back_to_tab(step.value); break;
            case echo_step::kind::back_over_start : back_to_tab(step.value + line_column); break;
            case echo_step::kind::move_back : column -= column != 0; break;
            case echo_step::kind::line_begins : line_column = column; break;
        }
    }

    void line_discipline::finish_erasing()
    {
        if (erasing)
        {
            echo_raw('/');
            erasing = false;
        }
    }

    void line_discipline::remember_column()
    {
        if (line_head == head)
        {
            add_echo(echo_step::kind::line_begins, 0);
        }
    }

    void line_discipline::echo(uint8_t byte)
    {
        const bool as_control = has_local(local_flag::echo_control) && is_control(byte) && byte != '\t';
        add_echo(as_control ? echo_step::kind::control : echo_step::kind::byte, byte);
    }

    void line_discipline::echo_raw(uint8_t byte)
    {
        add_echo(echo_step::kind::byte, byte);
    }

    void line_discipline::write(uint8_t byte)
    {
        show_echo();
        write_byte(byte);
    }

    void line_discipline::write_byte(uint8_t byte)
    {
        if (!has_output(output_flag::process))
        {
            host.put_output(byte);
            return;
        }
        switch (byte)
        {
            case '\n' :
                if (has_output(output_flag::newline_returns))
                {
                    column = 0;
                }
                if (has_output(output_flag::newline_to_both))
                {
                    column      = 0;
                    line_column = 0;
                    host.put_output('\r');
                    break;
                }
                line_column = column;
                break;
            case '\r' :
                if (has_output(output_flag::no_return_at_start) && column == 0)
                {
                    return;
                }
                if (has_output(output_flag::return_to_newline))
                {
                    byte = '\n';
                    if (has_output(output_flag::newline_returns))
                    {
                        column      = 0;
                        line_column = 0;
                    }
                    break;
                }
                column      = 0;
                line_column = 0;
                break;
            case '\t' :
            {
                const uint32_t blanks = 8 - column % 8;
                column               += blanks;
                if ((settings.output & output_flag::tab_delay) == output_flag::tab_delay)
                {
                    for (uint32_t i = 0; i < blanks; ++i)
                    {
                        host.put_output(' ');
                    }
                    return;
                }
                break;
            }
            case '\b' : column -= column != 0; break;
            default :
                if (!is_control(byte))
                {
                    byte    = has_output(output_flag::to_upper) ? to_upper(byte) : byte;
                    column += !is_continuation(byte);
                }
        }
        host.put_output(byte);
    }

    void line_discipline::stop_output()
    {
        if (!stopped)
        {
            stopped = true;
            host.flow(true);
        }
    }

    void line_discipline::restart()
    {
        if (stopped)
        {
            stopped = false;
            host.flow(false);
        }
    }

    void line_discipline::flush_input()
    {
        for (uint64_t &flags : line_ends)
        {
            flags = 0;
        }
        head         = 0;
        tail         = 0;
        line_head    = 0;
        erasing      = false;
    }

    word line_discipline::available() const
    {
        return is_canonical() ? line_head - tail : head - tail;
    }

    word line_discipline::unread() const
    {
        if (!is_canonical())
        {
            return head - tail;
        }
        word count = line_head - tail;
        for (word position = tail; position != line_head; ++position)
        {
            count -= ends_line(position) && bytes[position % capacity] == disabled;
        }
        return count;
    }

    word line_discipline::read(uint8_t *buffer, word size)
    {
        word done = 0;
        if (!is_canonical())
        {
            for (; done < size && tail != head; ++done)
            {
                buffer[done] = at(tail++);
            }
            return done;
        }
        while (tail != line_head)
        {
            const bool    is_end = ends_line(tail);
            const uint8_t byte   = at(tail);
            if (is_end && byte == disabled)
            {
                // Also if the buffer is full: else the next read would take this for an end of file of its own.
                mark(tail++, false);
                break;
            }
            if (done == size)
            {
                break;
            }
            mark(tail++, false);
            buffer[done++] = byte;
            if (is_end)
            {
                break;
            }
        }
        return done;
    }
}
