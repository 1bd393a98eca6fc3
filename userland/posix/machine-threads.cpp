// Threads and messages: the kernel's side of machine.hpp.
#include "machine.hpp"
#include "memory-server.hpp"
#include "own-capabilities.hpp"

#include <runtime/memory.hpp>

namespace posix::machine
{
    word handle_of(space which); // machine-spaces.cpp

    namespace
    {
        using ulmm::request;

        constexpr word program_priority = 10;

        constinit bool is_slot_used[thread_slots + 1];

        word free_slot()
        {
            for (word i = 1; i <= thread_slots; ++i)
            {
                if (!is_slot_used[i])
                {
                    return i;
                }
            }
            return 0;
        }

        a9n::status connect(word slot, word identifier)
        {
            constexpr word scratch = scratch_index;
            if (const a9n::status copied = own_node.copy(scratch, door_port); !copied)
            {
                return copied;
            }
            const a9n::ipc_port door { own_node[scratch] };
            a9n::status         done = door.identify(identifier);
            if (done)
            {
                done = root_of(slot).mint(static_cast<word>(koito::process_slot::operating_system_port), door,
                    a9n::capability_rights::write);
            }
            if (done)
            {
                a9n::process_configuration configuration;
                configuration.set_root_node(root_of(slot));
                configuration.set_resolver(door);
                configuration.set_priority(program_priority);
                done = control_block_of(slot).configure(configuration);
            }
            (void)own_node.remove(scratch);
            return done;
        }

        // ---- The answer under way ------------------------------------------------------------------------------------------

        enum class answer_kind : uint8_t
        {
            none,
            value,
            registers,
        };

        constinit answer_kind answer_is = answer_kind::none;
        constinit word        answer_value;
        constinit registers   answer_registers;

        constexpr word context_first   = 7; ///< MR of the first word of a context
        constexpr word in_registers    = a9n::abi::hardware_message_registers - context_first;
        constexpr word context_payload = 3 + context_register_count;

        a9n::message take_answer()
        {
            a9n::message outgoing;
            if (answer_is == answer_kind::value)
            {
                outgoing = a9n::make_message(answer_value);
            }
            else
            {
                for (word i = 0; i < in_registers; ++i)
                {
                    outgoing.payload[3 + i] = answer_registers.words[i];
                }
                memcpy(&a9n::current_ipc_buffer->messages[a9n::abi::hardware_message_registers],
                    &answer_registers.words[in_registers], (context_register_count - in_registers) * sizeof(word));
                outgoing.length = context_payload;
            }
            answer_is = answer_kind::none;
            return outgoing;
        }

        event read_notification(word flags)
        {
            event arrived;
            arrived.what  = event::kind::notification;
            arrived.flags = flags;
            return arrived;
        }

        event read_fault(const a9n::message &incoming, registers &context)
        {
            event arrived;
            arrived.identifier      = incoming.identifier;
            arrived.type            = incoming.payload[0];
            arrived.program_counter = incoming.payload[1];
            switch (static_cast<a9n::abi::fault_type>(arrived.type))
            {
                case a9n::abi::fault_type::invalid_kernel_call :
                    arrived.what    = event::kind::call;
                    arrived.through = door::fault;
                    arrived.number  = incoming.payload[2];
                    for (word i = 0; i < in_registers; ++i)
                    {
                        context.words[i] = incoming.payload[3 + i];
                    }
                    memcpy(&context.words[in_registers],
                        &a9n::current_ipc_buffer->messages[a9n::abi::hardware_message_registers],
                        (context_register_count - in_registers) * sizeof(word));
                    arrived.arguments[0] = context[context_register::rdi];
                    arrived.arguments[1] = context[context_register::rsi];
                    arrived.arguments[2] = context[context_register::rdx];
                    arrived.arguments[3] = context[context_register::r10];
                    arrived.arguments[4] = context[context_register::r8];
                    arrived.arguments[5] = context[context_register::r9];
                    break;
                case a9n::abi::fault_type::memory :
                case a9n::abi::fault_type::memory_instruction_fetch :
                    arrived.what    = event::kind::memory_fault;
                    arrived.address = incoming.payload[2];
                    arrived.code    = incoming.payload[3];
                    break;
                default :
                    arrived.what = event::kind::exception;
                    arrived.code = incoming.payload[2];
                    break;
            }
            return arrived;
        }

        event read_call(const a9n::message &incoming)
        {
            event arrived;
            arrived.what       = event::kind::call;
            arrived.through    = door::message;
            arrived.identifier = incoming.identifier;
            arrived.number     = incoming.payload[0];
            for (size_t i = 0; i < 5; ++i)
            {
                arrived.arguments[i] = incoming.payload[1 + i];
            }
            return arrived;
        }
    }

    bool make_own_node()
    {
        a9n::set_transfer_destination(small_node, own_node_index);
        return bool(ask(request::make_objects, a9n::capability_type::node, own_node_radix, 1));
    }

    result<control> make_thread(space where, word identifier)
    {
        const word slot = free_slot();
        if (slot == 0)
        {
            return error::eagain;
        }
        a9n::set_transfer_destination(own_node, 2 * slot);
        const memory_answer process = ask(request::make_process, handle_of(where), 0);
        if (!process)
        {
            return to_error(process.code);
        }
        a9n::set_transfer_destination(own_node, 2 * slot + 1);
        const memory_answer node
            = ask(request::make_objects, a9n::capability_type::node, koito::process_root_radix, 1);
        control made { static_cast<uint32_t>(slot), process.values[0], node ? node.values[0] : 0 };
        is_slot_used[slot] = true;
        if (!node || !connect(slot, identifier))
        {
            release_thread(made);
            return error::enomem;
        }
        return made;
    }

    void release_thread(control &gone)
    {
        if (gone.slot == 0)
        {
            return;
        }
        (void)own_node.remove(2 * gone.slot);
        (void)own_node.remove(2 * gone.slot + 1);
        (void)ask(request::release_objects, gone.process);
        if (gone.node != 0)
        {
            (void)ask(request::release_objects, gone.node);
        }
        is_slot_used[gone.slot] = false;
        gone                    = {};
    }

    void suspend(const control &thread)
    {
        (void)control_block_of(thread.slot).suspend();
    }

    void resume(const control &thread)
    {
        (void)control_block_of(thread.slot).resume();
    }

    void read_registers(const control &thread, registers &values)
    {
        (void)control_block_of(thread.slot).read_registers(values.words, context_register_count);
    }

    bool write_registers(const control &thread, const registers &values)
    {
        return control_block_of(thread.slot).write_registers(values.words, context_register_count).ok;
    }

    void reply_value(word value)
    {
        answer_is    = answer_kind::value;
        answer_value = value;
    }

    void reply_registers(const registers &values)
    {
        answer_is        = answer_kind::registers;
        answer_registers = values;
    }

    void reply_nothing()
    {
        answer_is = answer_kind::none;
    }

    void flush_reply()
    {
        if (answer_is != answer_kind::none)
        {
            (void)door_port.reply(take_answer());
        }
    }

    event next_event(registers &context)
    {
        for (;;)
        {
            if (pending_notifications != 0)
            {
                flush_reply();
                const word flags      = pending_notifications;
                pending_notifications = 0;
                return read_notification(flags);
            }
            const bool                      answers = answer_is != answer_kind::none;
            const a9n::result<a9n::message> incoming
                = answers ? door_port.reply_receive(take_answer()) : door_port.receive();
            if (!incoming)
            {
                continue;
            }
            switch (incoming->source)
            {
                case a9n::message_source::notification : return read_notification(incoming->identifier);
                case a9n::message_source::fault : return read_fault(*incoming, context);
                case a9n::message_source::normal : return read_call(*incoming);
            }
        }
    }
}
