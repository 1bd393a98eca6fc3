// The KOITO server: the init process of A9N. It starts the memory server, the console driver and the client program
// from the archive in its image, gives each exactly the capabilities it needs, and then serves them.
#include "fault-resolver.hpp"
#include "own-memory.hpp"
#include "system.hpp"

#include <runtime/debug-console.hpp>
#include <ulmm/protocol.hpp>

extern "C" const uint8_t koito_archive_start[];
extern "C" const uint8_t koito_archive_end[];

namespace koito
{
    namespace
    {
        // Drivers above the memory server, so that a keystroke is never lost to a long request.
        constexpr word console_priority       = 24;
        constexpr word memory_server_priority = 20;
        constexpr word program_priority       = 10;

        constexpr word program_memory_limit = 16 * 1024 * 1024;

        constexpr word serial_port_first = 0x3f8;
        constexpr word serial_port_last  = 0x3ff;
        constexpr word serial_irq        = 4;

        using a9n::capability_rights;
        using a9n::capability_type;

        template<typename Slot>
        constexpr word index_of(Slot slot)
        {
            return static_cast<word>(slot);
        }

        /// Says what failed. Start-up goes on as far as it can: a system without a driver is easier to examine.
        bool check(const char *what, a9n::status step)
        {
            if (!step)
            {
                runtime::debug_line("koito: ", what, ": ", a9n::to_string(step.error));
            }
            return step.ok;
        }

        void start(process &target)
        {
            target.state = process_state::running;
            runtime::debug_line("koito: starting ", target.name);
            check("resume", target.control_block().resume());
        }

        /// An identified copy of `port` with WRITE only, in slot `index` of the client's root node.
        bool connect(const process &client, a9n::ipc_port port, word index)
        {
            const bool connected = check("copy of a port", make_identified_copy(port, client.identifier))
                && check("grant of a port", client.root().mint(index, root[scratch_index], capability_rights::write));
            (void)root.remove(scratch_index);
            return connected;
        }

        bool ask_memory_server(system &koito, const char *what, const a9n::message &request)
        {
            const a9n::result<a9n::message> reply = call_server(koito, memory_server_port, request);
            if (!reply)
            {
                runtime::debug_line("koito: ", what, ": ", a9n::to_string(reply.error));
                return false;
            }
            const auto code = static_cast<ulmm::reply_code>(reply->payload[0]);
            if (code != ulmm::reply_code::ok)
            {
                runtime::debug_line("koito: ", what, ": ", ulmm::to_string(code));
            }
            return code == ulmm::reply_code::ok;
        }

        a9n::message with_transfer(a9n::message request, a9n::descriptor source)
        {
            a9n::set_transfer_source(0, source);
            request.transfer_count = 1;
            return request;
        }

        void start_memory_server(system &koito, bytes archive, const memory_division &memory)
        {
            const program_description description { .name = "ulmm",
                .priority            = memory_server_priority,
                .private_memory_bits = memory_server_own_memory_bits,
                .private_memory_slot = index_of(memory_server_slot::own_memory),
                .is_memory_client    = false };
            process *server = prepare(koito, archive, description, memory.reserve.generic);
            if (server == nullptr
                || !check("memory server's port",
                    server->memory().convert(capability_type::ipc_port, 0, 1, root, index_of(own::memory_server_port)))
                || !check("memory server's port",
                    server->root().mint(
                        index_of(memory_server_slot::request_port), memory_server_port, capability_rights::read)))
            {
                return;
            }
            start(*server);
            koito.memory_server = server;
            for (word i = 0; i < memory.other_count; ++i)
            {
                const known_generic &piece = memory.others[i];
                if (piece.size_bits < ulmm::smallest_memory_bits)
                {
                    continue;
                }
                ask_memory_server(koito, "memory for ulmm",
                    with_transfer(
                        a9n::make_message(ulmm::request::add_memory, piece.address, piece.size_bits), piece.generic));
            }
        }

        void start_console(system &koito, bytes archive, const memory_division &memory)
        {
            const program_description description { .name = "console",
                .priority            = console_priority,
                .private_memory_bits = 0,
                .private_memory_slot = 0,
                .is_memory_client    = false };
            process *driver = prepare(koito, archive, description, memory.reserve.generic);
            if (driver == nullptr)
            {
                return;
            }
            const a9n::node              its_root = driver->root();
            const a9n::notification_port bell { its_root[index_of(driver_slot::notification_port)] };

            a9n::process_configuration bound;
            bound.set_notification_port(bell);
            if (check("console's port",
                    driver->memory().convert(capability_type::ipc_port, 0, 1, root, index_of(own::console_port)))
                && check("console's port",
                    its_root.mint(index_of(driver_slot::request_port), console_port, capability_rights::read))
                && check("console's notification port",
                    driver->memory().convert(capability_type::notification_port, 0, 1, its_root,
                        index_of(driver_slot::notification_port)))
                && check("console's notification port", bell.identify(interrupt_flag))
                && check("console's notification port", driver->control_block().configure(bound))
                && check("console's I/O ports",
                    all_io_ports.mint(serial_port_first, serial_port_last, its_root, index_of(driver_slot::io_ports)))
                && check("console's interrupt",
                    interrupts.make_port(serial_irq, its_root, index_of(driver_slot::interrupt_port)))
                && check("console's shutdown notification",
                    its_root.mint(
                        index_of(driver_slot::shutdown_notification), shutdown_event, capability_rights::write)))
            {
                start(*driver);
                koito.console = driver;
            }
        }

        void start_program(system &koito, bytes archive, runtime::text name, const memory_division &memory)
        {
            const program_description description { .name = name,
                .priority            = program_priority,
                .private_memory_bits = 0,
                .private_memory_slot = 0,
                .is_memory_client    = true };
            process *program = prepare(koito, archive, description, memory.reserve.generic);
            if (program == nullptr)
            {
                return;
            }
            if (koito.memory_server != nullptr)
            {
                if (check("copy of an address space", root.copy(scratch_index, program->space())))
                {
                    ask_memory_server(koito, "client of ulmm",
                        with_transfer(a9n::make_message(ulmm::request::attach_client, program->identifier, program_memory_limit,
                            ulmm::client_flags::observer | ulmm::client_flags::administrator),
                            root[scratch_index]));
                    (void)root.remove(scratch_index); // empty unless the transfer failed
                }
                connect(*program, memory_server_port, index_of(client_slot::memory_port));
            }
            koito.main_program = program;
            start(*program);
        }

        /// Ports and nodes that KOITO itself needs.
        bool make_own_objects(a9n::generic reserve)
        {
            a9n::process_configuration bound;
            bound.set_notification_port(shutdown_event);
            return check("own ports", reserve.convert(capability_type::ipc_port, 0, 3, root, index_of(own::os_port)))
                && check("own nodes",
                    reserve.convert(capability_type::node, process_radix, 2, root, index_of(own::process_roots)))
                && check("event port",
                    reserve.convert(capability_type::notification_port, 0, 1, root, index_of(own::shutdown_event)))
                && check("event port", root.copy(index_of(own::fault_event), shutdown_event))
                && check("event port", shutdown_event.identify(shutdown_flag))
                && check("event port", fault_event.identify(fault_flag))
                && check("event port", own_process.configure(bound));
        }

        [[noreturn]] void give_up(const char *reason)
        {
            runtime::debug_line("koito: ", reason);
            switch_off(1);
            for (;;)
            {
                (void)own_process.suspend();
            }
        }

        /// Null pointers in KOITO fault from here on; page 0 holds only the ELF headers.
        void unmap_page_zero()
        {
            check("unmapping page 0", own_address_space.unmap(a9n::frame { frame_node[0] }, 0));
        }

        system          the_system;
        memory_division the_memory;
    }
}

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    using namespace koito;

    a9n::current_ipc_buffer = buffer;
    runtime::debug_line("koito: A9N ", info->kernel_version[0], ".", info->kernel_version[1], ".",
        info->kernel_version[2], " started the KOITO server");
    unmap_page_zero();

    divide_memory(*info, the_memory);
    if (the_memory.reserve.size_bits == 0)
    {
        give_up("not enough memory: no Generic has room for 8 MiB; give the machine 32 MiB or more");
    }
    if (!make_own_objects(the_memory.reserve.generic))
    {
        give_up("cannot make the objects every process needs");
    }

    if (!check("fault resolvers", start_fault_resolvers(the_system, the_memory.reserve.generic)))
    {
        give_up("cannot start the fault resolver");
    }

    const bytes archive { koito_archive_start, static_cast<size_t>(koito_archive_end - koito_archive_start) };
    start_memory_server(the_system, archive, the_memory);
    start_console(the_system, archive, the_memory);
    start_program(the_system, archive, "memory-tour", the_memory);
    serve(the_system);
}
