// Text of parts, appended one after the other; whether memory sufficed is asked once, at the end.
#pragma once

#include "../errors.hpp"

#include <runtime/string.hpp>

namespace posix
{
    class text_builder
    {
    public:
        explicit text_builder(runtime::string &target) : target(target), line_start(target.size())
        {
        }

        text_builder &append(runtime::text part)
        {
            complete = target.append(part) && complete;
            if (part.length != 0 && part.characters[part.length - 1] == '\n')
            {
                line_start = target.size();
            }
            return *this;
        }

        text_builder &append(const char *part)
        {
            return append(runtime::text { part });
        }

        text_builder &append(word number)
        {
            return digits(number, 10);
        }

        text_builder &append(uint32_t number)
        {
            return digits(number, 10);
        }

        text_builder &append(int32_t number)
        {
            const auto wide = static_cast<int64_t>(number);
            return wide < 0 ? append("-").digits(static_cast<word>(-wide), 10) : digits(static_cast<word>(wide), 10);
        }

        /// Hexadecimal, at least eight digits.
        text_builder &address(word number)
        {
            for (word least = 0x1000'0000; least > number && least > 1; least /= 16)
            {
                append("0");
            }
            return digits(number, 16);
        }

        text_builder &two_digits(word number)
        {
            return (number < 10 ? append("0") : *this).digits(number, 10);
        }

        /// Blanks up to a column of the line.
        text_builder &pad_to(size_t column)
        {
            while (complete && target.size() - line_start < column)
            {
                append(" ");
            }
            return *this;
        }

        status done() const
        {
            return complete ? status {} : status { error::enomem };
        }

    private:
        text_builder &digits(word number, word base)
        {
            char   characters[20];
            size_t start = sizeof(characters);
            do
            {
                characters[--start]  = "0123456789abcdef"[number % base];
                number              /= base;
            } while (number != 0);
            return append(runtime::text { characters + start, sizeof(characters) - start });
        }

        runtime::string &target;
        size_t           line_start;
        bool             complete = true;
    };
}
