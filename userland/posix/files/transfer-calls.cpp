// Calls that move bytes, or change how many there are.

#include "../process-service.hpp"
#include "call-support.hpp"
#include "open-kinds.hpp"

namespace posix
{
    namespace
    {
        enum class direction : uint8_t
        {
            in,
            out,
        };

        bool is_user_range(word address, word size)
        {
            return size <= user_address_end && address <= user_address_end - size;
        }

        /// The pieces of readv and its kin, in the server's memory.
        struct piece_list
        {
            static constexpr size_t few = 8;

            linux_iovec                  own[few];
            runtime::vector<linux_iovec> many;
            const linux_iovec           *pieces = own;

            status load(call &from, word address, word count)
            {
                if (count > iovec_limit)
                {
                    return error::einval;
                }
                linux_iovec *filled = own;
                if (count > few)
                {
                    if (!many.resize(count))
                    {
                        return error::enomem;
                    }
                    filled = many.data();
                    pieces = filled;
                }
                const status copied = from.memory.copy_in(filled, address, count * sizeof(linux_iovec));
                if (!copied)
                {
                    return copied;
                }
                word total = 0;
                for (size_t i = 0; i < count; ++i)
                {
                    if (static_cast<int64_t>(filled[i].length) < 0)
                    {
                        return error::einval;
                    }
                    if (!is_user_range(filled[i].base, filled[i].length))
                    {
                        return error::efault;
                    }
                    filled[i].length  = runtime::minimum(filled[i].length, transfer_limit - total);
                    total            += filled[i].length;
                }
                return {};
            }
        };

        outcome move_bytes(call &from, open_file &file, direction way, user_transfer &bytes, word &position)
        {
            return way == direction::in ? file.read(from, bytes, position) : file.write(from, bytes, position);
        }

        bool is_open_for(const open_file &file, direction way)
        {
            return way == direction::in ? file.can_read() : file.can_write();
        }

        outcome transfer(call &from, direction way)
        {
            const reference<open_file> file = usable_file(from, 0);
            if (!file || !is_open_for(*file, way))
            {
                return error::ebadf;
            }
            if (!is_user_range(from.arguments[1], from.arguments[2]))
            {
                return error::efault;
            }
            const linux_iovec piece { from.arguments[1], runtime::minimum(from.arguments[2], transfer_limit) };
            user_transfer     bytes { from.memory, &piece, 1 };
            return move_bytes(from, *file, way, bytes, file->offset);
        }

        outcome transfer_at(call &from, direction way)
        {
            const int64_t start = signed_argument(from, 3);
            if (start < 0)
            {
                return error::einval;
            }
            const reference<open_file> file = usable_file(from, 0);
            if (!file)
            {
                return error::ebadf;
            }
            if (!file->has_positions())
            {
                return error::espipe;
            }
            if (!is_open_for(*file, way))
            {
                return error::ebadf;
            }
            if (!is_user_range(from.arguments[1], from.arguments[2]))
            {
                return error::efault;
            }
            const linux_iovec piece { from.arguments[1], runtime::minimum(from.arguments[2], transfer_limit) };
            user_transfer     bytes { from.memory, &piece, 1 };
            word              position = static_cast<word>(start);
            return move_bytes(from, *file, way, bytes, position);
        }

        outcome transfer_pieces(call &from, direction way)
        {
            const reference<open_file> file = usable_file(from, 0);
            if (!file || !is_open_for(*file, way))
            {
                return error::ebadf;
            }
            piece_list   list;
            const status loaded = list.load(from, from.arguments[1], from.arguments[2]);
            if (!loaded)
            {
                return loaded;
            }
            user_transfer bytes { from.memory, list.pieces, from.arguments[2] };
            return bytes.remaining() == 0 ? outcome { word { 0 } } : move_bytes(from, *file, way, bytes, file->offset);
        }

        outcome transfer_pieces_at(call &from, direction way)
        {
            const int64_t start = signed_argument(from, 3);
            if (start < 0)
            {
                return error::einval;
            }
            const reference<open_file> file = usable_file(from, 0);
            if (!file)
            {
                return error::ebadf;
            }
            if (!file->has_positions())
            {
                return error::espipe;
            }
            if (!is_open_for(*file, way))
            {
                return error::ebadf;
            }
            piece_list   list;
            const status loaded = list.load(from, from.arguments[1], from.arguments[2]);
            if (!loaded)
            {
                return loaded;
            }
            user_transfer bytes { from.memory, list.pieces, from.arguments[2] };
            word          position = static_cast<word>(start);
            return bytes.remaining() == 0 ? outcome { word { 0 } } : move_bytes(from, *file, way, bytes, position);
        }

        /// No flag changes what a read or write does here; −1 is the file's own offset.
        outcome transfer_pieces_with_flags(call &from, direction way)
        {
            if (from.arguments[5] != 0)
            {
                return error::eopnotsupp;
            }
            return signed_argument(from, 3) == -1 ? transfer_pieces(from, way) : transfer_pieces_at(from, way);
        }

        outcome resize(call &from, inode &node, int64_t size)
        {
            const word wanted = static_cast<word>(size);
            const word limit  = from.process.limits[static_cast<size_t>(resource::file_size)].current;
            auto      &file   = static_cast<regular_file &>(node);
            if (wanted > file.size() && limit != no_limit && wanted > limit)
            {
                signal_caller(from, signal_number::file_size_exceeded);
                return error::efbig;
            }
            file.contents.resize(wanted);
            drop_privileges_after_write(file, from.process.who);
            file.touch_modified(to_timestamp(from.now.real_time));
            return word { 0 };
        }
    }

    outcome call_read(call &from)
    {
        return transfer(from, direction::in);
    }

    outcome call_write(call &from)
    {
        return transfer(from, direction::out);
    }

    outcome call_pread(call &from)
    {
        return transfer_at(from, direction::in);
    }

    outcome call_pwrite(call &from)
    {
        return transfer_at(from, direction::out);
    }

    outcome call_readv(call &from)
    {
        return transfer_pieces(from, direction::in);
    }

    outcome call_writev(call &from)
    {
        return transfer_pieces(from, direction::out);
    }

    outcome call_preadv(call &from)
    {
        return transfer_pieces_at(from, direction::in);
    }

    outcome call_pwritev(call &from)
    {
        return transfer_pieces_at(from, direction::out);
    }

    outcome call_preadv2(call &from)
    {
        return transfer_pieces_with_flags(from, direction::in);
    }

    outcome call_pwritev2(call &from)
    {
        return transfer_pieces_with_flags(from, direction::out);
    }

    outcome call_lseek(call &from)
    {
        const reference<open_file> file = usable_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        const uint32_t whence = unsigned_argument(from, 2);
        if (whence > 4)
        {
            return error::einval;
        }
        return file->seek(signed_argument(from, 1), whence);
    }

    outcome call_sendfile(call &from)
    {
        const word count = runtime::minimum(from.arguments[3], transfer_limit);
        int64_t    start = 0;
        if (from.arguments[2] != 0)
        {
            const result<int64_t> given = from.memory.read<int64_t>(from.arguments[2]);
            if (!given)
            {
                return given.reason;
            }
            start = *given;
        }
        const reference<open_file> in = usable_file(from, 1);
        if (!in || !in->can_read())
        {
            return error::ebadf;
        }
        if (from.arguments[2] != 0 && !in->has_positions())
        {
            return error::espipe;
        }
        const reference<open_file> out = usable_file(from, 0);
        if (!out || !out->can_write())
        {
            return error::ebadf;
        }
        const bool to_pipe = out->node->kind == inode_kind::fifo;
        if (!to_pipe && (out->flags & open_flag::append) != 0)
        {
            return error::einval;
        }
        if (start < 0 || static_cast<int64_t>(from.arguments[3]) < 0)
        {
            return error::einval;
        }

        // A pipe must have room before the file is even looked at.
        const uint32_t out_events = to_pipe ? out->events() : poll_event::out;
        if (from.wait.progress == 0 && (out_events & poll_event::error) != 0)
        {
            signal_caller(from, signal_number::broken_pipe);
            return error::epipe;
        }
        if (from.wait.progress == 0 && (out_events & poll_event::out) == 0)
        {
            if (out->is_non_blocking())
            {
                return error::eagain;
            }
            const status joined = out->join(from.wait);
            return joined ? wait_until_woken : outcome { joined };
        }

        if (to_pipe && count == 0)
        {
            return word { 0 };
        }
        if (in->node->kind != inode_kind::regular)
        {
            return error::einval;
        }

        // The position is brought up to date with every piece, so that a call that waits or is interrupted goes on where it was.
        word sent     = from.wait.progress;
        word position = from.arguments[2] != 0 ? static_cast<word>(start) : in->offset;
        while (sent < count)
        {
            uint8_t           buffer[page_size];
            own_memory        own;
            linux_iovec       piece { reinterpret_cast<word>(buffer), runtime::minimum(page_size, count - sent) };
            user_transfer     incoming { own, &piece, 1 };
            word              reading = position;
            const outcome     got     = in->read(from, incoming, reading);
            if (got.what != outcome::kind::value || got.value == 0)
            {
                return sent != 0 || got.what == outcome::kind::value ? outcome { sent } : got;
            }
            piece.length = got.value;
            user_transfer outgoing { own, &piece, 1 };
            from.wait.progress = 0;
            const outcome put  = out->write(from, outgoing, out->offset);
            const word    done = put.what == outcome::kind::value ? put.value : put.what == outcome::kind::failure ? 0 : from.wait.progress;
            sent              += done;
            position          += done;
            from.wait.progress = sent;
            if (from.arguments[2] != 0)
            {
                const status told = from.memory.write(from.arguments[2], position);
                if (!told)
                {
                    return told;
                }
            }
            else
            {
                in->offset = position;
            }
            if (put.what == outcome::kind::failure)
            {
                return sent != 0 ? outcome { sent } : put;
            }
            if (put.what != outcome::kind::value)
            {
                return put;
            }
            if (done < piece.length)
            {
                break;
            }
        }
        return sent;
    }

    outcome call_copy_file_range(call &from)
    {
        const reference<open_file> in  = usable_file(from, 0);
        const reference<open_file> out = usable_file(from, 2);
        if (!in || !out)
        {
            return error::ebadf;
        }
        word       positions[2] { in->offset, out->offset };
        const word places[2] { from.arguments[1], from.arguments[3] };
        for (size_t i = 0; i < 2; ++i)
        {
            if (places[i] != 0)
            {
                const result<word> given = from.memory.read<word>(places[i]);
                if (!given)
                {
                    return given.reason;
                }
                positions[i] = *given;
            }
        }
        if (unsigned_argument(from, 5) != 0)
        {
            return error::einval;
        }
        if (in->node->kind == inode_kind::directory || out->node->kind == inode_kind::directory)
        {
            return error::eisdir;
        }
        regular_file *source = as_regular_file(*in->node);
        regular_file *target = as_regular_file(*out->node);
        if (source == nullptr || target == nullptr)
        {
            return error::einval;
        }
        if (!in->can_read() || !out->can_write() || (out->flags & open_flag::append) != 0)
        {
            return error::ebadf;
        }
        word count = from.arguments[4];
        if (positions[0] > maximum_file_size || positions[1] > maximum_file_size)
        {
            return error::einval;
        }
        if (count > maximum_file_size - positions[0] || count > maximum_file_size - positions[1])
        {
            return error::eoverflow;
        }
        count = positions[0] >= source->size() ? 0 : runtime::minimum(count, source->size() - positions[0]);
        if (source == target && positions[0] < positions[1] + count && positions[1] < positions[0] + count)
        {
            return error::einval;
        }
        if (count == 0)
        {
            return word { 0 };
        }
        const result<word> room = room_for_write(from, positions[1], runtime::minimum(count, transfer_limit));
        if (!room)
        {
            return room.reason;
        }
        word done = 0;
        while (done < *room)
        {
            uint8_t            buffer[page_size];
            const word         size    = source->contents.read(positions[0] + done, buffer, runtime::minimum(page_size, *room - done));
            const result<word> written = target->contents.write(positions[1] + done, buffer, size);
            if (!written && done == 0)
            {
                return written.reason;
            }
            done += written ? *written : 0;
            if (!written || *written < size)
            {
                break;
            }
        }
        target->touch_modified(to_timestamp(from.now.real_time));
        open_file *opened[2] { in.get(), out.get() };
        for (size_t i = 0; i < 2; ++i)
        {
            positions[i] += done;
            if (places[i] == 0)
            {
                opened[i]->offset = positions[i];
            }
            else if (const status told = from.memory.write(places[i], positions[i]); !told)
            {
                return told;
            }
        }
        return done;
    }

    outcome call_getdents64(call &from)
    {
        const reference<open_file> file = usable_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        return file->read_entries(from, from.arguments[1], unsigned_argument(from, 2));
    }

    outcome call_truncate(call &from)
    {
        const int64_t size = signed_argument(from, 1);
        if (size < 0)
        {
            return error::einval;
        }
        const result<reference<inode>> file = find_file(from, at_working_directory, from.arguments[0], true);
        if (!file)
        {
            return file.reason;
        }
        if ((*file)->kind == inode_kind::directory)
        {
            return error::eisdir;
        }
        if (as_regular_file(**file) == nullptr)
        {
            return error::einval;
        }
        if (!may_access(**file, from.process.who, access_right::write))
        {
            return error::eacces;
        }
        return resize(from, **file, size);
    }

    outcome call_ftruncate(call &from)
    {
        const int64_t size = signed_argument(from, 1);
        if (size < 0)
        {
            return error::einval;
        }
        const reference<open_file> file = usable_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        if (as_regular_file(*file->node) == nullptr || !file->can_write())
        {
            return error::einval;
        }
        return resize(from, *file->node, size);
    }

    outcome call_fallocate(call &from)
    {
        constexpr uint32_t keep_size  = 1;
        constexpr uint32_t punch_hole = 2;

        const reference<open_file> opened = usable_file(from, 0);
        if (!opened)
        {
            return error::ebadf;
        }
        const uint32_t mode   = unsigned_argument(from, 1);
        const int64_t  offset = signed_argument(from, 2);
        const int64_t  length = signed_argument(from, 3);
        if (offset < 0 || length <= 0)
        {
            return error::einval;
        }
        if (mode != 0 && mode != keep_size && mode != (keep_size | punch_hole))
        {
            return error::eopnotsupp;
        }
        if (!opened->can_write())
        {
            return error::ebadf;
        }
        regular_file *file = as_regular_file(*opened->node);
        if (file == nullptr)
        {
            return opened->node->kind == inode_kind::fifo ? error::espipe : error::enodev;
        }
        const word start = static_cast<word>(offset);
        const word size  = static_cast<word>(length);
        if (size > maximum_file_size - start)
        {
            return error::efbig;
        }
        status done;
        if ((mode & punch_hole) != 0)
        {
            done = file->contents.punch(start, size);
        }
        else
        {
            const word limit = from.process.limits[static_cast<size_t>(resource::file_size)].current;
            if ((mode & keep_size) == 0 && limit != no_limit && start + size > limit && start + size > file->size())
            {
                signal_caller(from, signal_number::file_size_exceeded);
                return error::efbig;
            }
            done = file->contents.reserve(start, size);
            if (done && (mode & keep_size) == 0 && start + size > file->size())
            {
                file->contents.resize(start + size);
            }
        }
        if (done)
        {
            drop_privileges_after_write(*file, from.process.who);
            file->touch_modified(to_timestamp(from.now.real_time));
        }
        return done;
    }

    outcome call_fsync(call &from)
    {
        const reference<open_file> file = usable_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        const bool is_stored = file->node->kind == inode_kind::regular || file->node->kind == inode_kind::directory;
        return is_stored ? outcome { word { 0 } } : outcome { error::einval };
    }

    outcome call_sync(call &)
    {
        return word { 0 };
    }

    outcome call_fadvise(call &from)
    {
        const reference<open_file> file = usable_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        if (file->node->kind == inode_kind::fifo)
        {
            return error::espipe;
        }
        return signed_argument(from, 2) < 0 || unsigned_argument(from, 3) > 5 ? outcome { error::einval } : outcome { word { 0 } };
    }

    outcome call_ioctl(call &from)
    {
        constexpr uint32_t keep_on_exec  = 0x5450; // FIONCLEX
        constexpr uint32_t close_on_exec = 0x5451; // FIOCLEX
        constexpr uint32_t non_blocking  = 0x5421; // FIONBIO

        const reference<open_file> file = usable_file(from, 0);
        if (!file)
        {
            return error::ebadf;
        }
        const uint32_t request = unsigned_argument(from, 1);
        switch (request)
        {
            case keep_on_exec :
            case close_on_exec :
                descriptors_of(from).slots[unsigned_argument(from, 0)].close_on_exec = request == close_on_exec;
                return word { 0 };
            case non_blocking :
            {
                const result<int32_t> wanted = from.memory.read<int32_t>(from.arguments[2]);
                if (!wanted)
                {
                    return wanted.reason;
                }
                file->flags = *wanted != 0 ? file->flags | open_flag::non_blocking : file->flags & ~open_flag::non_blocking;
                return word { 0 };
            }
            default : return file->control(from, request, from.arguments[2]);
        }
    }
}
