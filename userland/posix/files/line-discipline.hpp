// What a terminal makes of the bytes typed at it: lines, echo, erasing, signals; and of the bytes written to it. As Linux's N_TTY does it.
#pragma once

#include "../errors.hpp"

namespace posix
{
    /// struct termios of the kernel, with the speeds that TCGETS2 adds.
    struct terminal_settings
    {
        static constexpr size_t character_count = 19;
        static constexpr size_t short_size      = 36; ///< without the speeds

        uint32_t input;
        uint32_t output;
        uint32_t control;
        uint32_t local;
        uint8_t  line;
        uint8_t  characters[character_count];
        uint32_t input_speed;
        uint32_t output_speed;
    };
    static_assert(sizeof(terminal_settings) == 44);

    namespace input_flag
    {
        inline constexpr uint32_t parity_mark      = 0000010; // PARMRK
        inline constexpr uint32_t strip            = 0000040; // ISTRIP
        inline constexpr uint32_t newline_to_return = 0000100; // INLCR
        inline constexpr uint32_t ignore_return    = 0000200; // IGNCR
        inline constexpr uint32_t return_to_newline = 0000400; // ICRNL
        inline constexpr uint32_t to_lower         = 0001000; // IUCLC
        inline constexpr uint32_t flow_control     = 0002000; // IXON
        inline constexpr uint32_t any_restarts     = 0004000; // IXANY
        inline constexpr uint32_t utf8             = 0040000; // IUTF8
    }

    namespace output_flag
    {
        inline constexpr uint32_t process           = 0000001; // OPOST
        inline constexpr uint32_t to_upper          = 0000002; // OLCUC
        inline constexpr uint32_t newline_to_both   = 0000004; // ONLCR
        inline constexpr uint32_t return_to_newline = 0000010; // OCRNL
        inline constexpr uint32_t no_return_at_start = 0000020; // ONOCR
        inline constexpr uint32_t newline_returns   = 0000040; // ONLRET
        inline constexpr uint32_t tab_delay         = 0014000; // TABDLY; all of it set: tabs become blanks
    }

    namespace local_flag
    {
        inline constexpr uint32_t signals        = 0000001; // ISIG
        inline constexpr uint32_t canonical      = 0000002; // ICANON
        inline constexpr uint32_t echo           = 0000010; // ECHO
        inline constexpr uint32_t echo_erase     = 0000020; // ECHOE
        inline constexpr uint32_t echo_kill      = 0000040; // ECHOK
        inline constexpr uint32_t echo_newline   = 0000100; // ECHONL
        inline constexpr uint32_t no_flush       = 0000200; // NOFLSH
        inline constexpr uint32_t stop_background = 0000400; // TOSTOP
        inline constexpr uint32_t echo_control   = 0001000; // ECHOCTL
        inline constexpr uint32_t echo_print     = 0002000; // ECHOPRT
        inline constexpr uint32_t echo_kill_erase = 0004000; // ECHOKE
        inline constexpr uint32_t extended       = 0100000; // IEXTEN
        inline constexpr uint32_t external       = 0200000; // EXTPROC
    }

    /// Indices of `terminal_settings::characters`.
    enum class control_character : uint8_t
    {
        interrupt, quit, erase, kill, end_of_file, time, minimum, unused, start, stop, suspend, end_of_line, reprint, discard, word_erase,
        literal_next, second_end_of_line,
    };

    /// As a new terminal of Linux has them: 38400 bits per second, canonical, with echo.
    terminal_settings default_terminal_settings();

    /// What the line discipline needs of the terminal around it.
    struct line_discipline_host
    {
        virtual void put_output(uint8_t byte) = 0; ///< dropped if there is no room
        virtual void raise(int signal)        = 0; ///< to the foreground group
        virtual void flush_output()           = 0; ///< forget what is not yet shown
        virtual void flow(bool stopped)       = 0; ///< output stops, or goes on
        virtual void input_arrived()          = 0; ///< there is something to read

    protected:
        ~line_discipline_host() = default;
    };

    class line_discipline
    {
    public:
        static constexpr word capacity = 4096;

        explicit line_discipline(line_discipline_host &host) : host(host)
        {
        }

        terminal_settings settings = default_terminal_settings();

        /// After `settings` was changed from `before`.
        void settings_changed(const terminal_settings &before);

        /// A byte was typed. Its echo comes when those typed together with it are in: `show_echo`.
        void receive(uint8_t byte);

        /// Shows what is to be echoed, unless output is stopped.
        void show_echo();

        /// Whether another byte could only be dropped: the buffer is full, and holds something to read.
        bool is_full() const;

        /// A byte was written by a program: goes to `put_output`, processed as the settings say. At most `longest_output` bytes.
        void write(uint8_t byte);

        static constexpr word longest_output = 8; ///< a tab as blanks

        bool is_canonical() const
        {
            return (settings.local & (local_flag::canonical | local_flag::external)) == local_flag::canonical;
        }

        /// Bytes that a read could take; in canonical mode those of complete lines, ends of file counted as one.
        word available() const;

        /// As FIONREAD counts.
        word unread() const;

        /// Takes bytes: in canonical mode of one line at most. A line's end that is an end of file is taken, but not given.
        word read(uint8_t *buffer, word size);

        void flush_input();

        void stop_output();

        /// Output goes on if it was stopped.
        void restart();

        bool is_stopped() const
        {
            return stopped;
        }

    private:
        bool has_input(uint32_t flag) const
        {
            return (settings.input & flag) != 0;
        }

        bool has_output(uint32_t flag) const
        {
            return (settings.output & flag) != 0;
        }

        bool has_local(uint32_t flag) const
        {
            return (settings.local & flag) != 0;
        }

        uint8_t character(control_character which) const
        {
            return settings.characters[static_cast<size_t>(which)];
        }

        bool is(uint8_t byte, control_character which) const
        {
            return byte == character(which);
        }

        uint8_t &at(word position)
        {
            return bytes[position % capacity];
        }

        bool ends_line(word position) const
        {
            return (line_ends[position % capacity / 64] >> (position % 64) & 1) != 0;
        }

        /// A step of the echo. It is carried out later: a signal's character, for example, takes back the echo of those before it.
        struct echo_step
        {
            enum class kind : uint8_t
            {
                byte,            ///< as if written
                control,         ///< as ^X
                back_to_tab,     ///< over a tab, `value` columns after another one
                back_over_start, ///< over a tab, `value` columns after the line's beginning
                move_back,       ///< the column is one less than it seemed
                line_begins,
            };

            kind    what;
            uint8_t value;
        };

        void add_echo(echo_step::kind what, uint8_t value);
        void carry_out(echo_step step);
        void back_to_tab(uint32_t columns);
        void mark(word position, bool is_end);
        bool is_special(uint8_t byte) const;
        bool is_continuation(uint8_t byte) const;
        void receive_special(uint8_t byte);
        void receive_ordinary(uint8_t byte);
        void receive_signal(int signal, uint8_t byte);
        void end_line(uint8_t byte);
        void put(uint8_t byte);
        void erase_input(uint8_t byte);
        void echo(uint8_t byte);
        void echo_raw(uint8_t byte);
        void write_byte(uint8_t byte);
        void echo_erased(uint8_t byte, word count);
        void erase_tab();
        void finish_erasing();
        void remember_column();

        line_discipline_host &host;

        uint8_t  bytes[capacity];
        uint64_t line_ends[capacity / 64] {};

        // Positions count on for ever; their remainders are places in `bytes`.
        word head      = 0; ///< where the next byte goes
        word tail      = 0; ///< the next to be read
        word line_head = 0; ///< the end of the last complete line

        static constexpr word echo_capacity = 4096;

        echo_step echo_steps[echo_capacity];
        word      echo_head = 0;
        word      echo_tail = 0;

        uint32_t column           = 0;
        uint32_t line_column      = 0; ///< where the line being typed began
        bool     takes_literally  = false; ///< the next byte means nothing but itself
        bool     erasing          = false; ///< between `\` and `/` of ECHOPRT
        bool     stopped          = false;
    };
}
