// A program's memory as an array: `reach` for tests of the POSIX server on the host.
#pragma once

#include <posix/user-memory.hpp>

#include <vector>

namespace posix
{
    struct host_memory final : user_memory
    {
        host_memory(word first_address, word page_count) : base(first_address), bytes(page_count * page_size)
        {
        }

        result<user_span> reach(word address, word size, user_access access) override
        {
            if (address < base || address - base >= bytes.size() || (read_only && access == user_access::write))
            {
                return error::efault;
            }
            const word in_page = page_size - address % page_size;
            return user_span { bytes.data() + (address - base), size < in_page ? size : in_page };
        }

        word                 base;
        std::vector<uint8_t> bytes;
        bool                 read_only = false;
    };
}
