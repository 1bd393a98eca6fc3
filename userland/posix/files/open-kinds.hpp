// Makers of open files of all kinds: each null if there is no memory.
#pragma once

#include "file-kinds.hpp"
#include "open-file.hpp"

namespace posix
{
    reference<open_file> make_regular_open_file(const reference<inode> &node, uint32_t flags);
    reference<open_file> make_directory_open_file(const reference<inode> &node, uint32_t flags);
    reference<open_file> make_path_only(const reference<inode> &node, uint32_t flags);
    reference<open_file> make_pipe_end(const reference<inode> &node, const reference<pipe> &ends, uint32_t flags);

    /// Waits, as `opening` says, for the other side.
    opening open_fifo(call &from, const reference<inode> &node, uint32_t flags);

    /// ENXIO if there is no such device.
    opening open_device(call &from, const reference<inode> &node, uint32_t flags);

    /// The same bytes in every run: see devices.cpp.
    void fill_random(uint8_t *data, word size);

    /// What RLIMIT_FSIZE (the caller gets SIGXFSZ) and the largest size of a file leave of a write: EFBIG if nothing.
    result<word> room_for_write(call &from, word position, word size);

    /// Whoever writes to a file, root excepted, takes its set-user-ID and set-group-ID bits away.
    void drop_privileges_after_write(inode &file, const credentials &who);
}
