// What the small init servers share that measure the kernel: the capabilities every init server has, how they end and what they
// say when something fails.
#pragma once

#include <a9n/generic.hpp>
#include <a9n/io-port.hpp>
#include <a9n/process-control-block.hpp>
#include <runtime/debug-console.hpp>

namespace init_server
{
    using a9n::word;
    using a9n::abi::init_slot;
    using runtime::text;

    /// Each program defines it.
    extern const text program_name;

    constexpr a9n::root_path slots { a9n::abi::init_root_radix };

    /// The capability in a slot of the root node.
    template<typename Capability, typename Index>
    constexpr Capability at(Index index)
    {
        return Capability { slots[static_cast<word>(index)] };
    }

    constexpr a9n::node root { slots[static_cast<word>(init_slot::root_node)], a9n::abi::init_root_radix };
    constexpr auto      own_space = at<a9n::address_space>(init_slot::address_space);
    constexpr auto      io_ports  = at<a9n::io_port>(init_slot::io_port);

    constexpr word table_coverage = word { 1 } << a9n::abi::large_page_size_bits; ///< of a page table of depth 1

    /// Ends the machine.
    [[noreturn]] inline void finish(word code)
    {
        constexpr word exit_port = 0xf4;
        (void) io_ports.write(exit_port, 4, code);
        while (true)
        {
            a9n::yield();
        }
    }

    [[noreturn]] inline void fail(text what, text why)
    {
        runtime::debug_line(program_name, ": ", what, ": ", why);
        finish(1);
    }

    inline void require(text what, a9n::status ended)
    {
        if (!ended)
        {
            fail(what, text { a9n::to_string(ended.error) });
        }
    }

    /// Index of the largest Generic of RAM; `excluded` if there is no other.
    inline word largest_generic(const a9n::abi::init_info &info, word excluded = a9n::abi::init_maximum_generics)
    {
        word largest = excluded;
        for (word i = 0; i < info.generic_list_count; ++i)
        {
            const auto &candidate = info.generic_list[i];
            if (i != excluded && candidate.is_device == 0
                && (largest == excluded || candidate.size_bits > info.generic_list[largest].size_bits))
            {
                largest = i;
            }
        }
        return largest;
    }
}
