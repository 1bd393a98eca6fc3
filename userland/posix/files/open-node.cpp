// Which kind of open file a file becomes.

#include "generated-file.hpp"
#include "open-kinds.hpp"

namespace posix
{
    opening open_node(call &from, const reference<inode> &node, uint32_t flags)
    {
        reference<open_file> opened;
        switch (node->kind)
        {
            case inode_kind::directory : opened = make_directory_open_file(node, flags); break;
            case inode_kind::fifo : return open_fifo(from, node, flags);
            case inode_kind::character_device : return open_device(from, node, flags);
            case inode_kind::regular :
                opened = make_regular_open_file(node, flags);
                break;
            case inode_kind::generated : return open_generated(from, node, flags);
            case inode_kind::symbolic_link : return { error::eloop, {} };
            case inode_kind::block_device :
            case inode_kind::socket :
            case inode_kind::anonymous : return { error::enxio, {} };
        }
        if (!opened)
        {
            return { error::enomem, {} };
        }
        return { word { 0 }, runtime::move(opened) };
    }
}
