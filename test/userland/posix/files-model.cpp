// The file side as far as the process side's tests need one: files by path, no descriptors.
#include <posix/file-service.hpp>
#include <posix/program-memory.hpp>

#include "files-model.hpp"

#include <cstring>

namespace posix
{
    struct inode
    {
        std::string path;
        std::string bytes;
        int         users = 0;
    };

    namespace
    {
        std::map<std::string, inode> files;
    }

    constinit const call_table file_calls { nullptr, 0 };

    status inherit_files(const process_state &, process_state &, bool, bool)
    {
        return {};
    }

    status open_first_files(process_state &)
    {
        return {};
    }

    void close_on_exec(process_state &)
    {
    }

    status unshare_files(process_state &)
    {
        return {};
    }

    void release_files(process_state &)
    {
    }

    result<inode *> open_executable(process_state &, int32_t, const char *path, word)
    {
        const auto found = files.find(path);
        if (found == files.end())
        {
            return error::enoent;
        }
        return acquire(found->second);
    }

    result<inode *> file_for_mapping(process_state &, int32_t, bool, bool)
    {
        return error::ebadf;
    }

    inode *acquire(inode &file)
    {
        ++file.users;
        return &file;
    }

    void release(inode &file)
    {
        --file.users;
    }

    result<word> read_file(inode &file, word offset, void *buffer, word size)
    {
        const word count = offset >= file.bytes.size() ? 0 : std::min<word>(size, file.bytes.size() - offset);
        std::memcpy(buffer, file.bytes.data() + std::min<word>(offset, file.bytes.size()), count);
        return count;
    }

    word file_size(const inode &file)
    {
        return file.bytes.size();
    }

    word file_version(const inode &)
    {
        return 1;
    }

    void file_path(const inode &file, char *buffer, word capacity)
    {
        std::strncpy(buffer, file.path.c_str(), capacity);
    }
}

namespace model
{
    void add_file(const std::string &path, const std::string &bytes)
    {
        posix::files[path] = { path, bytes, 0 };
    }

    int users_of_file(const std::string &path)
    {
        return posix::files[path].users;
    }
}
