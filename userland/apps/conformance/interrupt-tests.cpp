// INTERRUPT_REGION and INTERRUPT_PORT (ABI sections 14 and 15), with COM1's "transmitter empty" interrupt.
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using region_operation = abi::interrupt_region_operation;
        using port_operation   = abi::interrupt_port_operation;
        using bell_operation   = abi::notification_port_operation;

        constexpr word serial_irq  = 4;
        constexpr word port_slot   = first_free_slot;
        constexpr word port        = slot(port_slot);
        constexpr word bell_slot   = first_free_slot + 1;
        constexpr word bell        = slot(bell_slot);
        constexpr word scratch     = first_free_slot + 2;

        constexpr word interrupt_enable = 0x3f9, interrupt_identification = 0x3fa;

        void write_serial(word at, word value)
        {
            require("serial port", call(all_io_ports, abi::io_port_operation::write, at, 1, value));
        }

        /// Gives a pending interrupt the time to arrive. Returns the flags.
        word flags_soon()
        {
            for (word i = 0; i < 1000; ++i)
            {
                const word flags = call(bell, bell_operation::poll).mr[2];
                if (flags != 0)
                {
                    return flags;
                }
                yield();
            }
            return 0;
        }

        void test_region()
        {
            const auto invalid = capability_error::invalid_argument;
            expect_success("interrupt_region.make_port", "a free line",
                call(all_interrupts, region_operation::make_port, serial_irq, root, port_slot));
            expect_equal("interrupt_port.get_irq_number", "of it", call(port, port_operation::get_irq_number).mr[2], serial_irq);
            expect_success("interrupt_region.make_port", "the port has all rights: one can be minted with all",
                call(root, abi::node_operation::mint, scratch, port, bits(capability_rights::all)));
            require("remove", call(root, abi::node_operation::remove, scratch));
            expect_error("interrupt_region.make_port", "a line that is taken",
                call(all_interrupts, region_operation::make_port, serial_irq, root, scratch), capability_error::illegal_operation);
            expect_error("interrupt_region.make_port", "line 256",
                call(all_interrupts, region_operation::make_port, 256, root, scratch), invalid);
            expect_error("interrupt_region.make_port", "slot in use",
                call(all_interrupts, region_operation::make_port, 5, root, port_slot), invalid);
            expect_error("interrupt_region.make_port", "slot out of range",
                call(all_interrupts, region_operation::make_port, 5, root, 256), invalid);
            expect_error("interrupt_region.make_port", "no node there",
                call(all_interrupts, region_operation::make_port, 5, slot(200), 0), capability_error::invalid_descriptor);
            expect_error("interrupt_region.make_port", "the destination is no node",
                call(all_interrupts, region_operation::make_port, 5, port, 0), capability_error::invalid_descriptor);
            const word unwritable = mint(all_interrupts, without(capability_rights::write));
            expect_error("interrupt_region.make_port", "without write",
                call(unwritable, region_operation::make_port, 5, root, scratch + 1), capability_error::permission_denied);
            const word unwritable_root = mint(root, without(capability_rights::write));
            expect_error("interrupt_region.make_port", "destination without write",
                call(all_interrupts, region_operation::make_port, 5, unwritable_root, scratch + 2),
                capability_error::permission_denied);
            expect_error("interrupt_region", "unknown operation", call(all_interrupts, 0), capability_error::illegal_operation);
            expect_error("interrupt_region", "unknown operation 2", call(all_interrupts, 2), capability_error::illegal_operation);
            expect_success("interrupt_region.make_port", "line 255", call(all_interrupts, region_operation::make_port, 255, root, scratch + 2));
            expect_success("node.remove", "an interrupt port", call(root, abi::node_operation::remove, scratch + 2));
            expect_success("interrupt_region.make_port", "the line is free again",
                call(all_interrupts, region_operation::make_port, 255, root, scratch + 2));
            require("remove", call(root, abi::node_operation::remove, scratch + 2));
        }

        void test_port()
        {
            const auto denied = capability_error::permission_denied;
            expect_success("interrupt_port.unbind", "an unbound port", call(port, port_operation::unbind));
            expect_success("interrupt_port.ack", "an unbound port", call(port, port_operation::ack));
            expect_error("interrupt_port.bind", "no notification port", call(port, port_operation::bind, root),
                capability_error::invalid_descriptor);
            expect_error("interrupt_port.bind", "descriptor leads nowhere", call(port, port_operation::bind, slot(200)),
                capability_error::invalid_descriptor);
            expect_success("interrupt_port.bind", "a notification port", call(port, port_operation::bind, bell));
            expect_error("interrupt_port.bind", "a second one", call(port, port_operation::bind, bell),
                capability_error::illegal_operation);
            expect_success("interrupt_port.unbind", "a bound port", call(port, port_operation::unbind));
            expect_error("interrupt_port", "unknown operation", call(port, 0), capability_error::illegal_operation);
            expect_error("interrupt_port", "unknown operation 5", call(port, 5), capability_error::illegal_operation);
            const word unwritable = mint(port, without(capability_rights::write));
            expect_error("interrupt_port.bind", "without write", call(unwritable, port_operation::bind, bell), denied);
            expect_error("interrupt_port.unbind", "without write", call(unwritable, port_operation::unbind), denied);
            expect_error("interrupt_port.ack", "without write", call(unwritable, port_operation::ack), denied);
            const word unreadable = mint(port, without(capability_rights::read));
            expect_error("interrupt_port.get_irq_number", "without read", call(unreadable, port_operation::get_irq_number), denied);
        }

        /// The serial port interrupts whenever its transmitter is empty and asked to tell.
        void test_delivery()
        {
            require("identify", call(bell, bell_operation::identify, 0x40));
            require("bind", call(port, port_operation::bind, bell));
            require("identify", call(bell, bell_operation::identify, 0x80)); // the copy keeps its own
            write_serial(interrupt_enable, 2);
            expect_equal("interrupt_port.bind", "an interrupt notifies with the identifier at the time of the binding",
                flags_soon(), 0x40);
            // Ask again: the line is masked until it is acknowledged.
            write_serial(interrupt_enable, 0);
            write_serial(interrupt_enable, 2);
            expect_equal("interrupt_port.ack", "until then no further interrupt", flags_soon(), 0);
            expect_success("interrupt_port.ack", "a bound port", call(port, port_operation::ack));
            write_serial(interrupt_enable, 0);
            write_serial(interrupt_enable, 2);
            expect_equal("interrupt_port.ack", "then the next one comes", flags_soon(), 0x40);
            require("ack", call(port, port_operation::ack));
            write_serial(interrupt_enable, 0);
            call(all_io_ports, abi::io_port_operation::read, interrupt_identification, 1);
            flags_soon();

            require("unbind", call(port, port_operation::unbind));
            write_serial(interrupt_enable, 2);
            expect_equal("interrupt_port.unbind", "no interrupt is delivered any more", flags_soon(), 0);
            require("ack", call(port, port_operation::ack));
            expect_equal("interrupt_port.ack", "of an unbound port delivers nothing either", flags_soon(), 0);
            write_serial(interrupt_enable, 0);
            require("bind", call(port, port_operation::bind, bell));
            write_serial(interrupt_enable, 2);
            expect_equal("interrupt_port.bind", "again: with the identifier of now", flags_soon(), 0x80);
            write_serial(interrupt_enable, 0);
            call(all_io_ports, abi::io_port_operation::read, interrupt_identification, 1);
            require("unbind", call(port, port_operation::unbind));

            const word read_only = mint(bell, capability_rights::read);
            require("bind", call(port, port_operation::bind, read_only));
            write_serial(interrupt_enable, 2);
            expect_equal("interrupt_port.bind", "without write right nothing is notified", flags_soon(), 0);
            write_serial(interrupt_enable, 0);
            expect_success("node.revoke", "an interrupt region", call(root, abi::node_operation::revoke, 8));
            expect_error("node.revoke", "its ports are gone", call(port, port_operation::ack), capability_error::invalid_descriptor);
        }
    }

    void test_interrupts()
    {
        make(capability_type::notification_port, 0, bell_slot);
        test_region();
        test_port();
        test_delivery();
        clean_up();
    }
}
