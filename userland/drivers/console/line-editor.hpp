// Turns keystrokes into lines, showing them as they are typed.
#pragma once

#include "serial-port.hpp"

namespace console
{
    enum class key_effect
    {
        none,
        line_complete, ///< `current_line` is the text without its end
        end_of_input,  ///< Ctrl-D
    };

    class line_editor
    {
    public:
        explicit line_editor(const serial_port &terminal) : terminal(terminal)
        {
        }

        key_effect type(unsigned char key);

        runtime::text current_line() const
        {
            return { characters, length };
        }

        /// Starts the next line.
        void clear()
        {
            length = 0;
        }

    private:
        static constexpr size_t capacity = 120;

        void remove_last_character();

        const serial_port &terminal;
        char               characters[capacity] {};
        size_t             length = 0;
    };
}
