// Memory that several spaces map, also of several clients. Who has a handle, or ranges that map it, is a holder. One holder
// pays: its maker, and when that is gone, one that has mapped it.
#pragma once

#include "handle-table.hpp"
#include "page-map.hpp"

namespace ulmm
{
    struct client;
    struct machine;
    struct memory_object;

    struct object_holder
    {
        word           handle      = 0; ///< 0: only ranges hold the object
        memory_object *object      = nullptr;
        client        *who         = nullptr;
        access         permitted   = access::none;
        word           range_count = 0; ///< ranges that map it, and windows and IPC buffers that show a page of it
        bool           is_accepted = false; ///< made or mapped by `who`, who may therefore have to pay. Until then the payer does

        runtime::list_link<object_holder> handle_link;
        runtime::list_link<object_holder> link;
    };

    struct memory_object
    {
        word                                              page_count = 0;
        page_map                                          map;
        client                                           *payer = nullptr;
        runtime::list<object_holder, &object_holder::link> holders;
        runtime::list_link<memory_object>                  link; ///< of those the payer pays for
    };

    using paid_objects = runtime::list<memory_object, &memory_object::link>;

    namespace memory_objects
    {
        /// With a holder for its maker; with a handle, if asked for.
        outcome<object_holder *> create(client &maker, word size, bool has_handle);

        /// If it has neither handle nor ranges.
        void end_if_unused(machine &machine, object_holder &holder);

        /// The recipient's holder: a new one, or the one it has.
        outcome<object_holder *> share(object_holder &shared, client &recipient, access permitted);

        /// `who` gives up its handle.
        void release(machine &machine, object_holder &released);

        /// One range maps it more, or less.
        void add_range(machine &machine, object_holder &holder);
        void drop_range(machine &machine, object_holder &holder);

        /// The page of that index, made if it is not there. It belongs to the object; a range that shows it is another user.
        outcome<page_number> page_at(machine &machine, memory_object &object, word index);

        /// Keeps a page of an object or a space for a window or IPC buffer of the client, and the object, too: so there is always
        /// somebody who pays for it. False if it is kept too often.
        bool hold_page(machine &machine, page_number number, client &who);
        void let_page_go(machine &machine, page_number number, client &who);

        /// The client goes: whatever it pays for passes to another holder that accepted it, or ends.
        void leave(machine &machine, client &leaving);
    }
}
