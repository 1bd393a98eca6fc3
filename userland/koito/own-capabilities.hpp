// What KOITO has: the root node the kernel filled, and what KOITO adds to it.
#pragma once

#include <a9n/generic.hpp>
#include <a9n/interrupt.hpp>
#include <a9n/io-port.hpp>
#include <a9n/ipc-port.hpp>
#include <a9n/process-control-block.hpp>

namespace koito
{
    using a9n::word;
    using a9n::abi::init_slot;

    inline constexpr word process_radix     = 5;
    inline constexpr word maximum_processes = word { 1 } << process_radix;
    inline constexpr word interrupt_radix   = 8;

    /// ULMM is the first process of every manifest; KOITO itself is 0.
    inline constexpr word memory_server_identifier = 1;

    /// Slots of KOITO's root node beyond those of the init protocol. Of the nodes, slot p is about process p.
    enum class own : word
    {
        os_port = 10,      ///< every process's port 7 is an identified copy
        fault_port,        ///< the resolver of servers is an identified copy…
        memory_fault_port, ///< …and that of ULMM's clients is one of this
        process_roots,     ///< node: root nodes
        process_memories,  ///< node: the Generic all of the process was made from
        service_ports,     ///< node: request ports, which outlive the process
        service_memories,  ///< node: the Generic of the request port alone
        bells,             ///< node: the process's notification port, with the flag that a server runs again
        start_pages,       ///< node: frame with the start information
        interrupt_ports,   ///< node: slot i is interrupt i, if it has a driver
        fault_event,       ///< notification to KOITO's main thread: a process was ended for a fault
        resolver,          ///< control block of the fault resolver, KOITO's second thread…
        memory_resolver,   ///< …and of the one that asks ULMM, its third
        scratch,           ///< empty between operations
        window_tables,     ///< three slots: page tables of the window in process-pages.cpp
    };

    inline constexpr a9n::root_path root_slots { a9n::abi::init_root_radix };

    constexpr a9n::descriptor slot(own name)
    {
        return root_slots[static_cast<word>(name)];
    }

    constexpr a9n::descriptor slot(init_slot name)
    {
        return root_slots[static_cast<word>(name)];
    }

    inline constexpr a9n::node root { slot(init_slot::root_node), a9n::abi::init_root_radix };
    inline constexpr a9n::node frame_node { slot(init_slot::frame_node), a9n::abi::init_frame_radix };
    inline constexpr a9n::node generic_node { slot(init_slot::generic_node), a9n::abi::init_generic_radix };
    inline constexpr a9n::node process_roots { slot(own::process_roots), process_radix };
    inline constexpr a9n::node process_memories { slot(own::process_memories), process_radix };
    inline constexpr a9n::node service_ports { slot(own::service_ports), process_radix };
    inline constexpr a9n::node service_memories { slot(own::service_memories), process_radix };
    inline constexpr a9n::node bells { slot(own::bells), process_radix };
    inline constexpr a9n::node start_pages { slot(own::start_pages), process_radix };
    inline constexpr a9n::node interrupt_ports { slot(own::interrupt_ports), interrupt_radix };

    inline constexpr a9n::address_space         own_address_space { slot(init_slot::address_space) };
    inline constexpr a9n::process_control_block own_process { slot(init_slot::process_control_block) };
    inline constexpr a9n::io_port               all_io_ports { slot(init_slot::io_port) };
    inline constexpr a9n::interrupt_region      interrupts { slot(init_slot::interrupt_region) };
    inline constexpr a9n::ipc_port              os_port { slot(own::os_port) };
    inline constexpr a9n::ipc_port              memory_server_port { service_ports[memory_server_identifier] };
    inline constexpr a9n::ipc_port              fault_port { slot(own::fault_port) };
    inline constexpr a9n::ipc_port              memory_fault_port { slot(own::memory_fault_port) };
    inline constexpr a9n::notification_port     fault_event { slot(own::fault_event) };
    inline constexpr a9n::process_control_block resolver { slot(own::resolver) };
    inline constexpr a9n::process_control_block memory_resolver { slot(own::memory_resolver) };

    /// Flag of `fault_event`.
    inline constexpr word fault_flag = 1;

    inline constexpr word scratch_index = static_cast<word>(own::scratch);

    /// Puts a copy of `port` with that identifier into the scratch slot, for `mint` or `configure`.
    inline a9n::status make_identified_copy(a9n::ipc_port port, word identifier)
    {
        if (const a9n::status copied = root.copy(scratch_index, port); !copied)
        {
            return copied;
        }
        return a9n::ipc_port { root[scratch_index] }.identify(identifier);
    }
}
