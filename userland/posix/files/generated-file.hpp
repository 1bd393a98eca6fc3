// Files whose bytes are made when they are opened, as those of /proc.
#pragma once

#include "open-file.hpp"

namespace posix
{
    struct generated_file : inode
    {
        explicit generated_file(file_system &home) : inode(inode_kind::generated, home)
        {
        }

        /// Appends the file's bytes to `contents`.
        virtual status generate(runtime::string &contents) = 0;

    protected:
        ~generated_file() = default;
    };

    opening open_generated(call &from, const reference<inode> &node, uint32_t flags);
}
