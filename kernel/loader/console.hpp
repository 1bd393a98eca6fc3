#pragma once

#include <stdint.h>

namespace loader
{
    /// Writes text on COM1.
    void print(const char* text);

    /// Says what is wrong and stops.
    [[noreturn]] void fail(const char* cause, const char* detail = "");
}
