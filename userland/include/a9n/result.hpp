// A value or the reason why there is none. Every kernel operation returns one; nothing throws.
#pragma once

#include <a9n/abi.hpp>

namespace a9n
{
    using abi::capability_error;
    using abi::word;

    /// The outcome of an operation that returns nothing but success or failure.
    struct [[nodiscard]] status
    {
        bool             ok    = true;
        capability_error error = capability_error::illegal_operation; ///< meaningful only if not `ok`

        constexpr status() = default;

        [[gnu::artificial, gnu::always_inline]] inline constexpr status(capability_error reason)
            : ok(false), error(reason)
        {
        }

        [[gnu::artificial, gnu::always_inline]] inline constexpr explicit operator bool() const
        {
            return ok;
        }
    };

    /// A `T`, or an error. `operator*` may be used only after a test for success.
    template<typename T>
    struct [[nodiscard]] result
    {
        bool             ok    = false;
        capability_error error = capability_error::illegal_operation;
        T                value {};

        [[gnu::artificial, gnu::always_inline]] inline constexpr result(T success) : ok(true), value(success)
        {
        }

        [[gnu::artificial, gnu::always_inline]] inline constexpr result(capability_error reason) : error(reason)
        {
        }

        [[gnu::artificial, gnu::always_inline]] inline constexpr explicit operator bool() const
        {
            return ok;
        }

        [[gnu::artificial, gnu::always_inline]] inline constexpr const T &operator*() const
        {
            return value;
        }

        [[gnu::artificial, gnu::always_inline]] inline constexpr const T *operator->() const
        {
            return &value;
        }
    };

    /// The error in the ABI's words, for a log line.
    constexpr const char *to_string(capability_error error)
    {
        switch (error)
        {
            case capability_error::illegal_operation : return "illegal operation";
            case capability_error::permission_denied : return "permission denied";
            case capability_error::invalid_descriptor : return "invalid descriptor";
            case capability_error::invalid_depth : return "invalid depth";
            case capability_error::invalid_argument : return "invalid argument";
            case capability_error::fatal : return "fatal";
            case capability_error::debug_unimplemented : return "debug unimplemented";
        }
        return "unknown error";
    }
}
