// Devices without hardware: null, zero, full, random. Terminals are in terminal-file.cpp.

#include "open-kinds.hpp"
#include "terminal-file.hpp"

namespace posix
{
    namespace
    {
        enum class source : uint8_t
        {
            null,   ///< nothing to read, room for everything
            zero,   ///< zeros to read, room for everything
            full,   ///< zeros to read, room for nothing
            random, ///< numbers to read, room for everything
        };

        /// Numbers that look random and are the same in every run: xoshiro256**, seeded with a constant, because nothing here depends on time
        /// or chance. They are no secret from anybody.
        struct random_numbers
        {
            uint64_t state[4] { 0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89 };

            static constexpr uint64_t rotate(uint64_t number, int count)
            {
                return number << count | number >> (64 - count);
            }

            uint64_t next()
            {
                const uint64_t drawn = rotate(state[1] * 5, 7) * 9;
                const uint64_t kept  = state[1] << 17;
                state[2]            ^= state[0];
                state[3]            ^= state[1];
                state[1]            ^= state[2];
                state[0]            ^= state[3];
                state[2]            ^= kept;
                state[3]             = rotate(state[3], 45);
                return drawn;
            }
        };

        constinit random_numbers numbers {};

        struct source_open_file final : open_file
        {
            source_open_file(const reference<inode> &node, uint32_t flags, source kind) : open_file(node, flags), kind(kind)
            {
            }

            bool has_positions() const override
            {
                return true;
            }

            outcome read(call &, user_transfer &into, word &) override
            {
                switch (kind)
                {
                    case source::null : return word { 0 };
                    case source::zero :
                    case source::full : return into.put_zeros(into.remaining());
                    case source::random : break;
                }
                return into.for_each_span(into.remaining(), user_access::write, [](user_span span) -> result<word> {
                    fill_random(span.data, span.size);
                    return span.size;
                });
            }

            outcome write(call &, user_transfer &bytes, word &) override
            {
                return kind == source::full ? outcome { error::enospc } : outcome { bytes.remaining() };
            }

            result<word> seek(int64_t, uint32_t) override
            {
                return word { 0 };
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }

            const source kind;
        };
    }

    void fill_random(uint8_t *data, word size)
    {
        while (size != 0)
        {
            const uint64_t drawn = numbers.next();
            const word     step  = runtime::minimum(size, word { sizeof(drawn) });
            memcpy(data, &drawn, step);
            data += step;
            size -= step;
        }
    }

    opening open_device(call &from, const reference<inode> &node, uint32_t flags)
    {
        constexpr uint32_t memory_major = 1;
        if (node->device.major != memory_major)
        {
            return open_terminal_device(from, node, flags);
        }
        source kind;
        switch (node->device.minor)
        {
            case 3 : kind = source::null; break;
            case 5 : kind = source::zero; break;
            case 7 : kind = source::full; break;
            case 8 :
            case 9 : kind = source::random; break;
            default : return { error::enxio, {} };
        }
        reference<open_file> opened { runtime::create<source_open_file>(node, flags, kind) };
        if (!opened)
        {
            return { error::enomem, {} };
        }
        return { word { 0 }, runtime::move(opened) };
    }
}
