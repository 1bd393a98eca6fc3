// The console driver on a serial port that takes its time, with an interrupt that tells of edges only, as the I/O APIC does.
#include <a9n/system-call.hpp>
#include <drivers/console/driver.hpp>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>

namespace
{
    using a9n::word;

    constexpr word first_port = 0x3f8;

    constexpr a9n::root_path      root { 4 };
    constexpr a9n::io_port        ports { root[1] };
    constexpr a9n::interrupt_port interrupt { root[2] };
    constexpr a9n::node           client_node { root[3], 5 };
    constexpr word                arrival = 31;

    void check(bool good, const char *what)
    {
        if (!good)
        {
            std::printf("%s\n", what);
            std::exit(1);
        }
    }

    /// A 16550 with its queues on.
    struct serial_device
    {
        std::deque<uint8_t> received, sending;
        std::string         sent;
        word                enabled         = 0;
        bool                emptied_pending = false;

        bool line() const
        {
            return ((enabled & 1) != 0 && !received.empty()) || ((enabled & 2) != 0 && emptied_pending);
        }

        word read(word index)
        {
            switch (index)
            {
                case 0 :
                {
                    check(!received.empty(), "a byte is read that is not there");
                    const uint8_t byte = received.front();
                    received.pop_front();
                    return byte;
                }
                case 2 :
                    if ((enabled & 1) != 0 && !received.empty())
                    {
                        return 4;
                    }
                    if ((enabled & 2) != 0 && emptied_pending)
                    {
                        emptied_pending = false;
                        return 2;
                    }
                    return 1;
                case 5 : return (received.empty() ? 0u : 1u) | (sending.empty() ? 0x20u : 0u);
                default : return 0;
            }
        }

        void write(word index, word value)
        {
            if (index == 0)
            {
                check(sending.size() < 16, "a byte is written that the device has no room for");
                sending.push_back(static_cast<uint8_t>(value));
                emptied_pending = false;
            }
            if (index == 1)
            {
                if ((value & 2) != 0 && (enabled & 2) == 0 && sending.empty())
                {
                    emptied_pending = true;
                }
                enabled = value;
            }
        }

        /// Time passes: some bytes go out.
        void send(size_t count)
        {
            for (; count != 0 && !sending.empty(); --count)
            {
                sent.push_back(static_cast<char>(sending.front()));
                sending.pop_front();
                emptied_pending = emptied_pending || sending.empty();
            }
        }
    };

    enum class content
    {
        nothing,
        notification,
        other,
    };

    serial_device device;
    bool          is_masked = false, was_high = false, has_interrupt = false;
    content       slots[32] {};
    unsigned      notified[32] {};

    /// What the interrupt controller makes of the line.
    void watch_line()
    {
        const bool is_high = device.line();
        if (is_high && !was_high && !is_masked)
        {
            has_interrupt = true;
            is_masked     = true;
        }
        was_high = is_high;
    }

    std::string typed;
    bool        is_restless = false; ///< the device goes on while the driver works

    void type()
    {
        if (device.received.size() < 16)
        {
            device.received.push_back(static_cast<uint8_t>(std::rand() % 256));
            typed.push_back(static_cast<char>(device.received.back()));
            watch_line();
        }
    }

    void let_time_pass()
    {
        switch (is_restless ? std::rand() % 32 : 2)
        {
            case 0 : type(); break;
            case 1 : device.send(16); break;
            default : break;
        }
        watch_line();
    }

    word slot_of(word descriptor)
    {
        for (word i = 0; i < 32; ++i)
        {
            if (client_node[i].value == descriptor)
            {
                return i;
            }
        }
        return 32;
    }

    bool is(word operation, a9n::abi::node_operation wanted)
    {
        return operation == static_cast<word>(wanted);
    }

    a9n::abi::capability_error failure = a9n::abi::capability_error::invalid_descriptor;

    bool obey(a9n::message_registers &registers)
    {
        const word descriptor = registers.mr[0], operation = registers.mr[1];
        failure               = a9n::abi::capability_error::invalid_descriptor;
        if (descriptor == ports.value)
        {
            if (operation == static_cast<word>(a9n::abi::io_port_operation::read))
            {
                registers.mr[2] = device.read(registers.mr[2] - first_port);
            }
            else
            {
                device.write(registers.mr[2] - first_port, registers.mr[4]);
            }
            watch_line();
            let_time_pass();
            return true;
        }
        if (descriptor == interrupt.value)
        {
            let_time_pass();
            if (operation == static_cast<word>(a9n::abi::interrupt_port_operation::ack))
            {
                is_masked = false;
                return true;
            }
            const word slot = slot_of(registers.mr[2]);
            failure = slot < 32 && slots[slot] == content::notification ? a9n::abi::capability_error::illegal_operation : failure;
            return false; // it is bound already
        }
        if (descriptor == client_node.value)
        {
            const word index = registers.mr[2];
            if (is(operation, a9n::abi::node_operation::remove))
            {
                slots[index] = content::nothing;
                return true;
            }
            check(is(operation, a9n::abi::node_operation::move) && slots[index] == content::nothing, "a slot is overwritten");
            const word from = slot_of(registers.mr[3]);
            slots[index]    = slots[from];
            slots[from]     = content::nothing;
            notified[index] = 0;
            return true;
        }
        const word slot = slot_of(descriptor);
        check(slot < 32 && slots[slot] != content::other, "something else than a notification port is notified");
        if (slots[slot] == content::nothing)
        {
            return false;
        }
        ++notified[slot];
        return true;
    }

    constinit console::driver driver { ports, first_port, interrupt, client_node };

    a9n::message ask(word client, console::request what, runtime::text text = {}, bool transfers = false)
    {
        a9n::message request = a9n::make_message(what, 0);
        if (text.length != 0)
        {
            runtime::put_text(request, text);
        }
        request.identifier     = client;
        request.transfer_count = transfers ? 1 : 0;
        return driver.handle_request(request);
    }

    console::reply_code attach(word client, content what)
    {
        slots[arrival]           = what;
        const a9n::message reply = ask(client, console::request::attach, {}, true);
        check(slots[arrival] == content::nothing, "a capability is left where the next one is to arrive");
        return static_cast<console::reply_code>(reply.payload[0]);
    }

    std::string read(word client)
    {
        const a9n::message  reply = ask(client, console::request::read);
        const runtime::text text  = runtime::get_text(reply);
        return { text.characters, text.length };
    }

    void serve_interrupt()
    {
        if (has_interrupt)
        {
            has_interrupt = false;
            driver.handle_interrupt();
        }
    }

    void check_clients()
    {
        check(attach(7, content::other) == console::reply_code::invalid_argument, "an IPC port is attached");
        check(attach(7, content::nothing) == console::reply_code::invalid_argument, "nothing is attached");
        slots[arrival] = content::other;
        (void)ask(7, console::request::read, {}, true);
        check(slots[arrival] == content::nothing, "what came with a read is kept");

        check(attach(7, content::notification) == console::reply_code::ok, "a notification port is refused");
        device.received = { 'a', 'b' };
        watch_line();
        serve_interrupt();
        check(notified[0] == 1 && read(9).empty() && read(7) == "ab" && read(7).empty(), "input does not reach its reader");

        check(attach(8, content::notification) == console::reply_code::ok, "a second client is refused");
        device.received = { 'c' };
        watch_line();
        serve_interrupt();
        check(notified[1] == 1 && notified[0] == 1 && read(7).empty() && read(8) == "c", "input does not reach the client in front");

        slots[1]        = content::nothing; // the client has ended
        device.received = { 'd' };
        watch_line();
        serve_interrupt();
        check(notified[0] == 2 && read(7) == "d", "input does not reach the client behind one that has gone");

        for (word client = 10; client < 10 + console::maximum_clients - 1; ++client)
        {
            check(attach(client, content::notification) == console::reply_code::ok, "not enough clients are taken");
        }
        check(attach(99, content::notification) == console::reply_code::too_many_clients, "too many clients are taken");
        slots[3] = content::nothing;
        check(attach(99, content::notification) == console::reply_code::ok, "a place that is free again is not used");
    }

    /// Whatever the order of writes, keys, and the device's own pace: every byte taken comes out, in order, and every key arrives.
    void check_flow()
    {
        std::string taken, arrived;
        device.sent.clear();
        (void)attach(7, content::notification);
        constexpr word writer = 11, place = 2; // behind 7: told of room, but not of input
        bool           waits  = false;
        unsigned       wakeup = notified[place];
        is_restless           = true;
        for (int step = 0; step < 200'000; ++step)
        {
            switch (std::rand() % 4)
            {
                case 0 :
                {
                    std::string text;
                    for (int i = std::rand() % 300; i >= 0; --i)
                    {
                        text.push_back(static_cast<char>('a' + std::rand() % 26));
                    }
                    if (step % 1000 < 300 && (!waits || notified[place] != wakeup))
                    {
                        const word count = ask(writer, console::request::write, { text.data(), text.size() }).payload[1];
                        check(count <= text.size(), "more is taken than was given");
                        taken.append(text, 0, count);
                        waits  = count < text.size();
                        wakeup = notified[place];
                    }
                    break;
                }
                case 1 :
                    type();
                    break;
                case 2 :
                    device.send(static_cast<size_t>(std::rand() % 20));
                    watch_line();
                    break;
                default :
                    serve_interrupt();
                    if (std::rand() % 3 == 0)
                    {
                        arrived += read(7);
                    }
            }
        }
        is_restless = false;
        for (int i = 0; i < 1000; ++i)
        {
            device.send(16);
            watch_line();
            serve_interrupt();
            arrived += read(7);
        }
        check(device.sent == taken, "what comes out is not what was taken");
        check(taken.size() > 100'000, "the device stands still");
        check(arrived == typed, "what arrives is not what was typed");
        check(!waits || notified[place] != wakeup, "nobody says that there is room again");
    }
}

void a9n::kernel_call(abi::kernel_call, message_registers &registers)
{
    const bool done = obey(registers);
    registers.mr[0] = done ? 1 : 0;
    if (!done)
    {
        registers.mr[1] = static_cast<word>(failure);
    }
}

int main()
{
    static a9n::abi::ipc_buffer buffer;
    a9n::current_ipc_buffer = &buffer;
    driver.begin();
    device.send(100);
    watch_line();
    check(device.sent == "console: ready\n", "the driver does not say that it is ready");
    serve_interrupt();
    check_clients();
    check_flow();
    std::printf("all passed\n");
}
