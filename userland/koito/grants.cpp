#include "grants.hpp"

namespace koito
{
    namespace
    {
        using a9n::capability_rights;
        using a9n::capability_type;

        constexpr word service_memory_bits = a9n::abi::page_size_bits;

        /// An identified copy of a server's port, with WRITE only.
        a9n::status connect(const process &client, a9n::ipc_port port, word slot)
        {
            a9n::status outcome = make_identified_copy(port, client.identifier);
            if (outcome)
            {
                outcome = client.root().mint(slot, root[scratch_index], capability_rights::write);
            }
            (void)root.remove(scratch_index);
            return outcome;
        }

        a9n::status bind_notification_port(const process &target, word slot)
        {
            const a9n::notification_port bell { target.root()[slot] };
            const a9n::notification_port own_bell { bells[target.identifier] };
            a9n::process_configuration   bound;
            bound.set_notification_port(bell);

            a9n::status outcome = target.memory().convert(capability_type::notification_port, 0, 1, target.root(), slot);
            outcome             = outcome ? bells.copy(target.identifier, bell) : outcome;
            outcome             = outcome ? own_bell.identify(service_restarted_flag) : outcome;
            outcome             = outcome ? bell.identify(interrupt_flag) : outcome;
            return outcome ? target.control_block().configure(bound) : outcome;
        }

        /// KOITO keeps the interrupt port, so that the driver's successor can have it whatever became of the driver's.
        a9n::status give_interrupt(const process &target, word irq, word slot)
        {
            const a9n::interrupt_port own_port { interrupt_ports[irq] };
            if (!own_port.unbind() && !interrupts.make_port(irq, interrupt_ports, irq))
            {
                return a9n::capability_error::illegal_operation;
            }
            return target.root().copy(slot, own_port);
        }
    }

    a9n::status make_service_port(const process &server, a9n::generic reserve)
    {
        const word         identifier = server.identifier;
        const a9n::generic memory { service_memories[identifier] };
        const a9n::status  again = memory.convert(capability_type::ipc_port, 0, 1, service_ports, identifier);
        if (again)
        {
            return again;
        }
        const a9n::status made = reserve.convert(capability_type::generic, service_memory_bits, 1, service_memories, identifier);
        return made ? memory.convert(capability_type::ipc_port, 0, 1, service_ports, identifier) : made;
    }

    void remove_service_port(const process &server)
    {
        (void)service_memories.revoke(server.identifier);
    }

    a9n::status give(const process &target, const grant &given)
    {
        const a9n::node its_root = target.root();
        switch (given.kind)
        {
            case grant_kind::serves : return its_root.mint(given.slot, target.service_port(), capability_rights::read);
            case grant_kind::owns : return its_root.copy(given.slot, target.service_port());
            case grant_kind::calls : return connect(target, a9n::ipc_port { service_ports[given.first + 1] }, given.slot);
            case grant_kind::memory : return connect(target, memory_server_port, given.slot);
            case grant_kind::notification : return bind_notification_port(target, given.slot);
            case grant_kind::io_ports : return all_io_ports.mint(given.first, given.last, its_root, given.slot);
            case grant_kind::interrupt : return give_interrupt(target, given.first, given.slot);
            case grant_kind::node : return target.memory().convert(capability_type::node, given.first, 1, its_root, given.slot);
            case grant_kind::generic :
                return its_root.move(given.slot, root[scratch_index]); // made first of all, see process.cpp
        }
        return a9n::capability_error::invalid_argument;
    }

    void tell_of_restart(const process &client)
    {
        (void)a9n::notification_port { bells[client.identifier] }.notify();
    }
}
