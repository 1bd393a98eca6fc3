// The kinds of files that lie in memory, besides directories.
#pragma once

#include "file-contents.hpp"
#include "pipe.hpp"

namespace posix
{
    struct regular_file final : inode
    {
        explicit regular_file(file_system &home) : inode(inode_kind::regular, home), contents(home)
        {
        }

        word size() const override
        {
            return contents.size();
        }

        word blocks() const override
        {
            return contents.page_count() * (page_size / 512);
        }

        void dispose_self() override;

        file_contents contents;
    };

    struct symbolic_link final : inode
    {
        symbolic_link(file_system &home, runtime::string &&target) : inode(inode_kind::symbolic_link, home), target(runtime::move(target))
        {
            permissions = 0777;
        }

        word size() const override
        {
            return target.size();
        }

        result<runtime::string> link_target(const process_state &reader) override;
        void                    dispose_self() override;

        const runtime::string target;
    };

    struct fifo final : inode
    {
        explicit fifo(file_system &home) : inode(inode_kind::fifo, home)
        {
        }

        void dispose_self() override;

        reference<pipe> ends; ///< while somebody has it open, or waits to
    };

    /// A node that stands for a device; `device` says which.
    struct device_node final : inode
    {
        device_node(inode_kind kind, file_system &home, device_number number) : inode(kind, home)
        {
            device = number;
        }

        void dispose_self() override;
    };

    inline fifo *as_fifo(inode &file)
    {
        return file.kind == inode_kind::fifo ? static_cast<fifo *>(&file) : nullptr;
    }

    inline regular_file *as_regular_file(inode &file)
    {
        return file.kind == inode_kind::regular ? static_cast<regular_file *>(&file) : nullptr;
    }
}
