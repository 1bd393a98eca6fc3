// What the file side does for the process side.
#pragma once

#include "call.hpp"

namespace posix
{
    struct inode; // file side; counted

    /// Bytes to and from the console.
    struct console_device
    {
        /// Queues bytes for output; how many there was room for. `console_writable` follows when there is room again.
        virtual word write(const uint8_t *data, word size) = 0;

    protected:
        ~console_device() = default;
    };

    /// Fills the file system from a tar archive, which stays where it is, and makes /dev, /proc, /tmp.
    status start_files(const uint8_t *archive, word archive_size, console_device &console);

    /// Bytes that the console received: the terminal's line discipline.
    void console_input(const uint8_t *data, word size);
    void console_writable();

    extern const call_table file_calls;

    // Descriptors and directories of processes.

    /// For the first process: descriptors 0, 1, 2 on the console, its controlling terminal; working directory /.
    status open_first_files(process_state &process);

    /// For fork and clone: tables of `from` are copied, or shared, into `to`. On failure `to` has none.
    status inherit_files(const process_state &from, process_state &to, bool share_descriptors, bool share_directories);

    /// For execve, once it cannot fail any more.
    void close_on_exec(process_state &process);

    /// Makes them the process's own before execve, if they were shared.
    status unshare_files(process_state &process);

    /// For exit. The session leader's exit also hangs up the terminal.
    void release_files(process_state &process);

    // Executables and mappings.

    /// The file to execute, permissions checked: path relative to `directory` (or AT_FDCWD). A reference for the caller.
    result<inode *> open_executable(process_state &process, int32_t directory, const char *path, word flags);

    /// The file behind a descriptor, for mmap: EACCES if not open for reading, or, for `shared` and `writable`, for writing.
    result<inode *> file_for_mapping(process_state &process, int32_t descriptor, bool shared, bool writable);

    inode *acquire(inode &file);
    void   release(inode &file);

    /// Bytes from `offset` on; fewer at the end of the file.
    result<word> read_file(inode &file, word offset, void *buffer, word size);
    word         file_size(const inode &file);

    /// Another number after each change of the file's bytes or size: copies of them are good as long as it stays.
    word file_version(const inode &file);

    /// An absolute path for /proc/PID/exe and maps; cut at `capacity`, ended by a zero byte.
    void file_path(const inode &file, char *buffer, word capacity);
}
