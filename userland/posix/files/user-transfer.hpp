// Where a read's bytes go and a write's come from: pieces of the caller's memory, one after the other.
#pragma once

#include "../user-memory.hpp"
#include "linux-abi.hpp"

#include <runtime/memory.hpp>
#include <runtime/utility.hpp>

namespace posix
{
    class user_transfer
    {
    public:
        user_transfer(user_memory &memory, const linux_iovec *pieces, size_t count) : memory(memory), pieces(pieces), count(count)
        {
            for (size_t i = 0; i < count; ++i)
            {
                left += pieces[i].length;
            }
        }

        word remaining() const
        {
            return left;
        }

        /// How many bytes have been passed over.
        word done() const
        {
            return passed;
        }

        void skip(word size)
        {
            while (size != 0)
            {
                const word step  = runtime::minimum(size, pieces[current].length - within);
                size            -= step;
                advance(step);
            }
        }

        /// Calls `use(span)` for the bytes of the caller's memory, at most `limit`, as `user_memory::for_each_span` does.
        template<typename Use>
        result<word> for_each_span(word limit, user_access access, Use use)
        {
            word moved = 0;
            while (moved < limit && left != 0)
            {
                if (within == pieces[current].length)
                {
                    advance(0);
                    continue;
                }
                const word              wanted = runtime::minimum(limit - moved, pieces[current].length - within);
                const result<user_span> span   = memory.reach(pieces[current].base + within, wanted, access);
                if (!span)
                {
                    return moved != 0 ? result<word> { moved } : result<word> { span.reason };
                }
                const result<word> taken = use(*span);
                if (!taken)
                {
                    return moved != 0 ? result<word> { moved } : result<word> { taken.reason };
                }
                moved += *taken;
                advance(*taken);
                if (*taken < span->size)
                {
                    break;
                }
            }
            return moved;
        }

        /// Copies to the caller. Fewer bytes than asked for if the caller's memory ends; EFAULT if none.
        result<word> put(const uint8_t *data, word size)
        {
            return for_each_span(size, user_access::write, [&data](user_span span) -> result<word> {
                memcpy(span.data, data, span.size);
                data += span.size;
                return span.size;
            });
        }

        result<word> put_zeros(word size)
        {
            return for_each_span(size, user_access::write, [](user_span span) -> result<word> {
                memset(span.data, 0, span.size);
                return span.size;
            });
        }

        /// Copies from the caller.
        result<word> take(uint8_t *data, word size)
        {
            return for_each_span(size, user_access::read, [&data](user_span span) -> result<word> {
                memcpy(data, span.data, span.size);
                data += span.size;
                return span.size;
            });
        }

    private:
        void advance(word step)
        {
            within += step;
            passed += step;
            left   -= step;
            while (current + 1 < count && within == pieces[current].length)
            {
                ++current;
                within = 0;
            }
        }

        user_memory       &memory;
        const linux_iovec *pieces;
        size_t             count;
        size_t             current = 0;
        word               within  = 0;
        word               passed  = 0;
        word               left    = 0;
    };

    /// The server's own memory, where a call needs bytes to come from or go there.
    struct own_memory final : user_memory
    {
        result<user_span> reach(word address, word size, user_access) override
        {
            return user_span { reinterpret_cast<uint8_t *>(address), size };
        }
    };
}
