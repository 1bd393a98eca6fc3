// Reads a tar archive (ustar or GNU headers, plain files) in memory. The archive is not trusted: every length is
// checked against the bytes that are there.
#pragma once

#include <runtime/text.hpp>
#include <stddef.h>
#include <stdint.h>

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
        explicit archive_reader(bytes archive) : archive(archive)
        {
        }

        /// Advances to the next plain file.
        archive_status next();

        archive_entry current;

    private:
        bytes  archive;
        size_t offset = 0;
    };

    /// Whether there is a file of that name; its contents go to `contents`.
    bool find_file(bytes archive, runtime::text name, bytes &contents);
}
