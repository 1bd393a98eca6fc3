// Turns keystrokes into lines, showing them as they are typed.
#pragma once

#include <runtime/text.hpp>

namespace echo
{
    /// What shows the keys.
    struct screen
    {
        virtual void write(runtime::text characters) = 0;

    protected:
        ~screen() = default;
    };

    enum class key_effect
    {
        none,
        line_complete, ///< `current_line` is the text without its end
        end_of_input,  ///< Ctrl-D
    };

    class line_editor
    {
    public:
        explicit line_editor(screen &terminal) : terminal(terminal)
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

        screen &terminal;
        char    characters[capacity] {};
        size_t  length = 0;
    };
}
