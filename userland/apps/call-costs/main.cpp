// Performs each kernel operation a few times. The kernel's console says when: what happens between the lines `begin NAME`
// and `end COUNT` is COUNT times the operation NAME and nothing else, but for timer ticks. test/benchmark/kernel.ts counts.
#include "init-server.hpp"

extern "C" char worker_start[];
extern "C" char __image_end[];

const runtime::text init_server::program_name { "call-costs" };

namespace
{
    using a9n::capability_rights;
    using a9n::capability_type;
    using namespace init_server;

    // ---- Capabilities: the initial ones, then what is made from the largest Generic -----------------------------------

    enum class own : word
    {
        memory = 10, ///< Generic for what each measurement makes; revoked afterwards
        other_space,
        worker,
        worker_buffer,
        port,
        powerless_port, ///< the same port without rights
        notification,
        first_table,            ///< page tables, one for each depth
        first_scratch     = 64, ///< free between measurements
        never_filled      = 255,
    };

    constexpr auto other_space  = at<a9n::address_space>(own::other_space);
    constexpr auto worker       = at<a9n::process_control_block>(own::worker);
    constexpr auto port         = at<a9n::ipc_port>(own::port);
    constexpr auto notification = at<a9n::notification_port>(own::notification);
    constexpr auto memory       = at<a9n::generic>(own::memory);

    constexpr word memory_bits       = 21;
    constexpr word own_priority      = 10;
    constexpr word higher_priority   = 20;
    constexpr word worker_stack_size = 8192;

    alignas(16) unsigned char worker_stack[worker_stack_size];

    // ---- Preparation --------------------------------------------------------------------------------------------------

    /// An address space in which the whole image lies where it lies in our own.
    void fill_other_space()
    {
        for (word depth = 3; depth >= 1; --depth)
        {
            require("map a table", other_space.map(at<a9n::page_table>(static_cast<word>(own::first_table) + depth), 0));
        }
        const word pages = reinterpret_cast<word>(__image_end) >> a9n::abi::page_size_bits;
        for (word page = 0; page < pages; ++page)
        {
            require("map the image", other_space.map(a9n::frame { a9n::abi::init_frame_descriptor(page) },
                page << a9n::abi::page_size_bits, a9n::access::read_write_execute));
        }
    }

    void prepare(const a9n::abi::init_info &info)
    {
        const a9n::generic source { a9n::abi::init_generic_descriptor(largest_generic(info)) };
        const auto make = [&](capability_type type, word specific_bits, own index, word offset = 0)
        { require("convert", source.convert(type, specific_bits, 1, root, static_cast<word>(index) + offset)); };
        make(capability_type::generic, memory_bits, own::memory);
        make(capability_type::address_space, 0, own::other_space);
        make(capability_type::process_control_block, 0, own::worker);
        make(capability_type::frame, a9n::abi::page_size_bits, own::worker_buffer);
        make(capability_type::ipc_port, 0, own::port);
        make(capability_type::notification_port, 0, own::notification);
        for (word depth = 1; depth <= 3; ++depth)
        {
            make(capability_type::page_table, depth, own::first_table, depth);
        }
        require("identify", port.identify(0x1234));
        require("identify", notification.identify(1));
        require("mint", root.mint(static_cast<word>(own::powerless_port), port, capability_rights::none));
        fill_other_space();

        a9n::process_configuration configuration;
        configuration.set_priority(own_priority);
        require("own priority", at<a9n::process_control_block>(init_slot::process_control_block).configure(configuration));
    }

    /// Starts the worker anew. With our own priority it gets a turn to reach its first blocking call.
    void start_worker(a9n::address_space space, word priority, void (*work)(word), word argument = 0)
    {
        require("suspend", worker.suspend());
        a9n::process_configuration configuration;
        configuration.set_address_space(space);
        configuration.set_root_node(root);
        configuration.set_ipc_buffer(at<a9n::frame>(own::worker_buffer));
        configuration.set_resolver(port);
        configuration.set_instruction_pointer(reinterpret_cast<word>(worker_start));
        configuration.set_stack_pointer(reinterpret_cast<word>(worker_stack + worker_stack_size));
        configuration.set_priority(priority);
        require("configure", worker.configure(configuration));
        const word registers[] = { 0, 0, 0, 0, reinterpret_cast<word>(work), argument };
        require("registers", worker.write_registers(registers, sizeof(registers) / sizeof(registers[0])));
        require("resume", worker.resume());
        a9n::yield();
    }

    // ---- Measuring ----------------------------------------------------------------------------------------------------

    constexpr word warm_up     = 2;
    constexpr word repetitions = 8;

    /// `operation(i)` for i from 0 on, first without counting.
    template<typename Operation>
    void measure(text name, Operation operation)
    {
        for (word i = 0; i < warm_up; ++i)
        {
            require(name, operation(i));
        }
        runtime::debug_line("begin ", name);
        for (word i = 0; i < repetitions; ++i)
        {
            require(name, operation(warm_up + i));
        }
        runtime::debug_line("end ", repetitions);
    }

    /// As an operation that succeeds: a call that fails with `expected`.
    template<typename Operation>
    a9n::status expect_failure(word descriptor, Operation operation, a9n::capability_error expected)
    {
        const auto reply = a9n::capability_call(descriptor, operation);
        return !reply.ok() && reply.error() == expected ? a9n::status {} : a9n::status { a9n::capability_error::fatal };
    }

    a9n::message message_of(word length)
    {
        a9n::message made;
        made.length = length;
        return made;
    }

    template<typename Value>
    a9n::status status_of(const a9n::result<Value> &ended)
    {
        return ended ? a9n::status {} : a9n::status { ended.error };
    }

    // ---- IPC ----------------------------------------------------------------------------------------------------------

    constexpr word short_message = 4;  // words, all in registers
    constexpr word long_message  = 64; // most of them in the IPC buffers

    void serve_calls(word length)
    {
        const a9n::message answer = message_of(length);
        (void) port.receive();
        while (true)
        {
            (void) port.reply_receive(answer);
        }
    }

    void receive_messages(word)
    {
        while (true)
        {
            (void) port.receive();
        }
    }

    void wait_for_flags(word)
    {
        while (true)
        {
            (void) notification.wait();
        }
    }

    void measure_call(text name, a9n::address_space space, word length)
    {
        start_worker(space, own_priority, serve_calls, length);
        const a9n::message request = message_of(length);
        measure(name, [&](word) { return status_of(port.call(request)); });
    }

    void measure_ipc()
    {
        measure_call("call + reply_receive between address spaces, 4 words", other_space, short_message);
        measure_call("call + reply_receive within an address space, 4 words", own_space, short_message);
        measure_call("call + reply_receive between address spaces, 64 words", other_space, long_message);

        start_worker(other_space, higher_priority, receive_messages);
        const a9n::message request = message_of(short_message);
        measure("send + receive between address spaces, 4 words", [&](word) { return port.send(request); });

        start_worker(other_space, higher_priority, wait_for_flags);
        measure("notify + wait between address spaces", [](word) { return notification.notify(); });
    }

    void measure_failing_calls()
    {
        measure("failing call: unknown operation",
            [](word) { return expect_failure(port.value, word { 99 }, a9n::capability_error::illegal_operation); });
        measure("failing call: invalid descriptor", [](word) {
            return expect_failure(slots[static_cast<word>(own::never_filled)].value, a9n::abi::ipc_port_operation::call,
                a9n::capability_error::invalid_descriptor);
        });
        measure("failing call: missing right", [](word) {
            return expect_failure(slots[static_cast<word>(own::powerless_port)].value, a9n::abi::ipc_port_operation::call,
                a9n::capability_error::permission_denied);
        });
    }

    // ---- Memory and capabilities --------------------------------------------------------------------------------------

    constexpr word first_scratch = static_cast<word>(own::first_scratch);

    void reclaim()
    {
        require("revoke", root.revoke(static_cast<word>(own::memory)));
    }

    void measure_conversion(text name, capability_type type, word specific_bits)
    {
        measure(name, [=](word i) { return memory.convert(type, specific_bits, 1, root, first_scratch + i); });
        reclaim();
    }

    void measure_memory()
    {
        measure_conversion("convert: an IPC port", capability_type::ipc_port, 0);
        measure_conversion("convert: a process control block", capability_type::process_control_block, 0);

        // Counted with the 512 repetitions of the instruction that clears it.
        const auto frame_at   = [](word i) { return at<a9n::frame>(first_scratch + i); };
        const auto address_of = [](word i) { return table_coverage + (i << a9n::abi::page_size_bits); };
        const word table      = first_scratch + warm_up + repetitions;
        measure("convert: a frame of 4 KiB, cleared", [](word i) {
            return memory.convert(capability_type::frame, a9n::abi::page_size_bits, 1, root, first_scratch + i);
        });
        require("convert", memory.convert(capability_type::page_table, 1, 1, root, table));
        require("map a table", own_space.map(at<a9n::page_table>(table), address_of(0)));
        measure("map: a frame", [=](word i) { return own_space.map(frame_at(i), address_of(i), a9n::access::read_write); });
        measure("unmap: a frame", [=](word i) { return own_space.unmap(frame_at(i), address_of(i)); });
        reclaim();

        measure("copy: an IPC port", [](word i) { return root.copy(first_scratch + i, port); });
        measure("remove: an IPC port's copy", [](word i) { return root.remove(first_scratch + i); });
    }

    // ---- Faults and turns ---------------------------------------------------------------------------------------------

    void fault(word)
    {
        while (true)
        {
            asm volatile("ud2");
        }
    }

    void measure_faults()
    {
        start_worker(other_space, own_priority, fault);
        const a9n::message answer = message_of(0);
        require("the first fault", status_of(port.receive()));
        measure("fault + reply_receive between address spaces", [&](word) { return status_of(port.reply_receive(answer)); });
    }

    void yield_forever(word)
    {
        while (true)
        {
            a9n::yield();
        }
    }

    volatile bool is_workers_turn = false;

    /// Until its quantum ends, once for each turn it is given.
    void take_turns(word)
    {
        while (true)
        {
            while (!is_workers_turn)
            {
            }
            is_workers_turn = false;
        }
    }

    void measure_turns()
    {
        const auto yield = [](word)
        {
            a9n::yield();
            return a9n::status {};
        };
        require("suspend", worker.suspend());
        measure("yield, nobody else is ready", yield);
        start_worker(other_space, own_priority, yield_forever);
        measure("yield, twice, there and back between address spaces", yield);

        start_worker(other_space, own_priority, take_turns);
        runtime::debug_line("begin timer");
        is_workers_turn = true;
        while (is_workers_turn)
        {
        }
        runtime::debug_line("end ", word { 1 });
    }
}

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    a9n::current_ipc_buffer = buffer;
    prepare(*info);
    measure_ipc();
    measure_failing_calls();
    measure_memory();
    measure_faults();
    measure_turns();
    finish(0);
}
