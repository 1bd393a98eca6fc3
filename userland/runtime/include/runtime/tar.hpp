// Reads a tar archive in memory: ustar and GNU headers, and the paths of pax records. The archive is not trusted: every length is checked
// against the bytes that are there.
#pragma once

#include <runtime/text.hpp>
#include <stdint.h>

namespace runtime
{
    enum class tar_kind : uint8_t
    {
        file,
        hard_link, ///< `link` is the path of an earlier entry
        symbolic_link,
        character_device,
        block_device,
        directory,
        fifo,
    };

    struct tar_entry
    {
        tar_kind       kind;
        text           prefix; ///< if not empty, a path that a slash and `name` follow
        text           name;
        text           link;
        uint32_t       mode;
        uint32_t       user;
        uint32_t       group;
        int64_t        modified; ///< seconds since 1970
        uint32_t       device_major;
        uint32_t       device_minor;
        const uint8_t *contents;
        size_t         size;
    };

    enum class tar_status : uint8_t
    {
        entry,     ///< `current` is valid
        end,       ///< no more entries
        malformed, ///< a header that is none, or contents beyond the end
    };

    class tar_reader
    {
    public:
        tar_reader(const uint8_t *data, size_t size) : data(data), size(size)
        {
        }

        tar_status next();

        tar_entry current {};

    private:
        const uint8_t *data;
        size_t         size;
        size_t         offset = 0;
    };
}
