// Text without a library: a view of characters, and formatting into a fixed buffer.
#pragma once

#include <a9n/abi.hpp>
#include <stddef.h>

namespace runtime
{
    /// Characters somewhere else; not terminated by 0.
    struct text
    {
        const char *characters = nullptr;
        size_t      length     = 0;

        constexpr text() = default;

        constexpr text(const char *start, size_t count) : characters(start), length(count)
        {
        }

        constexpr text(const char *terminated) : characters(terminated)
        {
            while (terminated[length] != '\0')
            {
                ++length;
            }
        }
    };

    constexpr bool operator==(text a, text b)
    {
        if (a.length != b.length)
        {
            return false;
        }
        for (size_t i = 0; i < a.length; ++i)
        {
            if (a.characters[i] != b.characters[i])
            {
                return false;
            }
        }
        return true;
    }

    /// Marks a number that is to be written as 0x….
    struct hexadecimal
    {
        a9n::abi::word value;
    };

    /// One line under construction. What does not fit is cut off.
    struct line
    {
        static constexpr size_t capacity = 256;

        char   characters[capacity] {};
        size_t length = 0;

        constexpr void append(char character)
        {
            if (length < capacity)
            {
                characters[length++] = character;
            }
        }

        constexpr void append(text part)
        {
            for (size_t i = 0; i < part.length; ++i)
            {
                append(part.characters[i]);
            }
        }

        constexpr void append(const char *part)
        {
            append(text { part });
        }

        constexpr void append(a9n::abi::word number)
        {
            append_digits(number, 10);
        }

        constexpr void append(hexadecimal number)
        {
            append("0x");
            append_digits(number.value, 16);
        }

        constexpr operator text() const
        {
            return { characters, length };
        }

    private:
        constexpr void append_digits(a9n::abi::word number, a9n::abi::word base)
        {
            char   digits[20] {};
            size_t count = 0;
            do
            {
                digits[count++]  = "0123456789abcdef"[number % base];
                number          /= base;
            } while (number != 0);
            while (count != 0)
            {
                append(digits[--count]);
            }
        }
    };

    /// Parts (text, characters, numbers, `hexadecimal`) one after the other.
    template<typename... Parts>
    constexpr line format(Parts... parts)
    {
        line result;
        (result.append(parts), ...);
        return result;
    }
}
