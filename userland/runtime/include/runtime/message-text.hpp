// Text in a message: payload word 2 is its length in bytes, its characters follow from MR10 on, in the IPC buffer.
#pragma once

#include <a9n/ipc-port.hpp>
#include <runtime/memory.hpp>
#include <runtime/text.hpp>

namespace runtime
{
    inline constexpr size_t message_text_capacity = 1024;

    inline constexpr a9n::word text_length_word = 2;

    /// Appends `part` (cut at the capacity) to a message of up to six words.
    inline void put_text(a9n::message &outgoing, text part)
    {
        const size_t length = part.length < message_text_capacity ? part.length : message_text_capacity;
        memcpy(&a9n::current_ipc_buffer->messages[a9n::abi::hardware_message_registers], part.characters, length);
        outgoing.payload[text_length_word] = length;
        outgoing.length = a9n::register_payload_words + (length + sizeof(a9n::word) - 1) / sizeof(a9n::word);
    }

    /// The text of the message just received; empty characters if the length is not what the message carries.
    inline text get_text(const a9n::message &incoming)
    {
        const size_t length  = incoming.payload[text_length_word];
        const size_t carried = incoming.length < a9n::register_payload_words
            ? 0
            : (incoming.length - a9n::register_payload_words) * sizeof(a9n::word);
        if (length > carried)
        {
            return {};
        }
        const auto *start = &a9n::current_ipc_buffer->messages[a9n::abi::hardware_message_registers];
        return { reinterpret_cast<const char *>(start), length };
    }
}
