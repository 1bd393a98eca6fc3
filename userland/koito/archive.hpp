// The plain files of a tar archive in memory.
#pragma once

#include <runtime/tar.hpp>
#include <stddef.h>

namespace koito
{
    /// Bytes somewhere else.
    struct bytes
    {
        const uint8_t *data = nullptr;
        size_t         size = 0;
    };

    struct archive_entry
    {
        runtime::text name;
        bytes         contents;
    };

    enum class archive_status : uint8_t
    {
        entry,     ///< `current` is a file
        end,       ///< no more files
        malformed, ///< a header that is none, or contents beyond the end
    };

    class archive_reader
    {
    public:
        explicit archive_reader(bytes archive) : reader(archive.data, archive.size)
        {
        }

        /// Advances to the next plain file.
        archive_status next();

        archive_entry current;

    private:
        runtime::tar_reader reader;
    };

    /// Whether there is a file of that name; its contents go to `contents`.
    bool find_file(bytes archive, runtime::text name, bytes &contents);
}
