#include "open-file.hpp"

namespace posix
{
    outcome open_file::read(call &, user_transfer &, word &)
    {
        return error::einval;
    }

    outcome open_file::write(call &, user_transfer &, word &)
    {
        return error::einval;
    }

    result<word> open_file::seek(int64_t, uint32_t)
    {
        return error::espipe;
    }

    outcome open_file::control(call &, uint32_t, word)
    {
        return error::enotty;
    }

    outcome open_file::read_entries(call &, word, word)
    {
        return error::enotdir;
    }
}
