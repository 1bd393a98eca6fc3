// A program's memory as a server reaches it: page by page, every address checked. A bad address is EFAULT.
//
// The one thing that differs between the server (windows of ULMM) and a test on the host (an array) is `reach`.
#pragma once

#include "errors.hpp"

namespace posix
{
    inline constexpr word page_size = 4096;

    /// The end of user addresses: the last page below 2^47 is never mapped.
    inline constexpr word user_address_end = 0x7fff'ffff'f000;

    enum class user_access : uint8_t
    {
        read,
        write,
    };

    /// Bytes of the program, at their place in the server. Valid until the next `reach` of any program's memory.
    struct user_span
    {
        uint8_t *data = nullptr;
        word     size = 0;
    };

    struct user_memory
    {
        /// The bytes from `address` on, at least one and at most `size` (which is not 0): those in the first page.
        virtual result<user_span> reach(word address, word size, user_access access) = 0;

        status copy_in(void *destination, word address, word size);
        status copy_out(word address, const void *source, word size);
        status fill_zero(word address, word size);

        /// Copies a string without its zero byte; `capacity` counts the zero byte. Longer ones are `too_long`.
        result<word> copy_string(char *destination, word address, word capacity, error too_long = error::enametoolong);

        template<typename T>
        result<T> read(word address)
        {
            T            value {};
            const status copied = copy_in(&value, address, sizeof(T));
            return copied ? result<T> { value } : result<T> { copied.reason };
        }

        template<typename T>
        status write(word address, const T &value)
        {
            return copy_out(address, &value, sizeof(T));
        }

        /// Calls `use(span)`, which returns a `result<word>` of how many bytes it took, for one page after the other, until it takes
        /// less than it was given. The sum; an error only if it comes before the first byte.
        template<typename Use>
        result<word> for_each_span(word address, word size, user_access access, Use use)
        {
            word done = 0;
            while (done < size)
            {
                const result<user_span> span = reach(address + done, size - done, access);
                if (!span)
                {
                    return done != 0 ? result<word> { done } : result<word> { span.reason };
                }
                const result<word> used = use(*span);
                if (!used)
                {
                    return done != 0 ? result<word> { done } : result<word> { used.reason };
                }
                done += *used;
                if (*used < span->size)
                {
                    break;
                }
            }
            return done;
        }

    protected:
        ~user_memory() = default;
    };
}
