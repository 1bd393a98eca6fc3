// Reads lines from the console, showing them as they are typed, and repeats each. Ctrl-D ends the system, with the main
// program's exit code once that has ended. What a client of the console driver has to do, in few lines.
#include "line-editor.hpp"

#include <a9n/node.hpp>
#include <console/client.hpp>
#include <koito/os-protocol.hpp>
#include <koito/process-layout.hpp>

namespace
{
    using a9n::word;
    using koito::client_slot;
    using koito::own_slot;

    constexpr a9n::node              root { own_slot(koito::process_slot::root_node), koito::process_root_radix };
    constexpr a9n::ipc_port          operating_system { own_slot(koito::process_slot::operating_system_port) };
    constexpr a9n::notification_port bell { own_slot(client_slot::notification_port) };

    word              pending_flags = 0;
    constexpr word    everything    = ~word { 0 };
    console::client   serial { a9n::ipc_port { own_slot(client_slot::console) }, pending_flags };

    void wait_for_flags()
    {
        if (pending_flags == 0)
        {
            const a9n::result<word> flags = bell.wait();
            pending_flags                 = flags ? *flags : everything;
        }
    }

    /// Gives the driver the right to notify this program.
    void attach()
    {
        constexpr auto in_transit = client_slot::in_transit;
        if (root.mint(static_cast<word>(in_transit), bell, a9n::capability_rights::write))
        {
            (void)serial.attach(a9n::notification_port { own_slot(in_transit) });
            (void)root.remove(static_cast<word>(in_transit)); // empty unless the driver did not take it
        }
    }

    void obey_flags()
    {
        const bool has_new_driver = (pending_flags & koito::service_restarted_flag) != 0;
        pending_flags             = 0;
        if (has_new_driver)
        {
            attach();
        }
    }

    struct console_screen final : echo::screen
    {
        void write(runtime::text characters) override
        {
            while (characters.length != 0)
            {
                const word taken = serial.write(characters);
                characters       = { characters.characters + taken, characters.length - taken };
                if (taken == 0)
                {
                    wait_for_flags();
                    obey_flags();
                }
            }
        }
    };

    void type(echo::line_editor &editor, echo::screen &screen, char key)
    {
        switch (editor.type(static_cast<unsigned char>(key)))
        {
            case echo::key_effect::none : break;
            case echo::key_effect::line_complete :
                screen.write(editor.current_line());
                screen.write("\n");
                editor.clear();
                break;
            case echo::key_effect::end_of_input :
                (void)runtime::call(operating_system,
                    a9n::make_message(koito::os_request::shut_down, koito::main_exit_code), pending_flags);
                break;
        }
    }
}

int main()
{
    console_screen    screen;
    echo::line_editor editor { screen };
    attach();
    for (;;)
    {
        // Copied: the text lies where the next message goes.
        char   keys[runtime::message_text_capacity];
        size_t count = 0;
        do
        {
            const runtime::text typed = serial.read();
            count                     = typed.length;
            memcpy(keys, typed.characters, count);
            for (size_t i = 0; i < count; ++i)
            {
                type(editor, screen, keys[i]);
            }
        } while (count != 0);
        wait_for_flags();
        obey_flags();
    }
}
