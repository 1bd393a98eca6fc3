#include "user-memory.hpp"

#include <runtime/memory.hpp>

namespace posix
{
    status user_memory::copy_in(void *destination, word address, word size)
    {
        auto *to = static_cast<uint8_t *>(destination);
        while (size != 0)
        {
            const result<user_span> span = reach(address, size, user_access::read);
            if (!span)
            {
                return span.reason;
            }
            memcpy(to, span->data, span->size);
            to      += span->size;
            address += span->size;
            size    -= span->size;
        }
        return {};
    }

    status user_memory::copy_out(word address, const void *source, word size)
    {
        auto *from = static_cast<const uint8_t *>(source);
        while (size != 0)
        {
            const result<user_span> span = reach(address, size, user_access::write);
            if (!span)
            {
                return span.reason;
            }
            memcpy(span->data, from, span->size);
            from    += span->size;
            address += span->size;
            size    -= span->size;
        }
        return {};
    }

    status user_memory::fill_zero(word address, word size)
    {
        while (size != 0)
        {
            const result<user_span> span = reach(address, size, user_access::write);
            if (!span)
            {
                return span.reason;
            }
            memset(span->data, 0, span->size);
            address += span->size;
            size    -= span->size;
        }
        return {};
    }

    result<word> user_memory::copy_string(char *destination, word address, word capacity, error too_long)
    {
        word length = 0;
        while (length < capacity)
        {
            const result<user_span> span = reach(address + length, capacity - length, user_access::read);
            if (!span)
            {
                return span.reason;
            }
            for (word i = 0; i < span->size; ++i)
            {
                destination[length] = static_cast<char>(span->data[i]);
                if (span->data[i] == 0)
                {
                    return length;
                }
                ++length;
            }
        }
        return too_long;
    }
}
