// What ULMM's policies and requests cost. The kernel's console says when: what happens between the lines `begin NAME` and
// `end COUNT` is COUNT times the operation NAME; a line `value NAME NUMBER` is a figure of another kind.
// test/benchmark/memory.ts counts.
#include "bench.hpp"

const runtime::text init_server::program_name { "memory-costs" };

namespace
{
    using namespace bench;
    using ulmm::block;
    using ulmm::block_table;

    constexpr word page = a9n::abi::page_size;

    struct random_numbers
    {
        word state = 0x2545'f491'4f6c'dd1d;

        word below(word limit)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            return (state >> 11) % limit;
        }
    };

    // ---- Policies ---------------------------------------------------------------------------------------------------

    constexpr word slot_count    = 1000; ///< blocks in use, about two thirds of the memory
    constexpr word largest_order = 16;
    constexpr word replacements  = 6000;
    constexpr word measured      = 200;

    block *in_use[slot_count];

    word random_order(random_numbers &random)
    {
        // Small blocks are the most frequent.
        word order = ulmm::minimum_order;
        while (order < largest_order && random.below(2) == 0)
        {
            ++order;
        }
        return order;
    }

    void release(block_table &blocks, block *&released)
    {
        if (released != nullptr)
        {
            blocks.release(*released, true);
            released = nullptr;
        }
    }

    /// A load of blocks that come and go, then the cost of one more, and how the free memory lies.
    void measure_policy(ulmm::machine &machine, ulmm::policy_number policy)
    {
        block_table &blocks = machine.blocks;
        const char *name = to_string(policy);
        blocks.set_policy(policy);
        random_numbers random;
        for (word i = 0; i < replacements; ++i)
        {
            block *&slot = in_use[random.below(slot_count)];
            release(blocks, slot);
            slot = machine.allocate_block(random_order(random));
        }

        word order[measured];
        word index[measured];
        for (word i = 0; i < measured; ++i)
        {
            index[i] = i;
            order[i] = random_order(random);
        }
        begin(name, ": release a block under load");
        for (const word each : index)
        {
            release(blocks, in_use[each]);
        }
        end(measured);
        begin(name, ": allocate a block under load");
        for (word i = 0; i < measured; ++i)
        {
            in_use[index[i]] = machine.allocate_block(order[i]);
        }
        end(measured);

        const word free = blocks.free_bytes();
        word       largest = memory_bits;
        block     *probe   = blocks.allocate(largest);
        while (probe == nullptr && largest > ulmm::minimum_order)
        {
            probe = blocks.allocate(--largest);
        }
        release(blocks, probe);
        runtime::debug_line("value ", name, ": KiB free under load ", free >> 10);
        runtime::debug_line("value ", name, ": KiB in the largest block that can be had ", (word { 1 } << largest) >> 10);
        for (block *&each : in_use)
        {
            release(blocks, each);
        }
        blocks.merge_all();
    }

    // ---- Requests ---------------------------------------------------------------------------------------------------

    constexpr word read_write  = static_cast<word>(ulmm::access::read_write);
    constexpr word for_write   = static_cast<word>(ulmm::fault_access::write);
    constexpr word pages       = 256;
    constexpr word somewhere   = 0x40'0000;

    void touch_all(ulmm::server &server, word space)
    {
        for (word i = 0; i < pages; ++i)
        {
            (void)ask(server, request::resolve_fault, space, somewhere + i * page, for_write);
        }
    }

    void measure_requests(ulmm::server &server)
    {
        begin("", "nothing");
        end(1);

        const word space = ask(server, request::create_space);
        begin("", "map");
        (void)ask(server, request::map, space, somewhere, pages * page, read_write);
        end(1);
        begin("", "resolve_fault: a new page");
        touch_all(server, space);
        end(pages);
        begin("", "open_window, a page");
        const word window = ask(server, request::open_window, space, somewhere, page, read_write, 0);
        end(1);
        begin("", "open_window, another page in its place");
        (void)ask(server, request::open_window, space, somewhere + page, page, read_write, window);
        end(1);
        begin("", "close_window");
        (void)ask(server, request::close_window, window, page);
        end(1);

        begin("", "clone_space, 1 MiB all written");
        const word copy = ask(server, request::clone_space, space);
        end(1);
        begin("", "resolve_fault: a shared page is written and copied");
        touch_all(server, copy);
        end(pages);
        begin("", "resolve_fault: a page that is not shared any more is written");
        touch_all(server, space);
        end(pages);
        begin("", "clone_space, 1 MiB all written, again");
        const word second = ask(server, request::clone_space, space);
        end(1);
        begin("", "clone_space, 1 MiB, nothing written since");
        const word third = ask(server, request::clone_space, space);
        end(1);
        begin("", "destroy_space, 1 MiB not touched");
        (void)ask(server, request::destroy_space, third);
        end(1);
        (void)ask(server, request::destroy_space, second);
        begin("", "destroy_space, 1 MiB touched");
        (void)ask(server, request::destroy_space, copy);
        end(1);
        touch_all(server, space);
        begin("", "unmap, of each page");
        (void)ask(server, request::unmap, space, somewhere, pages * page);
        end(pages);
        (void)ask(server, request::map, space, somewhere, pages * page, read_write);
        begin("", "resolve_fault: a page that had another use before");
        touch_all(server, space);
        end(pages);
        (void)ask(server, request::destroy_space, space);
    }
}

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    a9n::current_ipc_buffer = buffer;
    ulmm::server &server    = prepare(*info);
    measure_requests(server);
    (void)server.parts().pages.give_back();
    server.parts().blocks.merge_all();
    for (word policy = 0; policy < ulmm::policy_count; ++policy)
    {
        measure_policy(server.parts(), static_cast<ulmm::policy_number>(policy));
    }
    init_server::finish(0);
}
