// KOITO's first act with memory: keep a little, give ULMM the rest.
#pragma once

#include "own-capabilities.hpp"

namespace koito
{
    /// A Generic KOITO has, and what the kernel said about it.
    struct known_generic
    {
        a9n::generic generic {};
        word         address   = 0; ///< physical
        word         size_bits = 0;
    };

    /// What KOITO's own objects and the programs it starts are made from: 8 MiB, aligned.
    inline constexpr word reserve_bits = 23;

    struct memory_division
    {
        known_generic reserve; ///< `size_bits` is 0 if the machine has no room for it
        known_generic others[a9n::abi::init_maximum_generics];
        word          other_count = 0;
    };

    /// Cuts the reserve out of the smallest Generic with room for it; all other RAM goes to `others`.
    void divide_memory(const a9n::abi::init_info &info, memory_division &division);
}
