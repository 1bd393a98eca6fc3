// The console driver: the serial port as a user process. It may touch eight I/O ports and one interrupt, nothing else. It passes
// bytes on unchanged, both ways: lines, echo and signals are the affair of who reads them.
#include "driver.hpp"

#include <koito/process-layout.hpp>
#include <runtime/debug-console.hpp>

namespace
{
    using a9n::word;
    using koito::driver_slot;
    using koito::own_slot;

    constexpr a9n::ipc_port          requests { own_slot(driver_slot::request_port) };
    constexpr a9n::notification_port bell { own_slot(driver_slot::notification_port) };
    constexpr a9n::interrupt_port    interrupt { own_slot(driver_slot::interrupt_port) };
    constexpr a9n::node client_node { own_slot(koito::process_slot::user_node), koito::driver_node_radix };

    constexpr word first_serial_port = 0x3f8;

    constinit console::driver the_driver { a9n::io_port { own_slot(driver_slot::io_ports) }, first_serial_port, interrupt, client_node };
}

int main()
{
    if (const a9n::status bound = interrupt.bind(bell); !bound)
    {
        runtime::debug_line("console: no interrupt, input will not work: ", a9n::to_string(bound.error));
    }
    the_driver.begin();
    a9n::result<a9n::message> incoming = requests.receive();
    for (;;)
    {
        if (incoming && incoming->source == a9n::message_source::normal)
        {
            incoming = requests.reply_receive(the_driver.handle_request(*incoming));
            continue;
        }
        if (incoming)
        {
            the_driver.handle_interrupt();
        }
        incoming = requests.receive();
    }
}
