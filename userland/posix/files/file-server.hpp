// All that the file side keeps: made once by `start_files`.
#pragma once

#include "descriptor-table.hpp"
#include "file-kinds.hpp"
#include "path-lookup.hpp"
#include "terminal.hpp"

namespace posix
{
    struct file_server
    {
        file_system root_system { "tmpfs", 0x01021994, 1 };
        file_system device_system { "devtmpfs", 0x01021994, 2 };
        file_system process_system { "proc", 0x9fa0, 3 };
        file_system temporary_system { "tmpfs", 0x01021994, 4 };
        file_system pipe_system { "pipefs", 0x50495045, 5 };
        file_system anonymous_system { "anon_inodefs", 0x09041934, 6 };

        file_system terminal_system { "devpts", 0x1cd1, 7 };

        reference<directory> root;
        reference<directory> pseudo_terminals; ///< /dev/pts

        reference<terminal>                       console;
        runtime::list<terminal, &terminal::link> terminals; ///< also the console
    };

    /// Null before `start_files`.
    extern file_server *files;

    // Inodes, with memory limits kept and times set; null, or ENOSPC, if the file system is full.

    reference<inode> make_regular_file(file_system &home, uint64_t real_time);
    reference<inode> make_symbolic_link(file_system &home, text target, uint64_t real_time);
    reference<inode> make_fifo(file_system &home, uint64_t real_time);
    reference<inode> make_device_node(inode_kind kind, file_system &home, device_number number, uint64_t real_time);
    reference<inode> make_anonymous(inode_kind kind, file_system &home, uint32_t permissions, uint64_t real_time);

    /// Not for a root: it gets its parent when it is added to one.
    reference<memory_directory> make_directory(file_system &home, uint64_t real_time);
    reference<memory_directory> make_root(file_system &home, uint64_t real_time);

    /// Covers a directory, in which nothing may be mounted yet, by the root of another file system.
    void mount(const reference<directory> &root, directory &place);
}
