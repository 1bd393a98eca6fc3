// What a process that KOITO started finds: capabilities in its root node, memory at these addresses.
#pragma once

#include <a9n/descriptor.hpp>

namespace koito
{
    using a9n::word;

    inline constexpr word process_root_radix = 4;

    /// Indexes in a process's root node.
    enum class process_slot : word
    {
        root_node             = 1,
        process_control_block = 2,
        address_space         = 3,
        ipc_buffer_frame      = 4,
        page_table_node       = 5,
        frame_node            = 6,
        operating_system_port = 7, ///< requests of os-protocol.hpp; its identifier is the process identifier
        user_node             = 8, ///< free for the program
        first_service         = 9, ///< from here on what each kind of program gets
    };

    /// Client programs.
    enum class client_slot : word
    {
        memory_port = static_cast<word>(process_slot::first_service), ///< ULMMI
    };

    /// The ULMM server.
    enum class memory_server_slot : word
    {
        request_port = static_cast<word>(process_slot::first_service),
        own_memory, ///< a Generic for the server's own nodes
        blocks,     ///< from here on made by the server itself
        pages,
        spaces,
        others,
    };

    /// Size of the ULMM server's own Generic.
    inline constexpr word memory_server_own_memory_bits = 20;

    /// Drivers.
    enum class driver_slot : word
    {
        request_port = static_cast<word>(process_slot::first_service),
        notification_port, ///< bound to the driver; the interrupt arrives here
        io_ports,
        interrupt_port,
        shutdown_notification, ///< asks KOITO to end the system
    };

    template<typename Slot>
    constexpr a9n::descriptor own_slot(Slot slot)
    {
        return a9n::root_path { process_root_radix }[static_cast<word>(slot)];
    }

    /// The stack grows down from here; the IPC buffer lies above it, the image from 4 MiB on.
    inline constexpr word stack_pages        = 16;
    inline constexpr word stack_top          = 0x3f'0000;
    inline constexpr word ipc_buffer_address = 0x3f'f000;
    inline constexpr word image_start        = 0x40'0000;

    /// The flag a driver's notification port gets from its interrupt.
    inline constexpr word interrupt_flag = 1;
}
