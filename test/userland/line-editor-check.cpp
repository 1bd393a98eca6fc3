// The line editor of `echo`. Argument: keys, as hexadecimal bytes. Prints what the terminal showed, and after it each line and
// the end of input as the program got them.
#include <apps/echo/line-editor.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace
{
    struct recorder final : echo::screen
    {
        void write(runtime::text characters) override
        {
            shown.append(characters.characters, characters.length);
        }

        std::string shown;
    };
}

int main(int count, char **arguments)
{
    recorder          screen;
    echo::line_editor editor { screen };
    std::string       events;
    const std::string keys = count > 1 ? arguments[1] : "";
    for (size_t i = 0; i + 1 < keys.size(); i += 2)
    {
        const auto key = static_cast<unsigned char>(std::strtoul(keys.substr(i, 2).c_str(), nullptr, 16));
        switch (editor.type(key))
        {
            case echo::key_effect::none : break;
            case echo::key_effect::line_complete :
            {
                const runtime::text line = editor.current_line();
                events += "line " + std::string(line.characters, line.length) + "\n";
                editor.clear();
                break;
            }
            case echo::key_effect::end_of_input : events += "end\n"; break;
        }
    }
    std::printf("%s|%s", screen.shown.c_str(), events.c_str());
}
