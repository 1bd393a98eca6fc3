#include "line-editor.hpp"

namespace echo
{
    namespace
    {
        constexpr unsigned char end_of_transmission = 0x04;
        constexpr unsigned char backspace           = 0x08;
        constexpr unsigned char delete_key          = 0x7f; ///< what most terminals send for Backspace
        constexpr unsigned char first_printable     = 0x20;

        /// The second and later bytes of a character in UTF-8.
        bool is_continuation(char byte)
        {
            return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
        }
    }

    key_effect line_editor::type(unsigned char key)
    {
        switch (key)
        {
            case end_of_transmission : return key_effect::end_of_input;
            case '\r' :
            case '\n' : terminal.write("\n"); return key_effect::line_complete;
            case backspace :
            case delete_key :
                if (length != 0)
                {
                    remove_last_character();
                    terminal.write("\b \b");
                }
                return key_effect::none;
            default : break;
        }
        if (key >= first_printable && length < capacity)
        {
            characters[length++] = static_cast<char>(key);
            terminal.write({ &characters[length - 1], 1 });
        }
        return key_effect::none;
    }

    void line_editor::remove_last_character()
    {
        do
        {
            --length;
        } while (length != 0 && is_continuation(characters[length]));
    }
}
