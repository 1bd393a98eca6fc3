// The console driver: the serial port as a user process. It may touch eight I/O ports and one interrupt, nothing
// else. It writes what others send it, shows what is typed and, as no program reads lines yet, repeats each line.
#include "line-editor.hpp"

#include <a9n/interrupt.hpp>
#include <console/protocol.hpp>
#include <koito/process-layout.hpp>
#include <runtime/debug-console.hpp>
#include <runtime/message-text.hpp>

namespace
{
    using a9n::word;
    using console::key_effect;
    using koito::driver_slot;
    using koito::own_slot;

    constexpr a9n::ipc_port          requests { own_slot(driver_slot::request_port) };
    constexpr a9n::notification_port bell { own_slot(driver_slot::notification_port) };
    constexpr a9n::interrupt_port    interrupt { own_slot(driver_slot::interrupt_port) };
    constexpr a9n::notification_port shutdown { own_slot(driver_slot::shutdown_notification) };

    constexpr word first_serial_port = 0x3f8;

    /// Takes every byte the device holds.
    void drain(const console::serial_port &serial, console::line_editor &editor)
    {
        unsigned char key = 0;
        while (serial.read(key))
        {
            switch (editor.type(key))
            {
                case key_effect::none : break;
                case key_effect::line_complete :
                    serial.write(editor.current_line());
                    serial.write("\n");
                    editor.clear();
                    break;
                case key_effect::end_of_input : (void)shutdown.notify(); break;
            }
        }
    }

    void handle_interrupt(const console::serial_port &serial, console::line_editor &editor)
    {
        drain(serial, editor);
        (void)interrupt.acknowledge();
        // The line is edge-triggered: a byte that arrived before the acknowledgement raises no further interrupt.
        drain(serial, editor);
    }

    a9n::message handle_request(const console::serial_port &serial, const a9n::message &request)
    {
        if (static_cast<console::request>(request.payload[0]) != console::request::write)
        {
            return a9n::make_message(console::reply_code::unknown_request);
        }
        const runtime::text text = runtime::get_text(request);
        if (text.length != request.payload[runtime::text_length_word])
        {
            return a9n::make_message(console::reply_code::invalid_argument);
        }
        serial.write(text);
        return a9n::make_message(console::reply_code::ok);
    }
}

int main()
{
    const console::serial_port serial { a9n::io_port { own_slot(driver_slot::io_ports) }, first_serial_port };
    console::line_editor       editor { serial };

    if (const a9n::status bound = interrupt.bind(bell); !bound)
    {
        runtime::debug_line("console: no interrupt, input will not work: ", a9n::to_string(bound.error));
    }
    serial.enable_receive_interrupt();
    serial.write("console: ready\n");
    handle_interrupt(serial, editor);

    a9n::result<a9n::message> incoming = requests.receive();
    for (;;)
    {
        if (incoming && incoming->source == a9n::message_source::normal)
        {
            incoming = requests.reply_receive(handle_request(serial, *incoming));
            continue;
        }
        if (incoming)
        {
            handle_interrupt(serial, editor);
        }
        incoming = requests.receive();
    }
}
