// What the console driver does at each interrupt and each request.
#pragma once

#include "byte-queue.hpp"
#include "serial-port.hpp"

#include <console/protocol.hpp>
#include <drivers/attached-clients.hpp>
#include <runtime/message-text.hpp>

namespace console
{
    class driver
    {
    public:
        constexpr driver(a9n::io_port ports, word first_port, a9n::interrupt_port interrupt, a9n::node client_node)
            : interrupt(interrupt), serial(ports, first_port), clients(client_node, interrupt)
        {
        }

        /// With the interrupt bound.
        void begin()
        {
            clients.begin();
            serial.begin();
            (void)queue_output("console: ready\n");
            handle_interrupt();
        }

        void handle_interrupt()
        {
            serve_device();
            (void)interrupt.acknowledge();
            // The line is edge-triggered: what happened before the acknowledgement raises no further interrupt.
            serve_device();
            tell_clients();
        }

        a9n::message handle_request(const a9n::message &request)
        {
            const auto what = static_cast<console::request>(request.payload[0]);
            if (request.transfer_count != 0 && what != console::request::attach)
            {
                clients.clear_arrival();
            }
            switch (what)
            {
                case console::request::write : return write(request);
                case console::request::read : return read(request.identifier);
                case console::request::attach : return attach(request.identifier);
            }
            return a9n::make_message(reply_code::unknown_request);
        }

    private:
        a9n::message write(const a9n::message &request)
        {
            const runtime::text text = runtime::get_text(request);
            if (text.length != request.payload[runtime::text_length_word])
            {
                return a9n::make_message(reply_code::invalid_argument);
            }
            const word taken = queue_output(text);
            if (const word writer = clients.find(request.identifier); taken != text.length && writer != clients.none)
            {
                waits_for_room[writer] = true;
            }
            return a9n::make_message(reply_code::ok, taken);
        }

        a9n::message read(word reader)
        {
            uint8_t        bytes[runtime::message_text_capacity];
            size_t         count = 0;
            const word     front = clients.latest();
            if (front != clients.none && clients.find(reader) == front)
            {
                while (count < sizeof(bytes) && input.take(bytes[count]))
                {
                    ++count;
                }
                front_knows = input.size() != 0;
            }
            a9n::message answer = a9n::make_message(reply_code::ok, 0);
            runtime::put_text(answer, { reinterpret_cast<const char *>(bytes), count });
            return answer;
        }

        a9n::message attach(word identifier)
        {
            if (!clients.has_arrived())
            {
                clients.clear_arrival();
                return a9n::make_message(reply_code::invalid_argument);
            }
            const word index = clients.attach(identifier);
            if (index == clients.none)
            {
                clients.clear_arrival();
                return a9n::make_message(reply_code::too_many_clients);
            }
            waits_for_room[index] = false;
            front_knows           = false;
            tell_clients();
            return a9n::make_message(reply_code::ok);
        }

        word queue_output(runtime::text text)
        {
            word taken = 0;
            do
            {
                while (taken < text.length && output.put(static_cast<uint8_t>(text.characters[taken])))
                {
                    ++taken;
                }
                send();
            } while (taken < text.length && !output.is_full());
            serial.announce_empty_transmitter(output.size() != 0);
            return taken;
        }

        /// As much as the device takes without waiting.
        void send()
        {
            while (output.size() != 0)
            {
                word room = serial.room();
                if (room == 0)
                {
                    return;
                }
                for (uint8_t byte = 0; room != 0 && output.take(byte); --room)
                {
                    serial.write(byte);
                }
            }
        }

        void receive()
        {
            for (unsigned char byte = 0; serial.read(byte);)
            {
                (void)input.put(byte); // or lose it
            }
        }

        /// Until the device has nothing more to say, so that its line falls and can rise again.
        void serve_device()
        {
            constexpr word patience = 64; // a broken device must not keep the driver here
            for (word i = 0; i < patience; ++i)
            {
                const bool has_reason = serial.has_reason_for_interrupt();
                receive();
                if (output.size() != 0)
                {
                    send();
                    if (output.size() == 0)
                    {
                        serial.announce_empty_transmitter(false);
                    }
                }
                if (!has_reason)
                {
                    return;
                }
            }
        }

        void tell_clients()
        {
            while (input.size() != 0 && !front_knows && clients.latest() != clients.none)
            {
                front_knows = clients.notify(clients.latest());
            }
            if (output.size() >= output_capacity / 2)
            {
                return;
            }
            for (word i = 0; i < maximum_clients; ++i)
            {
                if (waits_for_room[i])
                {
                    waits_for_room[i] = false;
                    (void)clients.notify(i);
                }
            }
        }

        a9n::interrupt_port                        interrupt;
        serial_port                                serial;
        drivers::attached_clients<maximum_clients> clients;
        byte_queue<input_capacity>                 input;
        byte_queue<output_capacity>                output;
        bool front_knows = false; ///< it has been told of the input, and has not read all of it
        bool waits_for_room[maximum_clients] {};
    };
}
