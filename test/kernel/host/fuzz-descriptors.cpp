// libFuzzer target: bytes become nodes that hold each other, cycles included, and descriptors. What the kernel finds is what
// section 3 of the ABI says, read bit by bit; it looks at no memory but the nodes.
#include "byte-source.hpp"
#include "memory-guard.hpp"

#include <hal/host/memory.hpp>
#include <hal/interface/memory.hpp>

#include <stdio.h>
#include <stdlib.h>

namespace
{
    using namespace a9n;
    using namespace a9n::host;

    constexpr word ram_size        = 16 << 20;
    constexpr word maximum_nodes   = 8;
    constexpr word maximum_radix   = 12;
    constexpr word node_spacing    = word { 1 } << abi::node_size_bits(maximum_radix);
    constexpr word descriptor_bits = 64;

    static_assert(maximum_nodes * node_spacing <= ram_size);

    void require(bool holds, const char* what)
    {
        if (!holds)
        {
            fprintf(stderr, "broken: %s\n", what);
            abort();
        }
    }

    /// The slot, or nullptr.
    const capability_slot* expected(const capability_slot& root, word descriptor)
    {
        const word             depth = (descriptor >> 56) + abi::descriptor_prefix_bits;
        const capability_slot* at    = &root;
        for (word used = abi::descriptor_prefix_bits; used < depth;)
        {
            if (at->type != capability_type::node)
            {
                return nullptr;
            }
            const node& table = at->object<node>();
            const word  end   = used + table.radix;
            if (end > depth || end > descriptor_bits)
            {
                return nullptr;
            }
            word index = 0;
            for (; used < end; used++)
            {
                index = 2 * index + (descriptor >> (descriptor_bits - 1 - used) & 1);
            }
            at = &table.slots[index];
        }
        return at == &root || at->is_empty() ? nullptr : at;
    }

    word take_word(byte_source& bytes, word count)
    {
        word value = 0;
        for (word i = 0; i < count; i++)
        {
            value = value << 8 | bytes.next();
        }
        return value;
    }

    void fill(capability_slot& slot, byte_source& bytes, word node_count)
    {
        const uint8_t choice = bytes.next();
        slot.type            = choice < 0x40 ? capability_type::frame : capability_type::node;
        if (slot.type == capability_type::node)
        {
            slot.component = hal::to_pointer(choice % node_count * node_spacing);
        }
    }

    /// Mostly one that leads somewhere: indexes of nodes on the way, and the depth that belongs to them.
    word make_descriptor(const capability_slot& root, byte_source& bytes)
    {
        const uint8_t choice = bytes.next();
        if (choice < 0x20)
        {
            return take_word(bytes, 8);
        }
        const capability_slot* at    = &root;
        word                   path  = 0;
        word                   depth = abi::descriptor_prefix_bits;
        for (word steps = 1 + choice % 8; steps > 0 && at->type == capability_type::node; steps--)
        {
            const node& table = at->object<node>();
            if (depth + table.radix > descriptor_bits)
            {
                break;
            }
            // Low indexes are those that are filled.
            const word index = bytes.next() % 4 % table.capacity();
            path             = abi::extend_descriptor(path, depth, table.radix, index);
            depth += table.radix;
            at = &table.slots[index];
        }
        // Sometimes with another depth.
        return choice < 0xe0 ? path : path ^ static_cast<word>(bytes.next()) << 56;
    }

    bool prepare()
    {
        require(create_memory(ram_size), "memory");
        begin_guard();
        return true;
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const bool is_prepared = prepare();
    (void) is_prepared;
    byte_source bytes { data, data + size };
    const word  node_count = 1 + bytes.next() % maximum_nodes;
    for (word i = 0; i < node_count; i++)
    {
        const word radix = 1 + bytes.next() % maximum_radix;
        auto*      made  = hal::to_pointer<node>(i * node_spacing);
        hal::clear_memory(made, sizeof(node) + (sizeof(capability_slot) << radix));
        made->radix = radix;
    }
    capability_slot root {};
    root.type      = capability_type::node;
    root.component = hal::to_pointer(0);
    for (word filled = 1 + bytes.next() % 32; filled > 0; filled--)
    {
        node& table = *hal::to_pointer<node>(bytes.next() % node_count * node_spacing);
        fill(table.slots[bytes.next() % 4 % table.capacity()], bytes, node_count);
    }
    while (!bytes.is_empty())
    {
        const word                     descriptor = make_descriptor(root, bytes);
        const result<capability_slot*> found      = find_capability(root, descriptor);
        require((found.ok() ? found.value() : nullptr) == expected(root, descriptor), "another slot was found");
    }
    guard_memory({});
    return 0;
}
