// Start of the ULMM server: makes its nodes from the memory KOITO gave it for that purpose, then serves.
#include "server.hpp"

#include <koito/process-layout.hpp>
#include <runtime/debug-console.hpp>

namespace
{
    using koito::memory_server_slot;
    using ulmm::word;

    constexpr a9n::node root { koito::own_slot(koito::process_slot::root_node), koito::process_root_radix };

    /// The node's own slot and the word that names it.
    a9n::node make_node(memory_server_slot slot, word radix)
    {
        const a9n::generic own_memory { koito::own_slot(memory_server_slot::own_memory) };
        const a9n::status  made =
            own_memory.convert(a9n::capability_type::node, radix, 1, root, static_cast<word>(slot));
        if (!made)
        {
            runtime::debug_line("ulmm: cannot make a node of radix ", radix, ": ", a9n::to_string(made.error));
        }
        return { koito::own_slot(slot), radix };
    }
}

int main()
{
    const ulmm::server_nodes nodes {
        .blocks        = make_node(memory_server_slot::blocks, ulmm::block_radix),
        .page_tables   = make_node(memory_server_slot::page_tables, ulmm::block_radix),
        .frames        = make_node(memory_server_slot::frames, ulmm::frame_slot_radix),
        .clients       = make_node(memory_server_slot::clients, ulmm::client_radix),
        .root          = root,
        .transfer_slot = static_cast<word>(memory_server_slot::transfer),
    };
    static ulmm::server memory_server { nodes };

    runtime::debug_line("ulmm: ready");
    memory_server.run({ koito::own_slot(memory_server_slot::request_port) });
}
