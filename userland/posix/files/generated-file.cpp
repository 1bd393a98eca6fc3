#include "generated-file.hpp"

namespace posix
{
    namespace
    {
        struct generated_open_file final : open_file
        {
            using open_file::open_file;

            runtime::string contents;

            bool has_positions() const override
            {
                return true;
            }

            outcome read(call &, user_transfer &into, word &position) override
            {
                if (position >= contents.size())
                {
                    return word { 0 };
                }
                const result<word> moved
                    = into.put(reinterpret_cast<const uint8_t *>(contents.data()) + position, contents.size() - position);
                position += moved ? *moved : 0;
                return moved;
            }

            result<word> seek(int64_t distance, uint32_t whence) override
            {
                if (whence > 1)
                {
                    return error::einval;
                }
                const word wanted = (whence == 1 ? offset : 0) + static_cast<word>(distance);
                if (wanted > maximum_file_size)
                {
                    return error::einval;
                }
                offset = wanted;
                return wanted;
            }

            void dispose_self() override
            {
                runtime::destroy(this);
            }
        };
    }

    opening open_generated(call &, const reference<inode> &node, uint32_t flags)
    {
        if ((flags & open_flag::access_mode) != open_flag::read_only)
        {
            return { error::eacces, {} };
        }
        auto *opened = runtime::create<generated_open_file>(node, flags);
        if (opened == nullptr)
        {
            return { error::enomem, {} };
        }
        reference<open_file> file { opened };
        const status         generated = static_cast<generated_file &>(*node).generate(opened->contents);
        if (!generated)
        {
            return { generated, {} };
        }
        return { word { 0 }, runtime::move(file) };
    }
}
