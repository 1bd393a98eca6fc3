// A client: its limit and what counts against it, and what its handles name.
#pragma once

#include "handle-table.hpp"
#include "kernel-objects.hpp"
#include "memory-object.hpp"
#include "space.hpp"

namespace ulmm
{
    struct client
    {
        word         identifier = 0;
        word         limit      = 0;
        client_flags flags      = client_flags::none;

        word bytes          = 0; ///< what counts against the limit
        word shared_pages   = 0; ///< of those it pays for: with more than one user
        word page_tables    = 0;
        word kernel_objects = 0;

        space                      *own = nullptr; ///< what KOITO built
        handle_table<space>         spaces;
        handle_table<object_holder> objects;
        handle_table<object_group>  groups;
        slab_list                   slabs_with_room;
        paid_objects                objects_paid; ///< memory objects whose pages count against the limit
        runtime::list_link<client>  link;

        bool has_room(word size) const
        {
            return bytes <= limit && size <= limit - bytes;
        }

        [[nodiscard]] bool charge(word size)
        {
            if (!has_room(size))
            {
                return false;
            }
            bytes += size;
            return true;
        }

        void refund(word size)
        {
            bytes -= size;
        }

        bool may(client_flags wanted) const
        {
            return (static_cast<word>(flags) & static_cast<word>(wanted)) != 0;
        }
    };
}
