// Words that all of the server uses.
#pragma once

#include <a9n/abi.hpp>
#include <stdint.h>
#include <ulmm/protocol.hpp>

namespace ulmm
{
    using a9n::abi::page_size;
    using a9n::abi::page_size_bits;

    /// A value, or why there is none.
    template<typename T>
    struct [[nodiscard]] outcome
    {
        reply_code code = reply_code::ok;
        T          value {};

        constexpr outcome(T value) : value(value)
        {
        }

        constexpr outcome(reply_code reason) : code(reason)
        {
        }

        constexpr explicit operator bool() const
        {
            return code == reply_code::ok;
        }
    };

    constexpr bool failed(reply_code code)
    {
        return code != reply_code::ok;
    }

    constexpr word round_up(word value, word unit)
    {
        return (value + unit - 1) / unit * unit;
    }

    constexpr bool has(access set, access wanted)
    {
        return (static_cast<word>(set) & static_cast<word>(wanted)) == static_cast<word>(wanted);
    }

    constexpr bool has(map_flags set, map_flags wanted)
    {
        return (static_cast<word>(set) & static_cast<word>(wanted)) != 0;
    }
}
