// What handlers of calls on files have in common: arguments, descriptors, paths.
#pragma once

#include "descriptor-table.hpp"
#include "path-lookup.hpp"
#include "tree.hpp"

namespace posix
{
    /// Arguments of type int are the low half of a register.
    inline int32_t int_argument(const call &from, size_t index)
    {
        return static_cast<int32_t>(from.arguments[index]);
    }

    inline uint32_t unsigned_argument(const call &from, size_t index)
    {
        return static_cast<uint32_t>(from.arguments[index]);
    }

    inline int64_t signed_argument(const call &from, size_t index)
    {
        return static_cast<int64_t>(from.arguments[index]);
    }

    inline descriptor_table &descriptors_of(const call &from)
    {
        return *from.process.descriptors;
    }

    inline directory_context &directories_of(const call &from)
    {
        return *from.process.directories;
    }

    /// The open file, also one that is only a path; null if there is none.
    inline reference<open_file> any_file(const call &from, size_t index)
    {
        return descriptors_of(from).get(int_argument(from, index));
    }

    /// The open file, unless it is only a path; null if there is none.
    reference<open_file> usable_file(const call &from, size_t index);

    /// A path in the server's memory.
    struct path_argument
    {
        char characters[path_capacity];
        text path;

        /// EFAULT, ENAMETOOLONG.
        status load(call &from, word address);
    };

    lookup lookup_of(const call &from);

    tree_change change_of(const call &from);

    /// Where a relative path begins: a descriptor or AT_FDCWD. EBADF, ENOTDIR.
    result<reference<directory>> base_directory(const call &from, int32_t descriptor, text path);

    result<found_path> find_at(call &from, int32_t descriptor, text path, bool follow, end_slashes slashes = end_slashes::follow);

    /// An existing file: loads the path first. An empty path, if `empty_allowed`, is the descriptor's own file.
    result<reference<inode>> find_file(call &from, int32_t descriptor, word path_address, bool follow, bool empty_allowed = false);

    /// A new descriptor, the lowest there is.
    outcome add_descriptor(call &from, reference<open_file> file, bool close_on_exec);

    // Tables of calls by subject; `file-calls.cpp` joins them.

    outcome call_read(call &from);
    outcome call_write(call &from);
    outcome call_pread(call &from);
    outcome call_pwrite(call &from);
    outcome call_readv(call &from);
    outcome call_writev(call &from);
    outcome call_preadv(call &from);
    outcome call_pwritev(call &from);
    outcome call_preadv2(call &from);
    outcome call_pwritev2(call &from);
    outcome call_lseek(call &from);
    outcome call_sendfile(call &from);
    outcome call_copy_file_range(call &from);
    outcome call_getdents64(call &from);
    outcome call_truncate(call &from);
    outcome call_ftruncate(call &from);
    outcome call_fallocate(call &from);
    outcome call_fsync(call &from);
    outcome call_sync(call &from);
    outcome call_fadvise(call &from);
    outcome call_ioctl(call &from);

    outcome call_open(call &from);
    outcome call_openat(call &from);
    outcome call_creat(call &from);
    outcome call_close(call &from);
    outcome call_close_range(call &from);
    outcome call_dup(call &from);
    outcome call_dup2(call &from);
    outcome call_dup3(call &from);
    outcome call_fcntl(call &from);
    outcome call_flock(call &from);
    outcome call_pipe(call &from);
    outcome call_pipe2(call &from);
    outcome call_eventfd(call &from);
    outcome call_eventfd2(call &from);
    outcome call_memfd_create(call &from);

    outcome call_stat(call &from);
    outcome call_lstat(call &from);
    outcome call_fstat(call &from);
    outcome call_newfstatat(call &from);
    outcome call_statx(call &from);
    outcome call_statfs(call &from);
    outcome call_fstatfs(call &from);
    outcome call_access(call &from);
    outcome call_faccessat(call &from);
    outcome call_faccessat2(call &from);
    outcome call_readlink(call &from);
    outcome call_readlinkat(call &from);

    outcome call_getcwd(call &from);
    outcome call_chdir(call &from);
    outcome call_fchdir(call &from);
    outcome call_chroot(call &from);
    outcome call_umask(call &from);
    outcome call_mkdir(call &from);
    outcome call_mkdirat(call &from);
    outcome call_mknod(call &from);
    outcome call_mknodat(call &from);
    outcome call_symlink(call &from);
    outcome call_symlinkat(call &from);
    outcome call_link(call &from);
    outcome call_linkat(call &from);
    outcome call_unlink(call &from);
    outcome call_unlinkat(call &from);
    outcome call_rmdir(call &from);
    outcome call_rename(call &from);
    outcome call_renameat(call &from);
    outcome call_renameat2(call &from);
    outcome call_chmod(call &from);
    outcome call_fchmod(call &from);
    outcome call_fchmodat(call &from);
    outcome call_fchmodat2(call &from);
    outcome call_chown(call &from);
    outcome call_lchown(call &from);
    outcome call_fchown(call &from);
    outcome call_fchownat(call &from);
    outcome call_utime(call &from);
    outcome call_utimes(call &from);
    outcome call_futimesat(call &from);
    outcome call_utimensat(call &from);

    outcome call_poll(call &from);
    outcome call_ppoll(call &from);
    outcome call_select(call &from);
    outcome call_pselect6(call &from);
}
