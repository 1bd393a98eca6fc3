// A file system: what its files have in common, and the bound on their memory.
#pragma once

#include "inode.hpp"

namespace posix
{
    struct file_system
    {
        const char *type;            ///< as /proc/mounts names it
        uint32_t    magic;           ///< as statfs numbers it
        uint32_t    device_minor;    ///< of `st_dev`; the major number is 0
        size_t      page_limit  = 0; ///< pages of contents
        size_t      inode_limit = 0; ///< files and names
        size_t      pages       = 0;
        size_t      inodes      = 0;
        size_t      names       = 0;
        uint64_t    next_number = 1;

        /// A page of undefined contents, or null if the limit is reached or memory is out.
        [[nodiscard]] uint8_t *allocate_page()
        {
            if (pages >= page_limit)
            {
                return nullptr;
            }
            auto *page = static_cast<uint8_t *>(runtime::allocate(page_size));
            pages     += page != nullptr;
            return page;
        }

        void release_page(uint8_t *page)
        {
            --pages;
            runtime::release(page, page_size);
        }

        bool has_room_for_inode() const
        {
            return inodes < inode_limit;
        }

        bool has_room_for_name() const
        {
            return names < inode_limit;
        }
    };
}
