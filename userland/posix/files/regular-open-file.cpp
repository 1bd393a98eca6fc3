// Regular files as read and write see them.

#include "../process-service.hpp"
#include "open-kinds.hpp"

namespace posix
{
    namespace
    {
        struct regular_open_file final : open_file
        {
            using open_file::open_file;

            regular_file &file() const
            {
                return static_cast<regular_file &>(*node);
            }

            bool has_positions() const override
            {
                return true;
            }

            outcome      read(call &from, user_transfer &into, word &position) override;
            outcome      write(call &from, user_transfer &bytes, word &position) override;
            result<word> seek(int64_t distance, uint32_t whence) override;
            outcome      control(call &from, uint32_t request, word argument) override;

            void dispose_self() override
            {
                runtime::destroy(this);
            }
        };

        outcome regular_open_file::read(call &from, user_transfer &into, word &position)
        {
            const file_contents &contents = file().contents;
            const word           start    = position;
            while (position < contents.size() && into.remaining() != 0)
            {
                const file_contents::piece piece = contents.at(position);
                const result<word>         moved = piece.data == nullptr ? into.put_zeros(piece.size) : into.put(piece.data, piece.size);
                if (!moved)
                {
                    return position != start ? outcome { position - start } : outcome { moved.reason };
                }
                position += *moved;
                if (*moved < piece.size)
                {
                    break;
                }
            }
            if ((flags & open_flag::no_access_time) == 0 && position != start)
            {
                node->accessed = to_timestamp(from.now.real_time);
            }
            return position - start;
        }

        outcome regular_open_file::write(call &from, user_transfer &bytes, word &position)
        {
            if (bytes.remaining() == 0)
            {
                return word { 0 };
            }
            file_contents &contents = file().contents;
            if ((flags & open_flag::append) != 0)
            {
                position = contents.size();
            }
            const result<word> room = room_for_write(from, position, bytes.remaining());
            if (!room)
            {
                return room.reason;
            }
            const word         start = position;
            const result<word> moved = bytes.for_each_span(*room, user_access::read, [&](user_span span) -> result<word> {
                const result<word> written = contents.write(position, span.data, span.size);
                position                  += written ? *written : 0;
                return written;
            });
            if (position != start)
            {
                drop_privileges_after_write(*node, from.process.who);
                node->touch_modified(to_timestamp(from.now.real_time));
            }
            return moved;
        }

        result<word> regular_open_file::seek(int64_t distance, uint32_t whence)
        {
            const file_contents &contents = file().contents;
            const word           size     = contents.size();
            word                 base     = 0;
            switch (whence)
            {
                case 0 : break;
                case 1 : base = offset; break;
                case 2 : base = size; break;
                case 3 :
                case 4 :
                {
                    if (distance < 0 || static_cast<word>(distance) >= size)
                    {
                        return error::enxio;
                    }
                    const word start = static_cast<word>(distance);
                    const word found = whence == 3 ? contents.next_data(start) : contents.next_hole(start);
                    if (found >= size && whence == 3)
                    {
                        return error::enxio;
                    }
                    offset = found;
                    return found;
                }
                default : return error::einval;
            }
            const word wanted = base + static_cast<word>(distance);
            if (wanted > maximum_file_size)
            {
                const bool too_far = distance > 0 && base + static_cast<word>(distance) > maximum_file_size && whence != 0;
                return too_far ? error::eoverflow : error::einval;
            }
            offset = wanted;
            return wanted;
        }

        outcome regular_open_file::control(call &from, uint32_t request, word argument)
        {
            constexpr uint32_t bytes_to_read = 0x541b; // FIONREAD
            if (request != bytes_to_read)
            {
                return error::enotty;
            }
            return from.memory.write(argument, static_cast<int32_t>(file().contents.size() - offset));
        }
    }

    result<word> room_for_write(call &from, word position, word size)
    {
        const word limit = from.process.limits[static_cast<size_t>(resource::file_size)].current;
        if (limit != no_limit)
        {
            if (position >= limit)
            {
                signal_caller(from, signal_number::file_size_exceeded);
                return error::efbig;
            }
            size = runtime::minimum(size, limit - position);
        }
        if (position >= maximum_file_size)
        {
            return error::efbig;
        }
        return runtime::minimum(size, maximum_file_size - position);
    }

    void drop_privileges_after_write(inode &file, const credentials &who)
    {
        if (who.file_user == 0)
        {
            return;
        }
        file.permissions &= ~file_mode::set_user;
        if ((file.permissions & 0010) != 0)
        {
            file.permissions &= ~file_mode::set_group;
        }
    }

    reference<open_file> make_regular_open_file(const reference<inode> &node, uint32_t flags)
    {
        return reference<open_file> { runtime::create<regular_open_file>(node, flags) };
    }
}
