// The console driver's line editor on a serial port that is a list of bytes. Argument: keys, as hexadecimal bytes.
// Prints what the terminal showed, and after it each line and the end of input as the driver got them.
#include <a9n/system-call.hpp>
#include <drivers/console/line-editor.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace
{
    constexpr a9n::word first_port  = 0x3f8;
    constexpr a9n::word line_status = first_port + 5;

    std::string shown;
}

/// The serial port: always ready to send, and nothing to receive.
void a9n::kernel_call(abi::kernel_call, message_registers &registers)
{
    const bool reads = registers.mr[1] == static_cast<word>(abi::io_port_operation::read);
    if (reads)
    {
        registers.mr[2] = registers.mr[2] == line_status ? 0x20 : 0;
    }
    else if (registers.mr[2] == first_port)
    {
        shown += static_cast<char>(registers.mr[4]);
    }
    registers.mr[0] = 1;
}

int main(int count, char **arguments)
{
    const console::serial_port serial { a9n::io_port { 0 }, first_port };
    console::line_editor       editor { serial };
    std::string                events;
    const std::string          keys = count > 1 ? arguments[1] : "";
    for (size_t i = 0; i + 1 < keys.size(); i += 2)
    {
        const auto key = static_cast<unsigned char>(std::strtoul(keys.substr(i, 2).c_str(), nullptr, 16));
        switch (editor.type(key))
        {
            case console::key_effect::none : break;
            case console::key_effect::line_complete :
            {
                const runtime::text line = editor.current_line();
                events += "line " + std::string(line.characters, line.length) + "\n";
                editor.clear();
                break;
            }
            case console::key_effect::end_of_input : events += "end\n"; break;
        }
    }
    std::printf("%s|%s", shown.c_str(), events.c_str());
}
