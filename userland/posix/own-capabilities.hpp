// What the POSIX server finds in its root node, and what it makes for itself.
#pragma once

#include <a9n/ipc-port.hpp>
#include <a9n/notification-port.hpp>
#include <a9n/process-control-block.hpp>
#include <koito/process-layout.hpp>

namespace posix
{
    using a9n::word;

    inline constexpr a9n::node own_root { koito::own_slot(koito::process_slot::root_node), koito::process_root_radix };

    inline constexpr a9n::node small_node { koito::own_slot(koito::process_slot::user_node), koito::posix_node_radix };

    /// In the small node, made by ULMM: a scratch slot, and two slots for each thread.
    inline constexpr word      own_node_index = 0;
    inline constexpr word      own_node_radix = 10;
    inline constexpr a9n::node own_node { small_node[own_node_index], own_node_radix };

    inline constexpr a9n::ipc_port door_port { own_slot(koito::posix_slot::request_port) }; ///< both doors

    inline constexpr word scratch_index = 0; ///< of `own_node`: an identified copy on its way

    inline constexpr word thread_slots   = (word { 1 } << own_node_radix) / 2 - 1;

    /// Slots of thread `index` (from 1 on).
    inline constexpr a9n::process_control_block control_block_of(word index)
    {
        return { own_node[2 * index] };
    }

    inline constexpr a9n::node root_of(word index)
    {
        return { own_node[2 * index + 1], koito::process_root_radix };
    }
}
