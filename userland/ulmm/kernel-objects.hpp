// Kernel objects for clients. Those smaller than a page share page-sized Generics (slabs), each with objects of one client.
// A Generic hands out its memory once: what is released becomes usable again when the whole slab is.
#pragma once

#include "handle-table.hpp"
#include "page-store.hpp"

namespace ulmm
{
    class space;
    struct client;
    struct machine;

    struct slab
    {
        client *owner       = nullptr;
        block  *memory      = nullptr;
        word    used        = 0; ///< bytes, from its start
        word    object_count = 0; ///< not released

        runtime::list_link<slab> link; ///< of those with room
    };

    using slab_list = runtime::list<slab, &slab::link>;

    struct kernel_object
    {
        slab    *where = nullptr;
        uint32_t slot  = 0; ///< the server's own capability
    };

    /// What one request made.
    struct object_group
    {
        word          handle = 0;
        client       *owner = nullptr;
        kernel_object objects[maximum_objects];
        word          count  = 0;
        page_number   buffer = no_page; ///< a process's IPC buffer

        runtime::list_link<object_group> handle_link;
    };

    struct object_request
    {
        a9n::abi::capability_type type;
        word                      specific_bits;
        word                      count;
        bool                      is_exclusive;
    };

    namespace kernel_objects
    {
        /// Copies of the capabilities wait in the machine's outgoing node.
        outcome<object_group *> create(machine &machine, client &owner, const object_request &wanted);

        /// A process in a space, with the page at that address, unless it is 0, as its IPC buffer.
        outcome<object_group *> create_process(machine &machine, client &owner, space &where, word buffer_address);

        void release(machine &machine, object_group &group);
    }
}
