// A ULMM server on the model of the kernel, and how to ask it.
#pragma once

#include "kernel-model.hpp"
#include "native-heap.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <ulmm/server.hpp>

namespace check
{
    using kernel_model::capability;
    using ulmm::reply_code;
    using ulmm::request;
    using ulmm::word;

    inline constexpr word page = 4096;

    [[noreturn]] inline void fail(const std::string &what)
    {
        std::printf("FAILED: %s\n", what.c_str());
        std::fflush(stdout);
        std::_Exit(1); // no word of what is not freed yet
    }

    inline void expect(bool condition, const std::string &what)
    {
        if (!condition)
        {
            fail(what);
        }
    }

    struct reply
    {
        reply_code code = reply_code::kernel_error;
        word       values[5] {};
    };

    inline void expect_code(const reply &answer, reply_code code, const std::string &what)
    {
        expect(answer.code == code, what + ": " + to_string(answer.code) + " instead of " + to_string(code));
    }

    /// The kernel's model with nothing in it but what KOITO gives ULMM, and the server.
    struct test_bench
    {
        test_bench();
        ~test_bench();

        test_bench(const test_bench &) = delete;

        template<typename... Words>
        reply ask(word identifier, request what, Words... words)
        {
            return ask_message(identifier, a9n::make_message(what, static_cast<word>(words)...));
        }

        /// Takes over what the answer transfers; `refuses`: the client had no room for it.
        reply ask_message(word identifier, a9n::message incoming, bool refuses = false);

        reply add_memory(word address, word size_bits);

        /// The client's address space.
        capability attach(word identifier, word limit, ulmm::client_flags flags = ulmm::client_flags::none);

        capability &arrival();

        /// The address space that the server made last, found in its node of spaces.
        capability newest_space();

        ulmm::server            *server = nullptr;
        std::vector<capability>  received; ///< with the last answer
        a9n::abi::ipc_buffer     buffer {};
        word                     space_count = 0;
    };

    /// Runs `replies` or the random test; see ulmm-server-check.cpp.
    void check_replies();
    void run_random(unsigned seed, unsigned long steps, unsigned failures, unsigned policy);
}
