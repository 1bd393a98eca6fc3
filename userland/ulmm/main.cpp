// Start of the ULMM server: makes its nodes from the memory KOITO gave it for that purpose, then serves.
#include "server.hpp"

#include <koito/process-layout.hpp>
#include <runtime/debug-console.hpp>

namespace
{
    using koito::memory_server_slot;
    using ulmm::word;

    constexpr a9n::node root { koito::own_slot(koito::process_slot::root_node), koito::process_root_radix };

    constexpr a9n::generic own_memory { koito::own_slot(memory_server_slot::own_memory) };

    constexpr word heap_start = 0x1100'0000'0000;
    constexpr word heap_size  = word { 1 } << 30;

    word used_memory = 0; ///< of `own_memory`, which is aligned to its size as its objects are to theirs

    a9n::node make_node(a9n::node where, word index, word radix)
    {
        const word size = word { 1 } << a9n::abi::node_size_bits(radix);
        used_memory     = ((used_memory + size - 1) & ~(size - 1)) + size;
        const a9n::status made = own_memory.convert(a9n::capability_type::node, radix, 1, where, index);
        if (!made)
        {
            runtime::debug_line("ulmm: cannot make a node of radix ", radix, ": ", a9n::to_string(made.error));
        }
        return { where[index], radix };
    }

    a9n::node make_node(memory_server_slot slot, word radix)
    {
        return make_node(root, static_cast<word>(slot), radix);
    }

    /// Inner nodes in the node `others`.
    enum other_slot : word
    {
        own_objects,
        kernel_objects,
        outgoing,
        transfer_memory,
        transfer,
    };

    /// The heap's memory comes from here: the server exists before the heap, and needs it only once it serves.
    ulmm::own_memory *heap_memory = nullptr;

    bool commit_heap(uintptr_t address, size_t size)
    {
        return heap_memory->commit(address, size);
    }
}

int main()
{
    namespace top_radix = ulmm::top_radix;
    constexpr word others_radix = 3;
    const a9n::node others       = make_node(memory_server_slot::others, others_radix);
    const ulmm::server_nodes nodes {
        .blocks          = make_node(memory_server_slot::blocks, top_radix::blocks),
        .pages           = make_node(memory_server_slot::pages, top_radix::pages),
        .own_objects     = make_node(others, own_objects, top_radix::own_objects),
        .spaces          = make_node(memory_server_slot::spaces, top_radix::spaces),
        .kernel_objects  = make_node(others, kernel_objects, top_radix::kernel_objects),
        .outgoing        = make_node(others, outgoing, top_radix::outgoing),
        .parent          = others,
        .transfer_memory = transfer_memory,
        .transfer        = transfer,
        .own_memory      = own_memory,
        .own_memory_size = word { 1 } << koito::memory_server_own_memory_bits,
        .own_memory_used = used_memory,
        .own_space       = { koito::own_slot(koito::process_slot::address_space) },
    };
    static ulmm::server memory_server { nodes };
    heap_memory = &memory_server.parts().own;
    if (!runtime::begin_heap({ heap_start, heap_size, commit_heap }) || !memory_server.begin())
    {
        runtime::debug_line("ulmm: its own memory is too small");
        return 1;
    }
    runtime::debug_line("ulmm: ready");
    memory_server.run({ koito::own_slot(memory_server_slot::request_port) });
}
