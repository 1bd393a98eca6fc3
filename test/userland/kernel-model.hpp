// A model of A9N's nodes, Generics, frames, page tables and address spaces, in ordinary C++ containers: as much of the
// kernel as a memory server needs, after the ABI and with none of the kernel's code.
#pragma once

#include <a9n/abi.hpp>

#include <map>
#include <memory>
#include <vector>

namespace kernel_model
{
    using a9n::abi::capability_type;
    using a9n::abi::word;

    struct object
    {
        capability_type type = capability_type::none;
        object         *parent = nullptr; ///< the Generic it was converted from

        // NODE
        word                                 radix = 0;
        std::vector<std::shared_ptr<object>> slots;

        // GENERIC, FRAME, PAGE_TABLE: physical memory; a page table's depth
        word base      = 0;
        word size_bits = 0;
        word watermark = 0;
        word depth     = 0;

        // ADDRESS_SPACE: what is mapped where
        std::map<word, object *>                  pages;  ///< by virtual address
        std::map<std::pair<word, word>, object *> tables; ///< by depth and first virtual address covered
    };

    using capability = std::shared_ptr<object>;

    /// The caller's root node. Every node must be reachable from it.
    extern capability root;

    /// Percentage of the calls that build something (CONVERT, MAP, GET_UNSET_DEPTH) that fail with FATAL. Calls that
    /// take something away have no reason to fail.
    extern unsigned failure_percentage;

    capability make_node(word radix);
    capability make_generic(word base, word size_bits);
    capability make_address_space();

    /// A page table of `depth` covers 2^result bytes of virtual memory.
    constexpr word table_coverage_bits(word depth)
    {
        return a9n::abi::page_size_bits + 9 * depth;
    }
}
