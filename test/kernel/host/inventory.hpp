// Every kernel object there is, found by walking the list of all capabilities.
#pragma once

#include <core/ipc_port.hpp>
#include <core/node.hpp>
#include <core/notification_port.hpp>
#include <core/process.hpp>

#include <vector>

namespace a9n::host
{
    struct table_object
    {
        physical_address address;
        word             depth;

        bool operator==(const table_object&) const = default;
        auto operator<=>(const table_object&) const = default;
    };

    /// Each object once, by physical address.
    struct inventory
    {
        std::vector<capability_slot*>       slots; ///< in the order of the dependency list
        std::vector<node*>                  nodes;
        std::vector<process_control_block*> processes;
        std::vector<ipc_port*>              ipc_ports;
        std::vector<notification_port*>     notification_ports;
        std::vector<table_object>           tables;  ///< address spaces and page tables
        std::vector<physical_address>       buffers; ///< pages that are the IPC buffer of some process
    };

    /// `found` is overwritten; its memory is used again.
    void take_inventory(inventory& found);

    /// Where a slot lies: the node or process, or the number of the interrupt line, and the index in the node.
    struct slot_place
    {
        word owner;
        word index;
    };

    /// `slot` is one of `objects`. The owner is 0 if no capability to the node exists.
    slot_place find_place(const inventory& objects, const capability_slot& slot);

    /// Physical address of an object, 0 for nullptr.
    physical_address address_of(const void* object);
}
