#include <a9n/kernel-call.hpp>
#include <runtime/debug-console.hpp>

namespace runtime
{
    void debug_write(text characters)
    {
        for (size_t i = 0; i < characters.length; ++i)
        {
            a9n::debug_write(characters.characters[i]);
        }
    }
}
