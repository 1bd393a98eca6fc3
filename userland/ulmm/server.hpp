// The ULMM server: turns the requests of ULMMI into operations on blocks, frames and address spaces.
#pragma once

#include "buddy-allocator.hpp"
#include "client.hpp"
#include "frame-slots.hpp"

#include <a9n/ipc-port.hpp>
#include <ulmm/regions.hpp>

namespace ulmm
{
    /// Where the server keeps its capabilities.
    struct server_nodes
    {
        a9n::node blocks;      ///< slot i: Generic of block i
        a9n::node page_tables; ///< slot i: the page table made from block i
        a9n::node frames;      ///< frames of all regions
        a9n::node clients;     ///< slot i: address space of client i
        a9n::node root;
        word      transfer_slot; ///< in `root`: where a received capability arrives
    };

    class server
    {
    public:
        explicit server(const server_nodes &nodes) : nodes(nodes), buddies(nodes.blocks)
        {
        }

        /// Serves requests for ever.
        [[noreturn]] void run(a9n::ipc_port requests);

        a9n::message handle(const a9n::message &incoming);

    private:
        a9n::message handle_client(client &sender, const a9n::message &incoming);
        a9n::message handle_koito(const a9n::message &incoming);

        a9n::message allocate(client &owner, word size);
        a9n::message map(client &owner, word handle, word address, word permitted);
        a9n::message unmap(client &owner, word handle);
        a9n::message release(client &owner, word handle);
        a9n::message statistics(const client &owner) const;

        region_reply add_memory(word address, word size_bits);
        region_reply attach_client(word identifier);
        region_reply detach_client(word identifier);

        region_reply map_frames(client &owner, const region &target, word address, a9n::access permitted);
        region_reply ensure_page_tables(client &owner, word address, word frame_order);
        void       unmap_frames(client &owner, const region &target, word address, word count);
        region_reply release_region(region &target);

        client      *find_client(word identifier);
        a9n::frame   frame_at(word slot) const;
        a9n::message refuse_allocation() const;

        server_nodes    nodes;
        buddy_allocator buddies;
        frame_slots     slots;
        client          clients[client_count] {};
    };
}
