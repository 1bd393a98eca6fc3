// Requests to the console driver: the serial port as bytes, both ways, unchanged. Payload word 0 is the request, the reply's
// payload word 0 a `reply_code`. Text travels as message-text.hpp says. `client.hpp` has the requests as functions.
//
// Several clients may write. What arrives belongs to the client in front: the one that attached last and whose notification
// port still exists; when it has gone, the one before it is in front again. What nobody is there to read waits, up to
// `input_capacity` bytes; what arrives after that is lost.
#pragma once

#include <a9n/abi.hpp>

namespace console
{
    using a9n::abi::word;

    enum class request : word
    {
        /// Unused word, byte count; text → number of bytes taken, from the first on. Fewer than given, perhaps none: the output queue
        /// is full, and an attached client is notified when there is room again.
        write = 1,
        /// → unused word, byte count; text: bytes that have arrived, none if there are none or another client is in front.
        read = 2,
        /// Transfers a notification capability (WRITE, identified with a flag of the client's choice) and puts the client in
        /// front. It is notified when input arrives after `read` returned none, when it comes to the front and input waits, and when there is
        /// room after `write` took less than all: on that flag, do both again. Attaching again replaces the capability.
        attach = 3,
    };

    enum class reply_code : word
    {
        ok               = 0,
        unknown_request  = 1,
        invalid_argument = 2, ///< text longer than the message, or what was transferred is no notification capability
        too_many_clients = 3,
    };

    inline constexpr word input_capacity  = 4096;
    inline constexpr word output_capacity = 4096;
    inline constexpr word maximum_clients = 8;
}
