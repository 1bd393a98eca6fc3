// The bytes of a fuzzer's input.
#pragma once

#include <stdint.h>

namespace a9n::host
{
    struct byte_source
    {
        const uint8_t* at;
        const uint8_t* end;

        bool is_empty() const
        {
            return at == end;
        }

        /// 0 when there are no more.
        uint8_t next()
        {
            return is_empty() ? 0 : *at++;
        }
    };
}
