// The ULMM server as a part of this program, with memory and one client; and the marks between which others count.
#pragma once

#include "init-server.hpp"

#include <ulmm/server.hpp>

namespace bench
{
    using ulmm::request;
    using ulmm::word;

    inline constexpr word memory_bits = 24; ///< what the server manages
    inline constexpr word client      = 1;

    /// Makes the server, gives it 2^memory_bits bytes and the client.
    ulmm::server &prepare(const a9n::abi::init_info &info);

    /// Between `begin` and `end` lies what is counted: `count` times the operation.
    inline void begin(const char *policy, const char *operation)
    {
        runtime::debug_line("begin ", policy, operation);
    }

    inline void end(word count)
    {
        runtime::debug_line("end ", count);
    }

    /// Makes a request of the client; the answer's first value.
    template<typename... Words>
    word ask(ulmm::server &server, request what, Words... words)
    {
        a9n::message message = a9n::make_message(what, static_cast<word>(words)...);
        message.identifier   = client;
        const auto answer    = server.handle(message);
        if (answer.payload[0] != static_cast<word>(ulmm::reply_code::ok))
        {
            init_server::fail("a request", ulmm::to_string(static_cast<ulmm::reply_code>(answer.payload[0])));
        }
        return answer.payload[1];
    }
}
