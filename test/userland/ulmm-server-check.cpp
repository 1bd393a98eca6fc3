// The ULMM server's requests against a model of the kernel. Commands:
//   replies             each reply code of the protocol, for the reason it is meant for
//   random SEED STEPS FAILURES    several clients at random, with a percentage of kernel calls failing
#include "kernel-model.hpp"

#include <ulmm/server.hpp>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace
{
    using kernel_model::capability;
    using ulmm::region_reply;
    using ulmm::region_request;
    using ulmm::word;

    constexpr word root_radix = 4;
    enum root_slot : word { blocks = 1, page_tables, frames, clients, transfer };

    [[noreturn]] void fail(const std::string &what)
    {
        std::printf("FAILED: %s\n", what.c_str());
        std::exit(1);
    }

    void expect(bool condition, const std::string &what)
    {
        if (!condition)
        {
            fail(what);
        }
    }

    a9n::node node_at(word slot, word radix)
    {
        return { a9n::root_path { root_radix }[slot], radix };
    }

    capability make_root()
    {
        capability root     = kernel_model::make_node(root_radix);
        root->slots[blocks] = kernel_model::make_node(ulmm::block_radix);
        root->slots[page_tables] = kernel_model::make_node(ulmm::block_radix);
        root->slots[frames]      = kernel_model::make_node(ulmm::frame_slot_radix);
        root->slots[clients]     = kernel_model::make_node(ulmm::client_radix);
        root->slots[15]          = root; // as in a real process, the root node is in itself
        return root;
    }

    ulmm::server &the_server()
    {
        kernel_model::root = make_root();
        static ulmm::server server { { node_at(blocks, ulmm::block_radix), node_at(page_tables, ulmm::block_radix),
            node_at(frames, ulmm::frame_slot_radix), node_at(clients, ulmm::client_radix), node_at(15, root_radix),
            transfer } };
        return server;
    }

    struct reply
    {
        region_reply code;
        word       first;
        word       second;
        word       third;
    };

    ulmm::server &server = the_server();

    template<typename... Words>
    reply ask(word identifier, Words... words)
    {
        a9n::message incoming = a9n::make_message(words...);
        incoming.identifier   = identifier;
        const a9n::message answer = server.handle(incoming);
        return { static_cast<region_reply>(answer.payload[0]), answer.payload[1], answer.payload[2], answer.payload[3] };
    }

    void expect_code(reply answer, region_reply code, const std::string &what)
    {
        expect(answer.code == code,
            what + ": " + ulmm::to_string(answer.code) + " instead of " + ulmm::to_string(code));
    }

    capability &transfer_slot()
    {
        return kernel_model::root->slots[transfer];
    }

    reply add_memory(word address, word size_bits)
    {
        transfer_slot() = kernel_model::make_generic(address, size_bits);
        return ask(ulmm::koito_identifier, region_request::add_memory, address, size_bits);
    }

    capability attach(word identifier)
    {
        capability space = kernel_model::make_address_space();
        transfer_slot()  = space;
        expect_code(ask(ulmm::koito_identifier, region_request::attach_client, identifier), region_reply::ok, "attach");
        return space;
    }

    constexpr word read_write = static_cast<word>(a9n::access::read_write);
    constexpr word page       = 4096;

    void check_replies()
    {
        expect_code(ask(1, region_request::allocate, page), region_reply::unknown_client, "a stranger");
        expect_code(add_memory(0x40'0000, 22), region_reply::ok, "memory");
        expect_code(add_memory(0x80'0000, 15), region_reply::invalid_argument, "memory too small to manage");
        transfer_slot() = nullptr;
        expect_code(ask(ulmm::koito_identifier, region_request::add_memory, 0x80'0000, 20), region_reply::kernel_error,
            "memory without a Generic");

        const capability space = attach(1);
        attach(2);
        transfer_slot() = kernel_model::make_address_space();
        expect_code(ask(ulmm::koito_identifier, region_request::attach_client, 1), region_reply::unknown_client, "attached twice");
        transfer_slot() = nullptr;
        expect_code(
            ask(ulmm::koito_identifier, region_request::detach_client, 9), region_reply::unknown_client, "detach a stranger");

        for (const region_request koito_only : { region_request::add_memory, region_request::attach_client, region_request::detach_client })
        {
            expect_code(ask(1, koito_only, 2), region_reply::permission_denied, "KOITO's request from a client");
        }
        expect_code(ask(1, 999), region_reply::unknown_request, "an unknown request");
        expect_code(ask(ulmm::koito_identifier, region_request::allocate, page), region_reply::unknown_request,
            "KOITO is no client");

        expect_code(ask(1, region_request::allocate, 0), region_reply::invalid_argument, "no bytes");
        expect_code(ask(1, region_request::allocate, ~word { 0 }), region_reply::invalid_argument, "all bytes there are");
        expect_code(ask(1, region_request::allocate, word { 1 } << 23), region_reply::out_of_memory, "more than there is");

        const reply small = ask(1, region_request::allocate, page + 1);
        expect_code(small, region_reply::ok, "allocate");
        expect(small.second == 2 * page, "the size is not rounded up to pages");
        expect_code(ask(2, region_request::map, small.first, 0, read_write), region_reply::invalid_handle, "another's region");
        expect_code(ask(1, region_request::map, 0, 0, read_write), region_reply::invalid_handle, "handle 0");
        expect_code(ask(1, region_request::map, 33, 0, read_write), region_reply::invalid_handle, "a handle too large");
        expect_code(ask(1, region_request::unmap, small.first), region_reply::wrong_state, "unmap before map");
        expect_code(ask(1, region_request::map, small.first, 0, 0), region_reply::invalid_argument, "no access");
        expect_code(ask(1, region_request::map, small.first, 0, 2), region_reply::invalid_argument, "write without read");
        expect_code(ask(1, region_request::map, small.first, 100, read_write), region_reply::invalid_argument, "unaligned");
        expect_code(ask(1, region_request::map, small.first, 0x7fff'ffff'f000, read_write), region_reply::invalid_argument,
            "beyond user space");
        expect_code(ask(1, region_request::map, small.first, ~(page - 1), read_write), region_reply::invalid_argument,
            "an address that wraps around");
        const reply mapped = ask(1, region_request::map, small.first, 0, read_write);
        expect_code(mapped, region_reply::ok, "map");
        expect(space->pages.size() == 2, "a region of two pages maps two frames");
        expect_code(ask(1, region_request::map, small.first, 0, read_write), region_reply::wrong_state, "map twice");

        const reply second = ask(1, region_request::allocate, 3 * page);
        expect_code(ask(1, region_request::map, second.first, mapped.first - page, read_write), region_reply::address_in_use,
            "onto another region");
        expect(space->pages.size() == 2, "a failed map leaves nothing behind");
        expect_code(ask(1, region_request::map, second.first, 0, read_write), region_reply::ok, "beside another region");

        const reply usage = ask(1, region_request::statistics);
        expect(usage.first == 2 && usage.second == 5 * page && usage.third == 5 * page, "statistics are wrong");
        expect(ask(2, region_request::statistics).first == 0, "statistics show another's regions");

        expect_code(ask(1, region_request::unmap, small.first), region_reply::ok, "unmap");
        expect(space->pages.size() == 3, "unmap takes its own pages away, and no others");
        expect_code(ask(1, region_request::release, small.first), region_reply::ok, "release");
        expect_code(ask(1, region_request::release, small.first), region_reply::invalid_handle, "release twice");
        expect_code(ask(1, region_request::release, second.first), region_reply::ok, "release while mapped");
        expect(space->pages.empty(), "release unmaps");

        const reply large = ask(1, region_request::allocate, word { 1 } << 21);
        expect_code(ask(1, region_request::map, large.first, 0, read_write), region_reply::ok, "a large page after small ones");
        expect(space->pages.size() == 1, "2 MiB are one large page");
        expect_code(ask(1, region_request::release, large.first), region_reply::ok, "release");

        word handles = 0;
        while (ask(1, region_request::allocate, page).code == region_reply::ok)
        {
            ++handles;
        }
        expect(handles == ulmm::regions_per_client, "a client has as many regions as the table says");
        expect_code(ask(1, region_request::allocate, page), region_reply::out_of_slots, "one region too many");
        expect_code(ask(ulmm::koito_identifier, region_request::detach_client, 1), region_reply::ok, "detach");
        expect_code(ask(1, region_request::allocate, page), region_reply::unknown_client, "after detach");
        expect_code(ask(2, region_request::allocate, word { 1 } << 21), region_reply::ok, "memory of a client that left");
        std::puts("replies as documented");
    }

    /// No two pages of any clients share memory.
    void check_isolation(const std::vector<capability> &spaces)
    {
        std::set<std::pair<word, word>> ranges;
        for (const capability &space : spaces)
        {
            for (const auto &[address, frame] : space->pages)
            {
                expect(ranges.insert({ frame->base, word { 1 } << frame->size_bits }).second, "a frame is mapped twice");
            }
        }
        word reached = 0;
        for (const auto &[base, size] : ranges)
        {
            expect(base >= reached, "two frames overlap");
            reached = base + size;
        }
    }

    void run_random(unsigned seed, unsigned long steps, unsigned failures)
    {
        std::mt19937   random(seed);
        constexpr word client_total = 4;
        expect_code(add_memory(0x10'3000, 23), region_reply::ok, "memory");
        expect_code(add_memory(0x400'0000, 22), region_reply::ok, "memory");
        std::vector<capability> spaces;
        for (word identifier = 1; identifier <= client_total; ++identifier)
        {
            spaces.push_back(attach(identifier));
        }

        kernel_model::failure_percentage = failures;
        unsigned long succeeded          = 0;
        for (unsigned long step = 0; step < steps; ++step)
        {
            const word identifier = 1 + random() % client_total;
            const word handle     = random() % 12;
            const word address    = random() % 2 == 0 ? 0 : 0x5000'0000 + random() % 64 * page;
            reply      answer {};
            switch (random() % 5)
            {
                case 0 :
                    answer = ask(identifier, region_request::allocate,
                        1 + random() % (random() % 8 == 0 ? 0x30'0000 : 0x8000));
                    break;
                case 1 :
                case 2 : answer = ask(identifier, region_request::map, handle, address, read_write); break;
                case 3 : answer = ask(identifier, region_request::unmap, handle); break;
                case 4 : answer = ask(identifier, region_request::release, handle); break;
            }
            succeeded += answer.code == region_reply::ok;
            expect(failures != 0 || answer.code != region_reply::kernel_error, "a kernel error without a failing kernel");
            check_isolation(spaces);
            if (failures == 0)
            {
                const reply usage  = ask(identifier, region_request::statistics);
                word        mapped = 0;
                for (const auto &[start, frame] : spaces[identifier - 1]->pages)
                {
                    mapped += word { 1 } << frame->size_bits;
                }
                expect(usage.third == mapped, "statistics and page tables disagree");
            }
        }

        kernel_model::failure_percentage = 0;
        for (word identifier = 1; identifier <= client_total; ++identifier)
        {
            expect_code(ask(ulmm::koito_identifier, region_request::detach_client, identifier), region_reply::ok, "detach");
            expect(spaces[identifier - 1]->pages.empty(), "a page of a client that left is still mapped");
            expect(spaces[identifier - 1]->tables.empty(), "a page table of a client that left is still there");
        }
        for (const word node : { word { page_tables }, word { frames }, word { clients } })
        {
            for (const capability &slot : kernel_model::root->slots[node]->slots)
            {
                expect(slot == nullptr, "a capability is left over after all clients left");
            }
        }
        const capability last = attach(9);
        expect_code(ask(9, region_request::allocate, word { 1 } << 22), region_reply::ok, "memory is whole again");
        std::printf("%lu of %lu requests granted\n", succeeded, steps);
    }
}

int main(int count, char **arguments)
{
    const std::string command = count > 1 ? arguments[1] : "";
    if (command == "replies")
    {
        check_replies();
    }
    else if (command == "random" && count == 5)
    {
        run_random(static_cast<unsigned>(std::strtoul(arguments[2], nullptr, 10)),
            std::strtoul(arguments[3], nullptr, 10), static_cast<unsigned>(std::strtoul(arguments[4], nullptr, 10)));
    }
    else
    {
        fail("usage: see the comment at the top of ulmm-server-check.cpp");
    }
    // The model's root node contains itself.
    kernel_model::root->slots[15] = nullptr;
}
