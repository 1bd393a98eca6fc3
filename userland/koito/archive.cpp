#include "archive.hpp"

namespace koito
{
    namespace
    {
        constexpr size_t block_size = 512;

        // Fields of a header block: offset and length in bytes.
        constexpr size_t name_offset     = 0;
        constexpr size_t name_length     = 100;
        constexpr size_t size_offset     = 124;
        constexpr size_t size_length     = 12;
        constexpr size_t checksum_offset = 148;
        constexpr size_t checksum_length = 8;
        constexpr size_t type_offset     = 156;

        /// An octal number, padded with blanks in front and ended by a blank, a zero byte or the field's end.
        bool read_octal(const uint8_t *field, size_t length, uint64_t &value)
        {
            size_t i = 0;
            while (i < length && field[i] == ' ')
            {
                ++i;
            }
            value        = 0;
            bool has_digit = false;
            for (; i < length && field[i] != ' ' && field[i] != 0; ++i)
            {
                if (field[i] < '0' || field[i] > '7')
                {
                    return false;
                }
                value     = value * 8 + (field[i] - '0');
                has_digit = true;
            }
            return has_digit;
        }

        /// Sum of the header's bytes, the checksum field itself counted as blanks.
        uint64_t checksum_of(const uint8_t *header)
        {
            uint64_t sum = 0;
            for (size_t i = 0; i < block_size; ++i)
            {
                const bool in_checksum = i >= checksum_offset && i < checksum_offset + checksum_length;
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
    }

    archive_status archive_reader::next()
    {
        while (offset < archive.size)
        {
            if (archive.size - offset < block_size)
            {
                return archive_status::malformed;
            }
            const uint8_t *header = archive.data + offset;
            if (is_zero(header))
            {
                return archive_status::end;
            }

            uint64_t size     = 0;
            uint64_t checksum = 0;
            if (!read_octal(header + checksum_offset, checksum_length, checksum) || checksum != checksum_of(header)
                || !read_octal(header + size_offset, size_length, size))
            {
                return archive_status::malformed;
            }
            const size_t available = archive.size - offset - block_size;
            if (size > available)
            {
                return archive_status::malformed;
            }
            const uint64_t padding = (block_size - size % block_size) % block_size;
            offset += block_size + size + (padding < available - size ? padding : available - size);

            const uint8_t type = header[type_offset];
            if (type != '0' && type != 0)
            {
                continue; // a directory or an extension's record
            }
            size_t length = 0;
            while (length < name_length && header[name_offset + length] != 0)
            {
                ++length;
            }
            current.name     = { reinterpret_cast<const char *>(header + name_offset), length };
            current.contents = { header + block_size, static_cast<size_t>(size) };
            return archive_status::entry;
        }
        return archive_status::end;
    }

    bool find_file(bytes archive, runtime::text name, bytes &contents)
    {
        archive_reader reader { archive };
        while (reader.next() == archive_status::entry)
        {
            if (reader.current.name == name)
            {
                contents = reader.current.contents;
                return true;
            }
        }
        return false;
    }
}
