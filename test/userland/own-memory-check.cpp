// How KOITO divides the machine's memory, on a model of the kernel. Arguments: address and size bits of each Generic in
// turn, hexadecimal and decimal; a size with a "d" behind it is device memory.
#include "kernel-model.hpp"

#include <koito/own-memory.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace
{
    using koito::word;
    using kernel_model::capability;

    [[noreturn]] void fail(const char *what)
    {
        std::printf("FAILED: %s\n", what);
        std::exit(1);
    }

    capability &generic_node()
    {
        return kernel_model::root->slots[static_cast<word>(a9n::abi::init_slot::generic_node)];
    }

    /// The descriptor must name a Generic of just that memory.
    void check(const koito::known_generic &piece, std::map<word, word> &ranges)
    {
        for (word i = 0; i < generic_node()->slots.size(); ++i)
        {
            const capability &slot = generic_node()->slots[i];
            if (slot != nullptr && koito::generic_node[i] == piece.generic)
            {
                if (slot->base != piece.address || slot->size_bits != piece.size_bits || slot->watermark != slot->base)
                {
                    fail("a piece is not the Generic it is said to be");
                }
                ranges[piece.address] = piece.address + (word { 1 } << piece.size_bits);
                return;
            }
        }
        fail("a piece names an empty slot");
    }
}

int main(int count, char **arguments)
{
    static a9n::abi::init_info     info {};
    static koito::memory_division division;

    kernel_model::root = kernel_model::make_node(a9n::abi::init_root_radix);
    generic_node()     = kernel_model::make_node(a9n::abi::init_generic_radix);
    word total         = 0;
    for (int i = 1; i + 1 < count; i += 2)
    {
        const std::string                  size      = arguments[i + 1];
        a9n::abi::generic_descriptor      &described = info.generic_list[info.generic_list_count];
        described.address   = std::strtoull(arguments[i], nullptr, 16);
        described.size_bits = static_cast<uint8_t>(std::strtoul(size.c_str(), nullptr, 10));
        described.is_device = size.back() == 'd';
        generic_node()->slots[info.generic_list_count++] =
            kernel_model::make_generic(described.address, described.size_bits);
        total += described.is_device != 0 ? 0 : word { 1 } << described.size_bits;
    }

    koito::divide_memory(info, division);

    if (division.reserve.size_bits == 0)
    {
        std::puts("no room");
        kernel_model::root = nullptr;
        return 0;
    }
    std::map<word, word> ranges;
    check(division.reserve, ranges);
    for (word i = 0; i < division.other_count; ++i)
    {
        check(division.others[i], ranges);
    }
    word reached = 0;
    word covered = 0;
    for (const auto &[start, end] : ranges)
    {
        if (start < reached)
        {
            fail("two pieces overlap");
        }
        reached  = end;
        covered += end - start;
    }
    if (covered != total)
    {
        fail("memory was lost");
    }
    std::printf("reserve at 0x%llx, %llu others\n", static_cast<unsigned long long>(division.reserve.address),
        static_cast<unsigned long long>(division.other_count));
    kernel_model::root = nullptr;
}
