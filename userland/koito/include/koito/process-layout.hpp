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

    // What follows is where the programs expect what the manifest (etc/koito.manifest) puts there.

    /// Client programs.
    enum class client_slot : word
    {
        memory_port = static_cast<word>(process_slot::first_service), ///< ULMMI
        console,
        notification_port, ///< bound to the program
        timer,
        rtc,
        in_transit, ///< free for a capability that is about to be given away
    };

    /// A POSIX server. `user_node` holds a node of radix `posix_node_radix`, empty.
    enum class posix_slot : word
    {
        request_port = static_cast<word>(process_slot::first_service), ///< all rights: programs get identified copies
        notification_port, ///< all rights, bound to the server; its own slot's identifier is `interrupt_flag`
        memory_port,       ///< ULMMI
        console,           ///< console/protocol.hpp
        timer,             ///< timer/protocol.hpp
        rtc,               ///< rtc/protocol.hpp
        free,              ///< for capabilities in transit
    };

    inline constexpr word posix_node_radix = 6;

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
    };

    /// Of the node in a driver's `user_node`, where its clients' notification capabilities go.
    inline constexpr word driver_node_radix = 5;

    template<typename Slot>
    constexpr a9n::descriptor own_slot(Slot slot)
    {
        return a9n::root_path { process_root_radix }[static_cast<word>(slot)];
    }

    /// The stack grows down from here; start information and IPC buffer lie above it, the image from 4 MiB on.
    inline constexpr word stack_pages               = 16;
    inline constexpr word stack_top                 = 0x3f'0000;
    inline constexpr word start_information_address = 0x3f'e000;
    inline constexpr word ipc_buffer_address        = 0x3f'f000;
    inline constexpr word image_start               = 0x40'0000;

    /// Where a process that the manifest gives the boot archive finds it, read-only.
    inline constexpr word boot_archive_address = 0x1'0000'0000;

    inline constexpr word maximum_arguments = 16;

    /// One read-only page that KOITO fills before the process starts.
    struct start_information
    {
        word identifier          = 0; ///< of the process
        word boot_archive        = 0; ///< address of a tar archive, page-aligned; 0: none
        word boot_archive_size   = 0; ///< bytes
        word archive_object      = 0; ///< ULMM object whose start is a tar archive, as os_request::start_server said; 0: none
        word archive_object_size = 0; ///< bytes
        word restarts            = 0; ///< how often the process has been started again
        word argument_count      = 0; ///< the manifest's or make_server's; the program's name is not among them
        const char *arguments[maximum_arguments] {}; ///< ended by zero bytes, on the same page
    };

    inline const start_information &own_start_information()
    {
        return *reinterpret_cast<const start_information *>(start_information_address);
    }

    /// Identifier of the notification port's own slot: what an interrupt bound to it sets.
    inline constexpr word interrupt_flag = 1;

    /// KOITO sets it in the notification port of every process that calls a server which has been started again: what the server was
    /// told (console::request::attach, timer alarms) has to be told again. Identified copies must not use this bit.
    inline constexpr word service_restarted_flag = word { 1 } << 63;
}
