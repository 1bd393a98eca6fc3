// IPC_PORT: synchronous messages between processes.
#pragma once

#include <a9n/ipc-buffer.hpp>
#include <a9n/node.hpp>

namespace a9n
{
    using abi::message_source;

    /// Payload words that travel in registers (MR4…MR9). Longer messages continue in the IPC buffer, word i of the
    /// payload being `messages[4 + i]`.
    inline constexpr word register_payload_words = abi::hardware_message_registers - 4;

    struct message
    {
        word           payload[register_payload_words] {};
        word           length         = 0; ///< payload words, those in the IPC buffer included
        word           transfer_count = 0; ///< capabilities moved with the message
        word           identifier     = 0; ///< received: the sender's, which it cannot forge
        message_source source         = message_source::normal;
    };

    /// A message of the given payload words.
    template<typename... Words>
    constexpr message make_message(Words... words)
    {
        static_assert(sizeof...(words) <= register_payload_words);
        return message { { static_cast<word>(words)... }, sizeof...(words) };
    }

    /// Capabilities that the next send, call or reply with `transfer_count` > `position` moves to the receiver.
    inline void set_transfer_source(word position, descriptor source)
    {
        current_ipc_buffer->transfer_source_descriptors[position] = source.value;
    }

    /// Where the next received message puts capabilities: slots `index`… of `destination`, which must be empty.
    inline void set_transfer_destination(node destination, word index)
    {
        current_ipc_buffer->transfer_destination_node  = destination.value;
        current_ipc_buffer->transfer_destination_index = index;
    }

    /// A blocking operation with a message. Not a member: Clang's debug information does not tell which of those are
    /// artificial.
    [[gnu::artificial, gnu::always_inline]] inline message_registers transact(
        word port, abi::ipc_port_operation operation, const message &outgoing)
    {
        constexpr bool          block = true;
        const abi::message_info info { block, outgoing.length, outgoing.transfer_count };
        return capability_call(port, operation, info.value, 0, outgoing.payload[0], outgoing.payload[1],
            outgoing.payload[2], outgoing.payload[3], outgoing.payload[4], outgoing.payload[5]);
    }

    struct ipc_port : descriptor
    {
        /// Blocks until a receiver has taken the message.
        status send(const message &outgoing) const
        {
            return outcome(transact(value, abi::ipc_port_operation::send, outgoing));
        }

        /// Blocks until a message, a fault or a notification to the bound port arrives.
        result<message> receive() const
        {
            return received(transact(value, abi::ipc_port_operation::receive, {}));
        }

        /// Sends and waits for the reply. A pending notification of the caller's bound port ends the call before it
        /// is sent; the result's source says so.
        result<message> call(const message &request) const
        {
            return received(transact(value, abi::ipc_port_operation::call, request));
        }

        /// Answers the caller whose message was received last; any port will do.
        status reply(const message &answer) const
        {
            return outcome(transact(value, abi::ipc_port_operation::reply, answer));
        }

        result<message> reply_receive(const message &answer) const
        {
            return received(transact(value, abi::ipc_port_operation::reply_receive, answer));
        }

        /// Gives this slot, and later copies of it, the identifier that receivers see.
        status identify(word identifier) const
        {
            return capability_command(value, abi::ipc_port_operation::identify, identifier);
        }

    private:
        static result<message> received(const message_registers &registers)
        {
            if (!registers.ok())
            {
                return registers.error();
            }
            const abi::message_info info { registers.mr[2] };
            message                 incoming;
            for (word i = 0; i < register_payload_words; ++i)
            {
                incoming.payload[i] = i < info.length() ? registers.mr[4 + i] : 0;
            }
            incoming.length         = info.length();
            incoming.transfer_count = info.transfer_count();
            incoming.identifier     = registers.mr[3];
            incoming.source         = info.source();
            return incoming;
        }
    };
}
