#include "bench.hpp"

namespace bench
{
    namespace
    {
        using namespace init_server;
        using a9n::capability_type;

        enum own : word
        {
            pool = 20,
            own_memory,
            blocks,
            pages,
            own_objects,
            spaces,
            kernel_objects,
            outgoing,
            transfer_memory,
            transfer,
            client_space,
        };

        constexpr word own_memory_bits = 20;
        constexpr word heap_start      = 0x1100'0000'0000;
        constexpr word heap_size       = word { 1 } << 30;

        ulmm::own_memory *heap_memory = nullptr;

        bool commit_heap(uintptr_t address, size_t size)
        {
            return heap_memory->commit(address, size);
        }

        word own_memory_used = 0;

        a9n::node make_node(word slot, word radix)
        {
            const word size = word { 1 } << a9n::abi::node_size_bits(radix);
            own_memory_used = ulmm::round_up(own_memory_used, size) + size;
            require("node", at<a9n::generic>(own_memory).convert(capability_type::node, radix, 1, root, slot));
            return { root[slot], radix };
        }
    }

    ulmm::server &prepare(const a9n::abi::init_info &info)
    {
        const word         index = largest_generic(info);
        const a9n::generic source { a9n::abi::init_generic_descriptor(index) };
        const word         size  = word { 1 } << memory_bits;
        const word         start = (info.generic_list[index].address + size - 1) & ~(size - 1);
        require("memory", source.convert(capability_type::generic, memory_bits, 1, root, pool));
        require("own memory", source.convert(capability_type::generic, own_memory_bits, 1, root, own_memory));
        require("space", source.convert(capability_type::address_space, 0, 1, root, client_space));

        static ulmm::server server { ulmm::server_nodes {
            .blocks          = make_node(blocks, ulmm::top_radix::blocks),
            .pages           = make_node(pages, ulmm::top_radix::pages),
            .own_objects     = make_node(own_objects, ulmm::top_radix::own_objects),
            .spaces          = make_node(spaces, ulmm::top_radix::spaces),
            .kernel_objects  = make_node(kernel_objects, ulmm::top_radix::kernel_objects),
            .outgoing        = make_node(outgoing, ulmm::top_radix::outgoing),
            .parent          = root,
            .transfer_memory = transfer_memory,
            .transfer        = transfer,
            .own_memory      = at<a9n::generic>(own_memory),
            .own_memory_size = word { 1 } << own_memory_bits,
            .own_memory_used = own_memory_used,
            .own_space       = own_space,
        } };
        heap_memory = &server.parts().own;
        if (!runtime::begin_heap({ heap_start, heap_size, commit_heap }) || !server.begin())
        {
            fail("the server", "its own memory is too small");
        }
        (void)server.parts().blocks.add_memory(root[pool], start, memory_bits);

        // As if KOITO had sent it.
        const a9n::node arrivals { root[transfer], 1 };
        require("client", arrivals.move(1, root[client_space]));
        a9n::message attach = a9n::make_message(request::attach_client, client, ~word { 0 });
        attach.identifier   = ulmm::koito_identifier;
        (void)server.handle(attach);
        return server;
    }
}

/// Static objects are not destroyed: the program's memory ends as a whole.
extern "C" int atexit(void (*)())
{
    return 0;
}
