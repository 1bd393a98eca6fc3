// A model of A9N's nodes, Generics, frames, page tables, address spaces and processes, in ordinary C++ containers: as much of
// the kernel as a memory server needs, after the ABI and with none of the kernel's code. Frames are real memory: what the
// server maps into its own address space lies there in this process.
#pragma once

#include <a9n/abi.hpp>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace kernel_model
{
    using a9n::abi::capability_type;
    using a9n::abi::word;

    struct object;

    /// What a table or address space has at one index.
    struct entry
    {
        object *target;
        word    attributes;
    };

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

        // ADDRESS_SPACE (depth 4), PAGE_TABLE
        std::map<word, entry> entries;
        bool                  is_own = false; ///< the server's: frames entered in it appear in this process

        // PROCESS_CONTROL_BLOCK
        std::shared_ptr<object> space;
        std::shared_ptr<object> buffer;

        word revocations = 0;
    };

    using capability = std::shared_ptr<object>;

    /// The caller's root node. Every node must be reachable from it.
    extern capability root;

    /// Percentage of the calls that build something (CONVERT, MAP, GET_UNSET_DEPTH, CONFIGURE, COPY) that fail with FATAL.
    /// Calls that take something away have no reason to fail.
    extern unsigned failure_percentage;

    capability make_node(word radix);
    capability make_generic(word base, word size_bits);
    capability make_address_space();

    /// The word of physical memory at `address`.
    word &physical(word address);

    struct translation
    {
        object *frame;
        word    attributes;
    };

    /// What an address space has for the page at `address`.
    std::optional<translation> translate(const object &space, word address);

    /// Calls visit(address, frame, attributes) for every page of an address space.
    void for_each_page(const object &space, auto visit, word prefix = 0)
    {
        for (const auto &[index, found] : space.entries)
        {
            const word address = prefix | index << (a9n::abi::page_size_bits + 9 * (space.depth - 1));
            if (found.target->type == capability_type::frame)
            {
                visit(address, *found.target, found.attributes);
            }
            else
            {
                for_each_page(*found.target, visit, address);
            }
        }
    }

    /// A process that KOITO ends: nothing it was made from is left.
    void end_address_space(const capability &space);
}
