// Directories as getdents64 sees them, and files opened only to be named (O_PATH).

#include "directory.hpp"
#include "open-kinds.hpp"

namespace posix
{
    namespace
    {
        uint8_t entry_type(inode_kind kind)
        {
            switch (kind)
            {
                case inode_kind::fifo : return 1;
                case inode_kind::character_device : return 2;
                case inode_kind::directory : return 4;
                case inode_kind::block_device : return 6;
                case inode_kind::regular :
                case inode_kind::generated : return 8;
                case inode_kind::symbolic_link : return 10;
                case inode_kind::socket : return 12;
                case inode_kind::anonymous : break;
            }
            return 0;
        }

        struct directory_open_file final : open_file
        {
            using open_file::open_file;

            bool has_positions() const override
            {
                return true;
            }

            outcome read(call &, user_transfer &, word &) override
            {
                return error::eisdir;
            }

            result<word> seek(int64_t distance, uint32_t whence) override;
            outcome      read_entries(call &from, word address, word size) override;

            void dispose_self() override
            {
                runtime::destroy(this);
            }
        };

        /// The position is the cookie of the entry passed last.
        bool next_item(directory &folder, word after, const process_state &reader, directory_item &item)
        {
            if (after < own_cookie)
            {
                item = { ".", folder.number, inode_kind::directory, own_cookie };
                return true;
            }
            if (after < parent_cookie)
            {
                item = { "..", folder.parent->number, inode_kind::directory, parent_cookie };
                return true;
            }
            return folder.next(after, reader, item);
        }

        result<word> directory_open_file::seek(int64_t distance, uint32_t whence)
        {
            if (whence > 1)
            {
                return error::einval;
            }
            const word wanted = (whence == 1 ? offset : 0) + static_cast<word>(distance);
            if (wanted > maximum_file_size)
            {
                return error::einval;
            }
            offset = wanted;
            return wanted;
        }

        outcome directory_open_file::read_entries(call &from, word address, word size)
        {
            auto &folder = static_cast<directory &>(*node);
            if (folder.link_count == 0)
            {
                return error::enoent;
            }
            word           done = 0;
            directory_item item;
            while (next_item(folder, offset, from.process, item))
            {
                constexpr size_t header = linux_directory_entry::header_size;
                const word       length = (header + item.name.length + 1 + 7) / 8 * 8;
                if (length > size - done)
                {
                    if (done == 0)
                    {
                        return error::einval;
                    }
                    break;
                }
                uint8_t               bytes[header + name_capacity + 8] {};
                linux_directory_entry entry {};
                entry.inode       = item.number;
                entry.next_offset = static_cast<int64_t>(item.cookie);
                entry.size        = static_cast<uint16_t>(length);
                entry.type        = entry_type(item.kind);
                memcpy(bytes, &entry, header);
                memcpy(bytes + header, item.name.characters, item.name.length);
                const status copied = from.memory.copy_out(address + done, bytes, length);
                if (!copied)
                {
                    return done == 0 ? outcome { copied } : outcome { done };
                }
                done   += length;
                offset  = item.cookie;
            }
            folder.accessed = to_timestamp(from.now.real_time);
            return done;
        }

        struct path_only final : open_file
        {
            using open_file::open_file;

            void dispose_self() override
            {
                runtime::destroy(this);
            }
        };
    }

    reference<open_file> make_directory_open_file(const reference<inode> &node, uint32_t flags)
    {
        return reference<open_file> { runtime::create<directory_open_file>(node, flags) };
    }

    reference<open_file> make_path_only(const reference<inode> &node, uint32_t flags)
    {
        return reference<open_file> { runtime::create<path_only>(node, flags) };
    }
}
