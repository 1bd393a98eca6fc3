// Memory is the user's: makes every byte of RAM that init's Generics cover every kind of kernel object, one kind after the
// other, uses each object and takes all of them back. Says for each Generic and kind how many objects there were.
//
// Objects are at most a page in size, so that they fill a Generic to its last byte wherever it starts. They are made
// in rounds of as many as the node has slots; revoking the node destroys them, and only revoking the Generic frees their
// memory. What this takes itself is made of the largest other Generic, and has its turn when that one is tried.
#include "init-server.hpp"

const runtime::text init_server::program_name { "memory-reuse" };

namespace
{
    using a9n::capability_error;
    using a9n::capability_type;
    using namespace init_server;

    // ---- Capabilities --------------------------------------------------------------------------------------------------

    constexpr word radix = 9; ///< of the nodes that hold the objects
    constexpr word round = word { 1 } << radix;

    enum class own : word
    {
        objects = 10, ///< node
        contents,     ///< node for what is put into objects
        window,       ///< page table at window_address
        space,        ///< address space with the two tables below, for page tables
        pointers,
        directory,
        frame,
        port,
    };

    constexpr a9n::node objects { slots[static_cast<word>(own::objects)], radix };
    constexpr a9n::node contents { slots[static_cast<word>(own::contents)], radix };

    constexpr word page_bits      = a9n::abi::page_size_bits;
    constexpr word page_size      = a9n::abi::page_size;
    constexpr word window_address = word { 1 } << 30; ///< nothing of the image is there

    constexpr a9n::node generic_node { slots[static_cast<word>(init_slot::generic_node)], a9n::abi::init_generic_radix };

    a9n::generic generic_at(word index)
    {
        return { a9n::abi::init_generic_descriptor(index) };
    }

    void require_equal(text what, word is, word expected)
    {
        if (is != expected)
        {
            fail(what, "not what it was set to");
        }
    }

    // ---- What is done with object `i` ------------------------------------------------------------------------------------

    void use_node(word i)
    {
        const a9n::node made { objects[i], 1 };
        require("copy", made.copy(1, at<a9n::ipc_port>(own::port)));
        require("move", made.move(0, made[1]));
        require("remove", made.remove(0));
        require("copy", made.copy(1, at<a9n::ipc_port>(own::port)));
    }

    void use_generic(word i)
    {
        const a9n::generic made { objects[i] };
        require("convert", made.convert(capability_type::frame, page_bits, 1, contents, i));
    }

    void use_address_space(word i)
    {
        const a9n::address_space made { objects[i] };
        require("map", made.map(at<a9n::page_table>(own::pointers), 0));
        const auto missing = made.missing_table_depth(0, page_bits);
        require_equal("address space", missing ? *missing : 99, 1); // the directory is there, a table is not
    }

    void use_page_table(word i)
    {
        const auto space = at<a9n::address_space>(own::space);
        require("map", space.map(a9n::page_table { objects[i] }, i * table_coverage));
        require("map", space.map(at<a9n::frame>(own::frame), i * table_coverage, a9n::access::read_write));
        require("unmap", space.unmap(at<a9n::frame>(own::frame), i * table_coverage));
        require("map", space.map(at<a9n::frame>(own::frame), i * table_coverage, a9n::access::read));
    }

    void use_frame(word i)
    {
        const word address = window_address + i * page_size;
        require("map", own_space.map(a9n::frame { objects[i] }, address, a9n::access::read_write));
        auto *words = reinterpret_cast<volatile word *>(address);
        for (word k = 0; k < page_size / sizeof(word); ++k)
        {
            if (words[k] != 0)
            {
                fail("frame", "not zero");
            }
            words[k] = ~address;
        }
    }

    void use_process(word i)
    {
        const a9n::process_control_block made { objects[i] };
        a9n::process_configuration       configuration;
        configuration.set_address_space(own_space);
        configuration.set_root_node(root);
        configuration.set_resolver(at<a9n::ipc_port>(own::port));
        require("configure", made.configure(configuration));
        const word written[] = { i, ~i };
        word       read[2];
        require("write registers", made.write_registers(written, 2));
        require("read registers", made.read_registers(read, 2));
        require_equal("register", read[1], ~i);
    }

    void use_ipc_port(word i)
    {
        require("identify", a9n::ipc_port { objects[i] }.identify(i));
    }

    void use_notification_port(word i)
    {
        const a9n::notification_port made { objects[i] };
        require("identify", made.identify(i + 1));
        require("notify", made.notify());
        const auto flags = made.poll();
        require_equal("flags", flags ? *flags : 0, i + 1);
    }

    struct object_kind
    {
        text            name;
        capability_type type;
        word            specific_bits;
        word            size; ///< bytes
        void (*use)(word);
    };

    const object_kind kinds[] = {
        { "nodes", capability_type::node, 1, word { 1 } << a9n::abi::node_size_bits(1), use_node },
        { "generics", capability_type::generic, page_bits, page_size, use_generic },
        { "address spaces", capability_type::address_space, 0, page_size, use_address_space },
        { "page tables", capability_type::page_table, 1, page_size, use_page_table },
        { "frames", capability_type::frame, page_bits, page_size, use_frame },
        { "processes", capability_type::process_control_block, 0,
            word { 1 } << a9n::abi::process_control_block_size_bits, use_process },
        { "IPC ports", capability_type::ipc_port, 0, word { 1 } << a9n::abi::ipc_port_size_bits, use_ipc_port },
        { "notification ports", capability_type::notification_port, 0,
            word { 1 } << a9n::abi::notification_port_size_bits, use_notification_port },
    };

    // ---- Rounds ----------------------------------------------------------------------------------------------------------

    void make_tools(a9n::generic source)
    {
        const auto make = [&](capability_type type, word specific_bits, own index)
        { require("tools", source.convert(type, specific_bits, 1, root, static_cast<word>(index))); };
        make(capability_type::node, radix, own::objects);
        make(capability_type::node, radix, own::contents);
        make(capability_type::page_table, 1, own::window);
        make(capability_type::address_space, 0, own::space);
        make(capability_type::page_table, 3, own::pointers);
        make(capability_type::page_table, 2, own::directory);
        make(capability_type::frame, page_bits, own::frame);
        make(capability_type::ipc_port, 0, own::port);
        require("map", at<a9n::address_space>(own::space).map(at<a9n::page_table>(own::pointers), 0));
        require("map", at<a9n::address_space>(own::space).map(at<a9n::page_table>(own::directory), 0));
    }

    /// Tables for the window: init has the topmost one already.
    void map_window(a9n::generic source)
    {
        constexpr word directory_slot = 30;
        const auto     missing   = own_space.missing_table_depth(window_address, page_bits);
        if (missing && *missing == 2)
        {
            require("window", source.convert(capability_type::page_table, 2, 1, root, directory_slot));
            require("window", own_space.map(at<a9n::page_table>(directory_slot), window_address));
        }
        require("window", own_space.map(at<a9n::page_table>(own::window), window_address));
    }

    /// All of the Generic's memory, and not a byte less, becomes objects of one kind.
    void fill(word generic_index, word bytes, const object_kind &kind)
    {
        const a9n::generic source = generic_at(generic_index);
        word               made   = 0;
        while (made * kind.size < bytes)
        {
            const word left  = bytes / kind.size - made;
            const word count = left < round ? left : round;
            require(kind.name, source.convert(kind.type, kind.specific_bits, count, objects, 0));
            for (word i = 0; i < count; ++i)
            {
                kind.use(i);
            }
            made += count;
            runtime::debug_write("."); // who watches looks at the round's objects now
            require("destroy", root.revoke(static_cast<word>(own::objects)));
            require("destroy", root.revoke(static_cast<word>(own::contents)));
        }
        // The smallest object there is finds no room, though all that was made is destroyed.
        const a9n::status none = source.convert(capability_type::ipc_port, 0, 1, objects, 0);
        if (none || none.error != capability_error::illegal_operation)
        {
            fail(kind.name, "there is room where there should be none");
        }
        require("revoke", generic_node.revoke(generic_index));
        runtime::debug_line(" generic ", generic_index, ": ", bytes, " bytes, ", made, " ", kind.name);
    }

    bool is_ram(const a9n::abi::init_info &info, word index)
    {
        return info.generic_list[index].is_device == 0;
    }

    word size_of(const a9n::abi::init_info &info, word index)
    {
        return word { 1 } << info.generic_list[index].size_bits;
    }

}

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    a9n::current_ipc_buffer = buffer;
    for (word i = 0; i < info->generic_list_count; ++i)
    {
        if (!is_ram(*info, i))
        {
            continue;
        }
        const word tools = largest_generic(*info, i);
        make_tools(generic_at(tools));
        map_window(generic_at(tools));
        for (const object_kind &kind : kinds)
        {
            fill(i, size_of(*info, i), kind);
        }
        require("revoke", generic_node.revoke(tools));
    }
    runtime::debug_line("memory-reuse: done");
    finish(0);
}
