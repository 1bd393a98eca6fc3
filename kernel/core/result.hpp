// Errors as values.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n
{
    /// Nothing, or why there is nothing: an error for MR1.
    class [[nodiscard]] status
    {
    public:
        constexpr status() = default;

        constexpr status(capability_error error) : code(static_cast<word>(error) + 1)
        {
        }

        constexpr bool ok() const
        {
            return code == 0;
        }

        constexpr capability_error error() const
        {
            return static_cast<capability_error>(code - 1);
        }

    private:
        word code = 0; ///< 0, or the error plus one: results fit into two registers
    };

    /// A value, or why there is none.
    template<typename T>
    class [[nodiscard]] result
    {
    public:
        constexpr result(T value) : content(value)
        {
        }

        constexpr result(capability_error error) : outcome(error)
        {
        }

        constexpr bool ok() const
        {
            return outcome.ok();
        }

        constexpr capability_error error() const
        {
            return outcome.error();
        }

        constexpr T value() const
        {
            return content;
        }

    private:
        T      content {};
        status outcome {};
    };
}
