#include <koito/os-protocol.hpp>
#include <koito/process-layout.hpp>
#include <runtime/message-text.hpp>
#include <runtime/program.hpp>

int main();

namespace runtime
{
    namespace
    {
        constexpr a9n::ipc_port operating_system { koito::own_slot(koito::process_slot::operating_system_port) };
    }

    void write(text characters)
    {
        constexpr a9n::word standard_output = 1;
        while (characters.length != 0)
        {
            a9n::message request = a9n::make_message(koito::os_request::write, standard_output);
            put_text(request, characters);
            const size_t written = request.payload[text_length_word];
            if (!operating_system.call(request))
            {
                return;
            }
            characters = { characters.characters + written, characters.length - written };
        }
    }

    void exit(int code)
    {
        for (;;)
        {
            (void)operating_system.call(a9n::make_message(koito::os_request::exit, code));
        }
    }
}

/// Static objects are not destroyed: a program's memory ends as a whole.
extern "C" int atexit(void (*)())
{
    return 0;
}

extern "C" [[noreturn]] void a9n_start_program(a9n::abi::ipc_buffer *buffer)
{
    a9n::current_ipc_buffer = buffer;
    runtime::exit(main());
}

/// What the compiler calls when a pure virtual function is called; no program gets there.
extern "C" [[noreturn]] void __cxa_pure_virtual()
{
    __builtin_trap();
}
