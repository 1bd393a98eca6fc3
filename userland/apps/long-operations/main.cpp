// Performs the kernel's longest operations, each between the lines `begin NAME` and `end` on the kernel's console. A driver
// of higher priority serves the serial port's interrupts meanwhile. test/kernel/interrupt-latency.test.ts makes them happen
// and counts how long they wait.
#include "init-server.hpp"

#include <a9n/interrupt.hpp>
#include <a9n/ipc-port.hpp>

extern "C" char worker_start[];
extern "C" char waiter_call[];
extern "C" char spinner[];

const runtime::text init_server::program_name { "long-operations" };

// A waiter runs nothing but this call, with registers that are given to it.
asm(".text\n"
    ".globl waiter_call\n"
    "waiter_call:\n"
    "    syscall\n"
    "    ud2\n"
    ".globl spinner\n"
    "spinner:\n"
    "    jmp spinner\n");

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
        heavy       = 24, ///< node of processes that hold much
        port, notification, buffer,
        spinner,
        path, ///< node of 2 slots, of which one leads to itself
        ends, ///< node at the end of all paths
        senders_buffer, callers_buffer,
        one_process, other_process,
    };

    constexpr auto memory    = at<a9n::generic>(own::memory);
    constexpr auto kept      = at<a9n::generic>(own::kept_memory);
    constexpr auto bell      = at<a9n::notification_port>(own::bell);
    constexpr auto interrupt = at<a9n::interrupt_port>(own::interrupt);
    constexpr auto myself    = at<a9n::process_control_block>(init_slot::process_control_block);

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

    // ---- What the driver does to the process that performs an operation

    enum class supervision : word
    {
        none,
        stop, ///< at the next interrupt
        watch, ///< while `watched` exists
        resume,
    };

    volatile supervision next_step = supervision::none;
    a9n::notification_port watched {};

    /// One kernel call, whatever it is: test/kernel/interrupt-latency.ts counts them.
    void supervise()
    {
        switch (next_step)
        {
            case supervision::none:
                a9n::yield();
                break;
            case supervision::stop:
                next_step = supervision::watch;
                (void) myself.suspend();
                break;
            case supervision::watch:
                next_step = watched.poll() ? supervision::watch : supervision::resume;
                break;
            case supervision::resume:
                next_step = supervision::none;
                (void) myself.resume();
                break;
        }
    }

    [[noreturn]] void serve_interrupts(word)
    {
        while (true)
        {
            (void) bell.wait();
            supervise();
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
            myself.configure(configuration));
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

    /// Starts a process that makes one blocking call, and lets it wait.
    void start_waiter(a9n::process_control_block process, a9n::process_configuration configuration, a9n::descriptor port,
        word operation, word argument)
    {
        configuration.set_address_space(own_space);
        configuration.set_root_node(root);
        configuration.set_instruction_pointer(reinterpret_cast<word>(waiter_call));
        configuration.set_priority(driver_priority);
        require("configure", process.configure(configuration));
        // RAX, RBX, RCX, RDX, RDI, RSI.
        const word registers[]
            = { static_cast<word>(a9n::abi::kernel_call::capability_call), 0, 0, argument, port.value, operation };
        require("registers", process.write_registers(registers, sizeof(registers) / sizeof(registers[0])));
        require("resume", process.resume());
        a9n::process_configuration afterwards;
        afterwards.set_priority(lowest_priority);
        require("configure", process.configure(afterwards));
    }

    constexpr word wait_operation    = static_cast<word>(a9n::abi::notification_port_operation::wait);
    constexpr word send_operation    = static_cast<word>(a9n::abi::ipc_port_operation::send);
    constexpr word receive_operation = static_cast<word>(a9n::abi::ipc_port_operation::receive);
    constexpr word blocks            = 1;

    /// Of a machine that has so much memory.
    void measure_huge_frame(a9n::generic source)
    {
        static constexpr word huge_page_bits = 30, slot = static_cast<word>(own::scratch);
        measure("convert: a frame of 1 GiB",
            [=] { return source.convert(capability_type::frame, huge_page_bits, 1, root, slot); });
        constexpr word address = word { 4 } << huge_page_bits;
        require("map", own_space.map(at<a9n::frame>(slot), address, a9n::access::read_write));
        measure("remove: a mapped frame of 1 GiB", [] { return root.remove(slot); });
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
            start_waiter(a9n::process_control_block { node[i] }, {}, slots[port], receive_operation, blocks);
        }
        measure("remove: a port at which 500 processes wait", [=] { return root.remove(port); });
        measure("remove: a node of 500 ready processes", [] { return root.remove(static_cast<word>(own::many)); });
        require("revoke", reclaim());
    }

    /// Processes that are the last to hold an address space and two ports, at each of which others wait.
    void measure_holders()
    {
        constexpr word heavy_radix = 4, heavy = 16, waiters_at_port = 32, waiters = heavy * 2 * waiters_at_port;
        constexpr word radix = 11;
        make_node(radix);
        const auto node    = node_at(static_cast<word>(own::many), radix);
        const auto holders = node_at(static_cast<word>(own::heavy), heavy_radix);
        require("node", memory.convert(capability_type::node, heavy_radix, 1, root, static_cast<word>(own::heavy)));
        require("holders", memory.convert(capability_type::process_control_block, 0, heavy, holders, 0));
        require("waiters", memory.convert(capability_type::process_control_block, 0, waiters, node, 0));
        for (word i = 0; i < heavy; ++i)
        {
            const word space = static_cast<word>(own::scratch), port = static_cast<word>(own::port),
                       notification = static_cast<word>(own::notification);
            require("space", memory.convert(capability_type::address_space, 0, 1, root, space));
            require("port", memory.convert(capability_type::ipc_port, 0, 1, root, port));
            require("port", memory.convert(capability_type::notification_port, 0, 1, root, notification));
            a9n::process_configuration configuration;
            configuration.set_address_space(at<a9n::address_space>(space));
            configuration.set_resolver(at<a9n::ipc_port>(port));
            configuration.set_notification_port(at<a9n::notification_port>(notification));
            require("configure", a9n::process_control_block { holders[i] }.configure(configuration));
            for (word k = 0; k < 2 * waiters_at_port; k += 2)
            {
                const word first = i * 2 * waiters_at_port + k;
                start_waiter(a9n::process_control_block { node[first] }, {}, slots[port], receive_operation, blocks);
                start_waiter(a9n::process_control_block { node[first + 1] }, {}, slots[notification], wait_operation, 0);
            }
            require("remove", root.remove(space));
            require("remove", root.remove(port));
            require("remove", root.remove(notification));
        }
        measure("remove: a node of 16 processes with what 64 others wait for",
            [] { return root.remove(static_cast<word>(own::heavy)); });
        require("revoke", reclaim());
    }

    void measure_bad_senders()
    {
        constexpr word radix = 10, senders = 1'000;
        constexpr word payload_words = 7; // more than fit into registers
        constexpr word message_info  = blocks | payload_words << 1;
        make_node(radix);
        const auto node   = node_at(static_cast<word>(own::many), radix);
        const auto port   = at<a9n::ipc_port>(own::port);
        const word source = static_cast<word>(own::scratch), buffer = static_cast<word>(own::buffer);
        require("port", memory.convert(capability_type::ipc_port, 0, 1, root, static_cast<word>(own::port)));
        require("generic", memory.convert(capability_type::generic, page_bits, 1, root, source));
        require("buffer", at<a9n::generic>(source).convert(capability_type::frame, page_bits, 1, root, buffer));
        require("processes", memory.convert(capability_type::process_control_block, 0, senders + 1, node, 0));
        a9n::process_configuration configuration;
        configuration.set_ipc_buffer(at<a9n::frame>(buffer));
        for (word i = 0; i < senders; ++i)
        {
            start_waiter(a9n::process_control_block { node[i] }, configuration, port, send_operation, message_info);
        }
        require("revoke the buffer", root.revoke(source));
        start_waiter(a9n::process_control_block { node[senders] }, {}, port, send_operation, blocks);
        measure("receive: past 1,000 messages that have gone bad", [=] {
            const auto received = port.receive();
            return received ? a9n::status {} : a9n::status { received.error };
        });
        require("revoke", reclaim());
    }

    // ---- Messages with all they can have: capabilities named by descriptors that are as long as they can be

    constexpr word ends_radix = 5;

    /// To slot `index` of the node at the end.
    constexpr a9n::descriptor long_path(word index)
    {
        constexpr word steps = 42;
        a9n::node      step  = node_at(static_cast<word>(own::path), 1);
        for (word i = 0; i < steps; ++i)
        {
            step = { step[1], 1 };
        }
        return a9n::node { step[0], ends_radix }[index];
    }

    static_assert(long_path(0).depth() == 64);

    /// An IPC buffer in `slot`, at which the test sees it, too.
    a9n::abi::ipc_buffer *make_buffer(own slot, word address)
    {
        const auto frame = at<a9n::frame>(slot);
        require("buffer", memory.convert(capability_type::frame, page_bits, 1, root, static_cast<word>(slot)));
        require("map", own_space.map(frame, address, a9n::access::read_write));
        return reinterpret_cast<a9n::abi::ipc_buffer *>(address);
    }

    void measure_messages()
    {
        constexpr word transfers = 15, words = 255, buffers = 2 * table_coverage;
        const auto     path = node_at(static_cast<word>(own::path), 1);
        const auto     ends = node_at(static_cast<word>(own::ends), ends_radix);
        const auto     port = at<a9n::ipc_port>(own::port);
        require("path", memory.convert(capability_type::node, 1, 1, root, static_cast<word>(own::path)));
        require("ends", memory.convert(capability_type::node, ends_radix, 1, root, static_cast<word>(own::ends)));
        require("path", path.copy(0, ends));
        require("path", path.copy(1, path));
        require("port", memory.convert(capability_type::ipc_port, 0, 1, root, static_cast<word>(own::port)));
        for (word i = 0; i < 2 * transfers; ++i)
        {
            require("copy", ends.copy(i, port));
        }
        require("node", memory.convert(capability_type::node, 4, 1, ends, 2 * transfers));
        require("node", memory.convert(capability_type::node, 4, 1, ends, 2 * transfers + 1));
        require("table", memory.convert(capability_type::page_table, 1, 1, root, static_cast<word>(own::scratch)));
        require("map a table", own_space.map(at<a9n::page_table>(own::scratch), buffers));
        auto *const of_caller = make_buffer(own::callers_buffer, buffers);
        auto *const of_sender = make_buffer(own::senders_buffer, buffers + (word { 1 } << page_bits));
        of_caller->transfer_destination_node = long_path(2 * transfers).value;
        a9n::set_transfer_destination({ long_path(2 * transfers + 1), 4 }, 0);
        for (word i = 0; i < transfers; ++i)
        {
            a9n::set_transfer_source(i, long_path(i));
            of_sender->transfer_source_descriptors[i] = long_path(transfers + i).value;
        }
        require("processes",
            memory.convert(capability_type::process_control_block, 0, 2, root, static_cast<word>(own::one_process)));
        a9n::process_configuration caller, sender;
        caller.set_ipc_buffer(at<a9n::frame>(own::callers_buffer));
        sender.set_ipc_buffer(at<a9n::frame>(own::senders_buffer));
        start_waiter(at<a9n::process_control_block>(own::one_process), caller, port,
            static_cast<word>(a9n::abi::ipc_port_operation::call), blocks);
        if (!port.receive())
        {
            fail("receive", "no call");
        }
        start_waiter(at<a9n::process_control_block>(own::other_process), sender, port, send_operation,
            blocks | words << 1 | transfers << 9);
        measure("reply_receive: 255 words and 15 capabilities each way, found through 44 nodes", [=] {
            a9n::message answer;
            answer.length         = words;
            answer.transfer_count = transfers;
            const auto received   = port.reply_receive(answer);
            return received ? a9n::status {} : a9n::status { received.error };
        });
        require("revoke", reclaim());
    }

    /// The caller is stopped, and each tick of the timer does some of its work.
    void measure_abandoned()
    {
        constexpr word radix = 10, ports = 1'000;
        make_node(radix);
        const auto node  = node_at(static_cast<word>(own::many), radix);
        const auto other = at<a9n::process_control_block>(own::spinner);
        require("ports", memory.convert(capability_type::notification_port, 0, ports, node, 0));
        require("spinner",
            kept.convert(capability_type::process_control_block, 0, 1, root, static_cast<word>(own::spinner)));
        a9n::process_configuration configuration;
        configuration.set_address_space(own_space);
        configuration.set_instruction_pointer(reinterpret_cast<word>(spinner));
        configuration.set_priority(lowest_priority);
        require("configure", other.configure(configuration));
        require("resume", other.resume());
        watched = a9n::notification_port { node[0] };
        measure("revoke: 1,000 ports, by ticks of the timer while the caller is stopped", [] {
            next_step = supervision::stop;
            return reclaim();
        });
        require("suspend", other.suspend());
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
    const word largest = largest_generic(*info);
    if (info->generic_list[largest].size_bits > 30)
    {
        measure_huge_frame({ a9n::abi::init_generic_descriptor(largest) });
        finish(0);
    }
    measure_nodes();
    measure_mappings();
    measure_conversions();
    measure_waiters();
    measure_holders();
    measure_bad_senders();
    measure_messages();
    measure_abandoned();
    measure_ranges();
    measure_tree();
    finish(0);
}
