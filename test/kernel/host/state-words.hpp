// The visible state of the kernel as words: the same that state-words.ts makes of a KernelState.
#pragma once

#include "inventory.hpp"

namespace a9n::host
{
    /// Appends the state to `words`.
    void encode_state(const inventory& objects, std::vector<word>& words);

    /// The same function as hashWords in state-words.ts.
    word hash_words(const std::vector<word>& words);
}
