#include <runtime/tar.hpp>

namespace runtime
{
    namespace
    {
        constexpr size_t block_size = 512;

        /// A field of a header block.
        struct field
        {
            size_t offset;
            size_t length;
        };

        constexpr field name_field { 0, 100 };
        constexpr field mode_field { 100, 8 };
        constexpr field user_field { 108, 8 };
        constexpr field group_field { 116, 8 };
        constexpr field size_field { 124, 12 };
        constexpr field time_field { 136, 12 };
        constexpr field checksum_field { 148, 8 };
        constexpr field link_field { 157, 100 };
        constexpr field magic_field { 257, 6 };
        constexpr field major_field { 329, 8 };
        constexpr field minor_field { 337, 8 };
        constexpr field prefix_field { 345, 155 };
        constexpr size_t type_offset = 156;

        /// An octal number, padded with blanks in front and ended by a blank, a zero byte or the field's end; or, after a byte
        /// with the highest bit set, a binary one. A field without digits is 0 if it may be empty.
        bool read_number(const uint8_t *header, field where, uint64_t &value, bool may_be_empty = true)
        {
            const uint8_t *digits = header + where.offset;
            value                 = 0;
            if ((digits[0] & 0x80) != 0)
            {
                for (size_t i = 0; i < where.length; ++i)
                {
                    const uint8_t byte = i == 0 ? digits[0] & 0x7f : digits[i];
                    if (value >> 55 != 0)
                    {
                        return false;
                    }
                    value = value << 8 | byte;
                }
                return true;
            }
            bool   has_digit = false;
            size_t i         = 0;
            while (i < where.length && digits[i] == ' ')
            {
                ++i;
            }
            for (; i < where.length && digits[i] != ' ' && digits[i] != 0; ++i)
            {
                if (digits[i] < '0' || digits[i] > '7')
                {
                    return false;
                }
                value     = value * 8 + (digits[i] - '0');
                has_digit = true;
            }
            return has_digit || may_be_empty;
        }

        text read_text(const uint8_t *start, size_t capacity)
        {
            size_t length = 0;
            while (length < capacity && start[length] != 0)
            {
                ++length;
            }
            return { reinterpret_cast<const char *>(start), length };
        }

        text read_text(const uint8_t *header, field where)
        {
            return read_text(header + where.offset, where.length);
        }

        /// Sum of the header's bytes, the checksum itself counted as blanks.
        uint64_t checksum_of(const uint8_t *header)
        {
            uint64_t sum = 0;
            for (size_t i = 0; i < block_size; ++i)
            {
                const bool in_checksum = i >= checksum_field.offset && i < checksum_field.offset + checksum_field.length;
                sum += in_checksum ? ' ' : header[i];
            }
            return sum;
        }

        bool is_zero(const uint8_t *header)
        {
            for (size_t i = 0; i < block_size; ++i)
            {
                if (header[i] != 0)
                {
                    return false;
                }
            }
            return true;
        }

        /// What records before a header say in its place.
        struct overrides
        {
            text name {};
            text link {};
        };

        /// pax: "LENGTH KEY=VALUE\n" each, the length that of the whole record.
        bool read_records(const uint8_t *data, size_t size, overrides &found)
        {
            size_t at = 0;
            while (at < size)
            {
                size_t length = 0;
                size_t cursor = at;
                while (cursor < size && data[cursor] >= '0' && data[cursor] <= '9' && length < size)
                {
                    length = length * 10 + (data[cursor++] - '0');
                }
                if (cursor == at || cursor >= size || data[cursor] != ' ' || length > size - at || at + length < cursor + 2)
                {
                    return false;
                }
                const auto *key = reinterpret_cast<const char *>(data + ++cursor);
                const size_t rest = at + length - 1 - cursor; // without the line's end
                size_t       key_length = 0;
                while (key_length < rest && key[key_length] != '=')
                {
                    ++key_length;
                }
                if (key_length == rest)
                {
                    return false;
                }
                const text value { key + key_length + 1, rest - key_length - 1 };
                if (text { key, key_length } == text { "path" })
                {
                    found.name = value;
                }
                else if (text { key, key_length } == text { "linkpath" })
                {
                    found.link = value;
                }
                else if (text { key, key_length } == text { "size" })
                {
                    return false; // a file of 8 GiB or more
                }
                at += length;
            }
            return true;
        }
    }

    tar_status tar_reader::next()
    {
        overrides before;
        while (offset < size)
        {
            if (size - offset < block_size)
            {
                return tar_status::malformed;
            }
            const uint8_t *header = data + offset;
            if (is_zero(header))
            {
                return tar_status::end;
            }
            uint64_t checksum = 0;
            uint64_t mode     = 0;
            uint64_t user     = 0;
            uint64_t group    = 0;
            uint64_t length   = 0;
            uint64_t modified = 0;
            if (!read_number(header, checksum_field, checksum, false) || checksum != checksum_of(header)
                || !read_number(header, mode_field, mode) || !read_number(header, user_field, user)
                || !read_number(header, group_field, group) || !read_number(header, size_field, length, false)
                || !read_number(header, time_field, modified))
            {
                return tar_status::malformed;
            }
            const size_t available = size - offset - block_size;
            const char   type      = static_cast<char>(header[type_offset]);
            if (length > available)
            {
                return tar_status::malformed;
            }
            const uint8_t *contents = header + block_size;
            const size_t   padding  = (block_size - length % block_size) % block_size;
            offset += block_size + length + (padding < available - length ? padding : available - length);

            current          = {};
            current.contents = contents;
            current.size     = length;
            switch (type)
            {
                case '0' :
                case '7' :
                case 0 : current.kind = tar_kind::file; break;
                case '1' : current.kind = tar_kind::hard_link; break;
                case '2' : current.kind = tar_kind::symbolic_link; break;
                case '3' : current.kind = tar_kind::character_device; break;
                case '4' : current.kind = tar_kind::block_device; break;
                case '5' : current.kind = tar_kind::directory; break;
                case '6' : current.kind = tar_kind::fifo; break;
                case 'L' : before.name = read_text(contents, length); continue;
                case 'K' : before.link = read_text(contents, length); continue;
                case 'x' :
                    if (!read_records(contents, length, before))
                    {
                        return tar_status::malformed;
                    }
                    continue;
                case 'g' : continue;
                default : return tar_status::malformed;
            }
            const bool is_posix = read_text(header, magic_field) == text { "ustar" };
            uint64_t   major    = 0;
            uint64_t   minor    = 0;
            if (current.kind == tar_kind::character_device || current.kind == tar_kind::block_device)
            {
                if (!read_number(header, major_field, major) || !read_number(header, minor_field, minor))
                {
                    return tar_status::malformed;
                }
            }
            current.prefix       = is_posix && before.name.length == 0 ? read_text(header, prefix_field) : text {};
            current.name         = before.name.length != 0 ? before.name : read_text(header, name_field);
            current.link         = before.link.length != 0 ? before.link : read_text(header, link_field);
            current.mode         = static_cast<uint32_t>(mode & 07777);
            current.user         = static_cast<uint32_t>(user);
            current.group        = static_cast<uint32_t>(group);
            current.modified     = static_cast<int64_t>(modified);
            current.device_major = static_cast<uint32_t>(major);
            current.device_minor = static_cast<uint32_t>(minor);
            return tar_status::entry;
        }
        return tar_status::end;
    }
}
