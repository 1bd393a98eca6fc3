// Performs the kernel's longest operations, each between the lines `begin NAME` and `end` on the kernel's console. A driver
// of higher priority serves the serial port's interrupts meanwhile. test/kernel/interrupt-latency.test.ts makes them happen
// and counts how long they wait.
#include "init-server.hpp"

#include <a9n/interrupt.hpp>

extern "C" char worker_start[];
extern "C" char waiter_call[];

const runtime::text init_server::program_name { "long-operations" };

// A waiter runs nothing but this call, with registers that are given to it.
asm(".text\n"
    ".globl waiter_call\n"
    "waiter_call:\n"
    "    syscall\n"
    "    ud2\n");

namespace
{
    using a9n::capability_type;
    using namespace init_server;

    // ---- Capabilities: the initial ones, then what is made from the largest Generic -----------------------------------

    enum class own : word
    {
        memory = 10, ///< Generic for what each operation needs; revoked afterwards
        kept_memory, ///< Generic for what stays
        bell,        ///< notification port of the driver
        interrupt,
        driver,
        table,
        scratch     = 20,  ///< made of `memory`
        many        = 21,  ///< node for many capabilities, made of `memory`
        ranges      = 22,  ///< copy of all I/O ports
        other_ranges,
    };

    constexpr auto memory    = at<a9n::generic>(own::memory);
    constexpr auto kept      = at<a9n::generic>(own::kept_memory);
    constexpr auto bell      = at<a9n::notification_port>(own::bell);
    constexpr auto interrupt = at<a9n::interrupt_port>(own::interrupt);

    constexpr word memory_bits     = 25;
    constexpr word kept_bits       = 20;
    constexpr word own_priority    = 10;
    constexpr word driver_priority = 20;
    constexpr word lowest_priority = 1;
    constexpr word page_bits       = a9n::abi::page_size_bits;
    constexpr a9n::node node_at(word index, word radix)
    {
        return { slots[index], radix };
    }

    template<typename Operation>
    void measure(text name, Operation operation)
    {
        runtime::debug_line("begin ", name);
        const a9n::status ended = operation();
        runtime::debug_line("end");
        require(name, ended);
    }

    a9n::status reclaim()
    {
        return root.revoke(static_cast<word>(own::memory));
    }

    // ---- The driver of the serial port ---------------------------------------------------------------------------------

    enum serial : word
    {
        received       = 0x3f8,
        enabled_events = 0x3f9,
        modem_control  = 0x3fc,
    };

    constexpr word serial_irq     = 4;
    constexpr word data_available = 1;
    constexpr word modem_ready    = 2 | 8; ///< request to send, and the output that connects the interrupt

    alignas(16) unsigned char driver_stack[8192];

    /// The line takes 8,681 instructions for a byte: the next one is to find it free whenever the kernel is entered next.
    void await_line()
    {
        for (word i = 0; i < 4'000; ++i)
        {
            asm volatile("");
        }
    }

    [[noreturn]] void serve_interrupts(word)
    {
        while (true)
        {
            (void) bell.wait();
            await_line();
            (void) io_ports.read(received, 1);
            (void) interrupt.acknowledge();
        }
    }

    void start_driver()
    {
        const auto driver = at<a9n::process_control_block>(own::driver);
        require("bell", kept.convert(capability_type::notification_port, 0, 1, root, static_cast<word>(own::bell)));
        require("identify", bell.identify(1));
        require("make port", at<a9n::interrupt_region>(init_slot::interrupt_region)
                                 .make_port(serial_irq, root, static_cast<word>(own::interrupt)));
        require("bind", interrupt.bind(bell));
        require("serial port", io_ports.write(modem_control, 1, modem_ready));
        require("serial port", io_ports.write(enabled_events, 1, data_available));

        require("driver",
            kept.convert(capability_type::process_control_block, 0, 1, root, static_cast<word>(own::driver)));
        a9n::process_configuration configuration;
        configuration.set_address_space(own_space);
        configuration.set_root_node(root);
        configuration.set_instruction_pointer(reinterpret_cast<word>(worker_start));
        configuration.set_stack_pointer(reinterpret_cast<word>(driver_stack + sizeof(driver_stack)));
        configuration.set_priority(driver_priority);
        require("configure", driver.configure(configuration));
        const word registers[] = { 0, 0, 0, 0, reinterpret_cast<word>(serve_interrupts), 0 };
        require("registers", driver.write_registers(registers, sizeof(registers) / sizeof(registers[0])));
        require("resume", driver.resume());
    }

    void prepare(const a9n::abi::init_info &info)
    {
        const a9n::generic source { a9n::abi::init_generic_descriptor(largest_generic(info)) };
        require("memory",
            source.convert(capability_type::generic, memory_bits, 1, root, static_cast<word>(own::memory)));
        require("memory",
            source.convert(capability_type::generic, kept_bits, 1, root, static_cast<word>(own::kept_memory)));
        a9n::process_configuration configuration;
        configuration.set_priority(own_priority);
        require("priority",
            at<a9n::process_control_block>(init_slot::process_control_block).configure(configuration));
        start_driver();
    }

    // ---- Many capabilities ---------------------------------------------------------------------------------------------

    constexpr word many_radix = 17;
    constexpr auto many = node_at(static_cast<word>(own::many), many_radix);

    word filled = 0; ///< slots of `many`

    void make_node(word radix)
    {
        require("node", memory.convert(capability_type::node, radix, 1, root, static_cast<word>(own::many)));
        filled = 0;
    }

    void add(text name, capability_type type, word specific_bits, word count)
    {
        require(name, memory.convert(type, specific_bits, count, many, filled));
        filled += count;
    }

    /// Maps frames, from `first` on, in a page table that stays.
    void map_frames(word first, word count)
    {
        const word slot = static_cast<word>(own::table);
        require("table", kept.convert(capability_type::page_table, 1, 1, root, slot));
        require("map a table", own_space.map(at<a9n::page_table>(slot), table_coverage));
        for (word i = 0; i < count; ++i)
        {
            require("map a frame", own_space.map(a9n::frame { many[first + i] }, table_coverage + (i << page_bits),
                                       a9n::access::read_write));
        }
    }

    void measure_tree()
    {
        constexpr word capabilities = 100'000;
        constexpr word generics     = 100;
        constexpr word in_each      = 12;

        make_node(many_radix);
        const word first_frame = filled;
        add("frames", capability_type::frame, page_bits, 1'000);
        map_frames(first_frame, 512);
        add("tables", capability_type::page_table, 1, 256);
        add("address spaces", capability_type::address_space, 0, 16);
        add("processes", capability_type::process_control_block, 0, 1'000);
        add("nodes", capability_type::node, 1, 500);
        const word first_generic = filled;
        add("generics", capability_type::generic, page_bits, generics);
        for (word i = 0; i < generics; ++i)
        {
            const a9n::generic inner { many[first_generic + i] };
            require("ports in generics", inner.convert(capability_type::ipc_port, 0, in_each, many, filled));
            filled += in_each;
        }
        const word first_port = filled;
        measure("convert: 60,000 IPC ports",
            [] { return memory.convert(capability_type::ipc_port, 0, 60'000, many, filled); });
        filled += 60'000;
        add("notification ports", capability_type::notification_port, 0, 20'000);
        for (word i = 0; filled + 1 < capabilities; ++i) // the node is one of them
        {
            require("copy", many.copy(filled++, many[first_port + i]));
        }
        measure("revoke: a tree of 100,000 capabilities", reclaim);
    }

    void measure_nodes()
    {
        constexpr word outer_radix = 9, inner_radix = 3;
        make_node(outer_radix);
        const auto outer = node_at(static_cast<word>(own::many), outer_radix);
        require("nodes", memory.convert(capability_type::node, inner_radix, outer.slot_count(), outer, 0));
        require("port", memory.convert(capability_type::ipc_port, 0, 1, root, static_cast<word>(own::scratch)));
        for (word i = 0; i < outer.slot_count(); ++i)
        {
            const a9n::node inner { outer[i], inner_radix };
            for (word k = 0; k < inner.slot_count(); ++k)
            {
                require("copy", inner.copy(k, slots[static_cast<word>(own::scratch)]));
            }
        }
        measure("remove: a node of 512 nodes of 8 capabilities",
            [] { return root.remove(static_cast<word>(own::many)); });
        require("revoke", reclaim());
    }

    // ---- Mappings ------------------------------------------------------------------------------------------------------

    void measure_mappings()
    {
        constexpr word radix = 10, tables = 64, frames = 512, mapped_in_each = 64;
        constexpr word space = tables + frames, directory = space + 1, pointers = space + 2;
        make_node(radix);
        const auto node = node_at(static_cast<word>(own::many), radix);
        // The frames come of a Generic of their own, so that the tables outlive them.
        require("generic", memory.convert(capability_type::generic, 22, 1, root, static_cast<word>(own::scratch)));
        require("frames",
            at<a9n::generic>(own::scratch).convert(capability_type::frame, page_bits, frames, node, tables));
        require("tables", memory.convert(capability_type::page_table, 1, tables, node, 0));
        require("space", memory.convert(capability_type::address_space, 0, 1, node, space));
        require("directory", memory.convert(capability_type::page_table, 2, 1, node, directory));
        require("pointers", memory.convert(capability_type::page_table, 3, 1, node, pointers));
        const a9n::address_space mapped { node[space] };
        require("map", mapped.map(a9n::page_table { node[pointers] }, 0));
        require("map", mapped.map(a9n::page_table { node[directory] }, 0));
        for (word i = 0; i < tables; ++i)
        {
            require("map", mapped.map(a9n::page_table { node[i] }, i * table_coverage));
            for (word k = 0; k < mapped_in_each; ++k)
            {
                const a9n::frame frame { node[tables + (i * 7 + k * 8) % frames] };
                require("map", mapped.map(frame, i * table_coverage + (k << page_bits), a9n::access::read_write));
            }
        }
        measure("remove: a frame that is mapped in 64 tables", [=] { return node.remove(tables); });
        measure("revoke: 511 frames that are mapped in 64 tables",
            [] { return root.revoke(static_cast<word>(own::scratch)); });
        measure("remove: an address space with 64 tables", [=] { return node.remove(space); });
        require("revoke", reclaim());
    }

    // ---- The rest ------------------------------------------------------------------------------------------------------

    void measure_conversions()
    {
        constexpr word radix = 16;
        measure("convert: 8 frames of 2 MiB", [] {
            return memory.convert(
                capability_type::frame, a9n::abi::large_page_size_bits, 8, root, static_cast<word>(own::scratch));
        });
        require("revoke", reclaim());
        measure("convert: a node of 65,536 slots",
            [] { return memory.convert(capability_type::node, radix, 1, root, static_cast<word>(own::many)); });
        require("revoke", reclaim());
    }

    void measure_waiters()
    {
        constexpr word radix = 9, waiters = 500;
        make_node(radix);
        const auto node = node_at(static_cast<word>(own::many), radix);
        const word port = static_cast<word>(own::scratch);
        require("port", memory.convert(capability_type::ipc_port, 0, 1, root, port));
        require("processes", memory.convert(capability_type::process_control_block, 0, waiters, node, 0));
        for (word i = 0; i < waiters; ++i)
        {
            const a9n::process_control_block process { node[i] };
            a9n::process_configuration       configuration;
            configuration.set_address_space(own_space);
            configuration.set_root_node(root);
            configuration.set_instruction_pointer(reinterpret_cast<word>(waiter_call));
            configuration.set_priority(driver_priority);
            require("configure", process.configure(configuration));
            // RAX, RBX, RCX, RDX, RDI, RSI: a RECEIVE that blocks.
            const word registers[] = { static_cast<word>(a9n::abi::kernel_call::capability_call), 0, 0, 1, slots[port].value,
                static_cast<word>(a9n::abi::ipc_port_operation::receive) };
            require("registers", process.write_registers(registers, sizeof(registers) / sizeof(registers[0])));
            require("resume", process.resume());
            a9n::process_configuration afterwards;
            afterwards.set_priority(lowest_priority);
            require("configure", process.configure(afterwards));
        }
        measure("remove: a port at which 500 processes wait", [=] { return root.remove(port); });
        measure("remove: a node of 500 ready processes", [] { return root.remove(static_cast<word>(own::many)); });
        require("revoke", reclaim());
    }

    void measure_ranges()
    {
        constexpr word radix = 12, ranges = 4'000;
        make_node(radix);
        const auto node = node_at(static_cast<word>(own::many), radix);
        require("ranges", io_ports.mint(0, 0x2000, root, static_cast<word>(own::ranges)));
        require("copy", root.copy(static_cast<word>(own::other_ranges), at<a9n::io_port>(own::ranges)));
        for (word i = 0; i < ranges; ++i)
        {
            require("mint", at<a9n::io_port>(own::ranges).mint(i, i, node, i));
        }
        measure("remove: a copy of an I/O port with 4,000 descendants",
            [] { return root.remove(static_cast<word>(own::other_ranges)); });
        measure("remove: an I/O port with 4,000 descendants",
            [] { return root.remove(static_cast<word>(own::ranges)); });
        require("revoke", reclaim());
    }
}

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    a9n::current_ipc_buffer = buffer;
    prepare(*info);
    measure_nodes();
    measure_mappings();
    measure_conversions();
    measure_waiters();
    measure_ranges();
    measure_tree();
    finish(0);
}
