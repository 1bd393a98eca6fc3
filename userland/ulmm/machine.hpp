// What all parts of the server work with: the machine's memory and the server's nodes.
#pragma once

#include "page-users.hpp"

namespace ulmm
{
    /// Where the server keeps its capabilities: empty nodes, and what KOITO gave it.
    struct server_nodes
    {
        a9n::node          blocks;         ///< of nodes: the Generics of all blocks
        a9n::node          pages;          ///< of nodes: frames and page tables
        a9n::node          own_objects;    ///< of nodes: the server's own frames and page tables
        a9n::node          spaces;         ///< of nodes: address spaces
        a9n::node          kernel_objects; ///< of nodes: the server's capabilities to what it made for clients
        a9n::node          outgoing;       ///< capabilities on their way to a client
        a9n::node          parent;         ///< in which slot `transfer_memory` and `transfer` are empty
        word               transfer_memory;
        word               transfer;
        a9n::generic       own_memory;
        word               own_memory_size;
        word               own_memory_used; ///< by the nodes above
        a9n::address_space own_space;
    };

    /// Radix of the nodes of nodes: enough for all blocks and pages of 2 GiB.
    namespace top_radix
    {
        inline constexpr word blocks         = 9;
        inline constexpr word pages          = 10;
        inline constexpr word own_objects    = 7;
        inline constexpr word spaces         = 8;
        inline constexpr word kernel_objects = 8;
        inline constexpr word outgoing       = 4; ///< no node of nodes
    }

    namespace leaf_radix
    {
        inline constexpr word blocks         = 8;
        inline constexpr word pages          = 9;
        inline constexpr word spaces         = 6;
        inline constexpr word kernel_objects = 7;
    }

    struct machine
    {
        explicit machine(const server_nodes &nodes)
            : own(nodes.own_memory, nodes.own_memory_size, nodes.own_memory_used, nodes.own_space, nodes.own_objects),
              blocks(own, nodes.blocks, leaf_radix::blocks),
              pages(own, blocks, nodes.pages, leaf_radix::pages),
              users(pages),
              spaces(own, nodes.spaces, leaf_radix::spaces),
              space_numbers(spaces),
              kernel_objects(own, nodes.kernel_objects, leaf_radix::kernel_objects),
              kernel_object_numbers(kernel_objects),
              outgoing(nodes.outgoing)
        {
        }

        /// A clean block, for which pages that lie idle are given up.
        block *allocate_block(word order)
        {
            own.prepare(blocks);
            block *found = blocks.allocate(order);
            return found == nullptr && pages.give_back() ? blocks.allocate(order) : found;
        }

        own_memory   own;
        block_table  blocks;
        page_store   pages;
        page_users   users;
        growing_node spaces;
        slot_numbers space_numbers;
        growing_node kernel_objects;
        slot_numbers kernel_object_numbers;
        a9n::node    outgoing;
    };
}
