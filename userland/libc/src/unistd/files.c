// Files and descriptors: calls of the system as functions.
#include "../internal/system.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

int access(const char *path, int mode)
{
    return (int)result(system_call(SYS_faccessat, AT_FDCWD, path, mode));
}

int chdir(const char *path)
{
    return (int)result(system_call(SYS_chdir, path));
}

int fchdir(int descriptor)
{
    return (int)result(system_call(SYS_fchdir, descriptor));
}

int chroot(const char *path)
{
    return (int)result(system_call(SYS_chroot, path));
}

int chown(const char *path, uid_t user, gid_t group)
{
    return (int)result(system_call(SYS_fchownat, AT_FDCWD, path, user, group, 0));
}

int fchown(int descriptor, uid_t user, gid_t group)
{
    return (int)result(system_call(SYS_fchown, descriptor, user, group));
}

int fchownat(int directory, const char *path, uid_t user, gid_t group, int flags)
{
    return (int)result(system_call(SYS_fchownat, directory, path, user, group, flags));
}

int lchown(const char *path, uid_t user, gid_t group)
{
    return (int)result(system_call(SYS_fchownat, AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW));
}

int close(int descriptor)
{
    return (int)result(system_call(SYS_close, descriptor));
}

int dup(int descriptor)
{
    return (int)result(system_call(SYS_dup, descriptor));
}

int dup3(int descriptor, int as, int flags)
{
    return (int)result(system_call(SYS_dup3, descriptor, as, flags));
}

int fsync(int descriptor)
{
    return (int)result(system_call(SYS_fsync, descriptor));
}

int fdatasync(int descriptor)
{
    return (int)result(system_call(SYS_fdatasync, descriptor));
}

int ftruncate(int descriptor, off_t size)
{
    return (int)result(system_call(SYS_ftruncate, descriptor, size));
}

int truncate(const char *path, off_t size)
{
    return (int)result(system_call(SYS_truncate, path, size));
}

int link(const char *from, const char *to)
{
    return (int)result(system_call(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    return (int)result(system_call(SYS_linkat, from_directory, from, to_directory, to, flags));
}

off_t lseek(int descriptor, off_t offset, int whence)
{
    return result(system_call(SYS_lseek, descriptor, offset, whence));
}

int pipe(int ends[2])
{
    return (int)result(system_call(SYS_pipe2, ends, 0));
}

int pipe2(int ends[2], int flags)
{
    return (int)result(system_call(SYS_pipe2, ends, flags));
}

ssize_t read(int descriptor, void *buffer, size_t size)
{
    return result(system_call(SYS_read, descriptor, buffer, size));
}

ssize_t pread(int descriptor, void *buffer, size_t size, off_t offset)
{
    return result(system_call(SYS_pread64, descriptor, buffer, size, offset));
}

ssize_t write(int descriptor, const void *buffer, size_t size)
{
    return result(system_call(SYS_write, descriptor, buffer, size));
}

ssize_t pwrite(int descriptor, const void *buffer, size_t size, off_t offset)
{
    return result(system_call(SYS_pwrite64, descriptor, buffer, size, offset));
}

ssize_t readv(int descriptor, const struct iovec *pieces, int count)
{
    return result(system_call(SYS_readv, descriptor, pieces, count));
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count)
{
    return result(system_call(SYS_writev, descriptor, pieces, count));
}

ssize_t preadv(int descriptor, const struct iovec *pieces, int count, off_t offset)
{
    return result(system_call(SYS_preadv, descriptor, pieces, count, offset));
}

ssize_t pwritev(int descriptor, const struct iovec *pieces, int count, off_t offset)
{
    return result(system_call(SYS_pwritev, descriptor, pieces, count, offset));
}

ssize_t copy_file_range(int from, off_t *from_offset, int to, off_t *to_offset, size_t size, unsigned flags)
{
    return result(system_call(SYS_copy_file_range, from, from_offset, to, to_offset, size, flags));
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size)
{
    return result(system_call(SYS_readlinkat, AT_FDCWD, path, buffer, size));
}

ssize_t readlinkat(int directory, const char *restrict path, char *restrict buffer, size_t size)
{
    return result(system_call(SYS_readlinkat, directory, path, buffer, size));
}

int rmdir(const char *path)
{
    return (int)result(system_call(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int symlink(const char *target, const char *path)
{
    return (int)result(system_call(SYS_symlinkat, target, AT_FDCWD, path));
}

int symlinkat(const char *target, int directory, const char *path)
{
    return (int)result(system_call(SYS_symlinkat, target, directory, path));
}

int unlink(const char *path)
{
    return (int)result(system_call(SYS_unlinkat, AT_FDCWD, path, 0));
}

int unlinkat(int directory, const char *path, int flags)
{
    return (int)result(system_call(SYS_unlinkat, directory, path, flags));
}

int rename(const char *from, const char *to)
{
    return (int)result(system_call(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    return (int)result(system_call(SYS_renameat, from_directory, from, to_directory, to));
}

int creat(const char *path, mode_t mode)
{
    return (int)result(system_call(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
}

int fallocate(int descriptor, int mode, off_t offset, off_t size)
{
    return (int)result(system_call(SYS_fallocate, descriptor, mode, offset, size));
}

int flock(int descriptor, int operation)
{
    return (int)result(system_call(SYS_flock, descriptor, operation));
}

int stat(const char *restrict path, struct stat *restrict status)
{
    return (int)result(system_call(SYS_newfstatat, AT_FDCWD, path, status, 0));
}

int lstat(const char *restrict path, struct stat *restrict status)
{
    return (int)result(system_call(SYS_newfstatat, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW));
}

int fstat(int descriptor, struct stat *status)
{
    return (int)result(system_call(SYS_fstat, descriptor, status));
}

int fstatat(int directory, const char *restrict path, struct stat *restrict status, int flags)
{
    return (int)result(system_call(SYS_newfstatat, directory, path, status, flags));
}

int chmod(const char *path, mode_t mode)
{
    return (int)result(system_call(SYS_fchmodat, AT_FDCWD, path, mode));
}

int fchmod(int descriptor, mode_t mode)
{
    return (int)result(system_call(SYS_fchmod, descriptor, mode));
}

int mkdir(const char *path, mode_t mode)
{
    return (int)result(system_call(SYS_mkdirat, AT_FDCWD, path, mode));
}

int mkdirat(int directory, const char *path, mode_t mode)
{
    return (int)result(system_call(SYS_mkdirat, directory, path, mode));
}

int mknod(const char *path, mode_t mode, dev_t device)
{
    return (int)result(system_call(SYS_mknodat, AT_FDCWD, path, mode, device));
}

int mknodat(int directory, const char *path, mode_t mode, dev_t device)
{
    return (int)result(system_call(SYS_mknodat, directory, path, mode, device));
}

int mkfifo(const char *path, mode_t mode)
{
    return (int)result(system_call(SYS_mknodat, AT_FDCWD, path, (mode & ~S_IFMT) | S_IFIFO, 0));
}

int mkfifoat(int directory, const char *path, mode_t mode)
{
    return (int)result(system_call(SYS_mknodat, directory, path, (mode & ~S_IFMT) | S_IFIFO, 0));
}

mode_t umask(mode_t mask)
{
    return (mode_t)result(system_call(SYS_umask, mask));
}

int utimensat(int directory, const char *path, const struct timespec times[2], int flags)
{
    return (int)result(system_call(SYS_utimensat, directory, path, times, flags));
}

int futimens(int descriptor, const struct timespec times[2])
{
    return (int)result(system_call(SYS_utimensat, descriptor, NULL, times, 0));
}

int statfs(const char *path, struct statfs *status)
{
    return (int)result(system_call(SYS_statfs, path, status));
}

int fstatfs(int descriptor, struct statfs *status)
{
    return (int)result(system_call(SYS_fstatfs, descriptor, status));
}

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
    return (int)result(system_call(SYS_mount, source, target, type, flags, data));
}

int umount(const char *target)
{
    return (int)result(system_call(SYS_umount2, target, 0));
}

int umount2(const char *target, int flags)
{
    return (int)result(system_call(SYS_umount2, target, flags));
}

int poll(struct pollfd *descriptors, nfds_t count, int timeout)
{
    return (int)result(system_call(SYS_poll, descriptors, count, timeout));
}

int munmap(void *memory, size_t size)
{
    return (int)result(system_call(SYS_munmap, memory, size));
}

int mprotect(void *memory, size_t size, int protection)
{
    return (int)result(system_call(SYS_mprotect, memory, size, protection));
}

int msync(void *memory, size_t size, int flags)
{
    return (int)result(system_call(SYS_msync, memory, size, flags));
}

int madvise(void *memory, size_t size, int advice)
{
    return (int)result(system_call(SYS_madvise, memory, size, advice));
}

int mlock(const void *memory, size_t size)
{
    return (int)result(system_call(SYS_mlock, memory, size));
}

int munlock(const void *memory, size_t size)
{
    return (int)result(system_call(SYS_munlock, memory, size));
}

int mlockall(int flags)
{
    return (int)result(system_call(SYS_mlockall, flags));
}

int munlockall(void)
{
    return (int)result(system_call(SYS_munlockall));
}

int mincore(void *memory, size_t size, unsigned char *pages)
{
    return (int)result(system_call(SYS_mincore, memory, size, pages));
}

int dup2(int descriptor, int as)
{
    if (descriptor == as)
    {
        return fcntl(descriptor, F_GETFD) < 0 ? -1 : as;
    }
    return dup3(descriptor, as, 0);
}

int faccessat(int directory, const char *path, int mode, int flags)
{
    return (int)result(flags == 0 ? system_call(SYS_faccessat, directory, path, mode)
                                  : system_call(SYS_faccessat2, directory, path, mode, flags));
}

int euidaccess(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

int fchmodat(int directory, const char *path, mode_t mode, int flags)
{
    if (flags != 0)
    {
        errno = flags == AT_SYMLINK_NOFOLLOW ? EOPNOTSUPP : EINVAL;
        return -1;
    }
    return (int)result(system_call(SYS_fchmodat, directory, path, mode));
}

int openat(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
    {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return (int)result(system_call(SYS_openat, directory, path, flags, mode));
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
    {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return (int)result(system_call(SYS_openat, AT_FDCWD, path, flags, mode));
}

int fcntl(int descriptor, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long);
    va_end(arguments);
    return (int)result(system_call(SYS_fcntl, descriptor, command, argument));
}

int ioctl(int descriptor, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    const long argument = va_arg(arguments, long);
    va_end(arguments);
    return (int)result(system_call(SYS_ioctl, descriptor, request, argument));
}

int posix_fadvise(int descriptor, off_t offset, off_t size, int advice)
{
    return (int)-system_call(SYS_fadvise64, descriptor, offset, size, advice);
}

int posix_fallocate(int descriptor, off_t offset, off_t size)
{
    return (int)-system_call(SYS_fallocate, descriptor, 0, offset, size);
}

int posix_madvise(void *memory, size_t size, int advice)
{
    // To forget the pages' contents is more than this function may do.
    return advice == POSIX_MADV_DONTNEED ? 0 : (int)-system_call(SYS_madvise, memory, size, advice);
}

int closefrom(int first)
{
    return (int)result(system_call(SYS_close_range, first, ~0U, 0));
}

int lockf(int descriptor, int operation, off_t size)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = size };
    switch (operation)
    {
    case F_TEST:
        if (fcntl(descriptor, F_GETLK, &lock) < 0)
        {
            return -1;
        }
        if (lock.l_type == F_UNLCK || lock.l_pid == getpid())
        {
            return 0;
        }
        errno = EACCES;
        return -1;
    case F_ULOCK: lock.l_type = F_UNLCK; return fcntl(descriptor, F_SETLK, &lock);
    case F_LOCK: return fcntl(descriptor, F_SETLKW, &lock);
    case F_TLOCK: return fcntl(descriptor, F_SETLK, &lock);
    default: errno = EINVAL; return -1;
    }
}

void *mmap(void *where, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    if (offset & 4095)
    {
        errno = EINVAL;
        return MAP_FAILED;
    }
    return (void *)result(system_call(SYS_mmap, where, size, protection, flags, descriptor, offset));
}

void *mremap(void *memory, size_t size, size_t new_size, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    void *where = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    return (void *)result(system_call(SYS_mremap, memory, size, new_size, flags, where));
}

int select(int count, fd_set *restrict readable, fd_set *restrict writable, fd_set *restrict exceptional,
    struct timeval *restrict timeout)
{
    return (int)result(system_call(SYS_select, count, readable, writable, exceptional, timeout));
}

int pselect(int count, fd_set *restrict readable, fd_set *restrict writable, fd_set *restrict exceptional,
    const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
    const struct
    {
        const sigset_t *mask;
        size_t size;
    } signals            = { mask, 8 };
    struct timespec copy = { 0 };
    if (timeout != NULL)
    {
        copy = *timeout; // the call changes it
    }
    return (int)result(system_call(
        SYS_pselect6, count, readable, writable, exceptional, timeout != NULL ? &copy : NULL, &signals));
}

int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    struct timespec copy = { 0 };
    if (timeout != NULL)
    {
        copy = *timeout;
    }
    return (int)result(system_call(SYS_ppoll, descriptors, count, timeout != NULL ? &copy : NULL, mask, 8));
}

void sync(void)
{
    system_call(SYS_sync);
}

int remove(const char *path)
{
    const long outcome = system_call(SYS_unlinkat, AT_FDCWD, path, 0);
    return (int)result(outcome == -EISDIR ? system_call(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR) : outcome);
}
