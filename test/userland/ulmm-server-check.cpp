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
    using ulmm::reply_code;
    using ulmm::request;
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
        reply_code code;
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
        return { static_cast<reply_code>(answer.payload[0]), answer.payload[1], answer.payload[2], answer.payload[3] };
    }

    void expect_code(reply answer, reply_code code, const std::string &what)
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
        return ask(ulmm::koito_identifier, request::add_memory, address, size_bits);
    }

    capability attach(word identifier)
    {
        capability space = kernel_model::make_address_space();
        transfer_slot()  = space;
        expect_code(ask(ulmm::koito_identifier, request::attach_client, identifier), reply_code::ok, "attach");
        return space;
    }

    constexpr word read_write = static_cast<word>(a9n::access::read_write);
    constexpr word page       = 4096;

    void check_replies()
    {
        expect_code(ask(1, request::allocate, page), reply_code::unknown_client, "a stranger");
        expect_code(add_memory(0x40'0000, 22), reply_code::ok, "memory");
        expect_code(add_memory(0x80'0000, 15), reply_code::invalid_argument, "memory too small to manage");
        transfer_slot() = nullptr;
        expect_code(ask(ulmm::koito_identifier, request::add_memory, 0x80'0000, 20), reply_code::kernel_error,
            "memory without a Generic");

        const capability space = attach(1);
        attach(2);
        transfer_slot() = kernel_model::make_address_space();
        expect_code(ask(ulmm::koito_identifier, request::attach_client, 1), reply_code::unknown_client, "attached twice");
        transfer_slot() = nullptr;
        expect_code(
            ask(ulmm::koito_identifier, request::detach_client, 9), reply_code::unknown_client, "detach a stranger");

        for (const request koito_only : { request::add_memory, request::attach_client, request::detach_client })
        {
            expect_code(ask(1, koito_only, 2), reply_code::permission_denied, "KOITO's request from a client");
        }
        expect_code(ask(1, 999), reply_code::unknown_request, "an unknown request");
        expect_code(ask(ulmm::koito_identifier, request::allocate, page), reply_code::unknown_request,
            "KOITO is no client");

        expect_code(ask(1, request::allocate, 0), reply_code::invalid_argument, "no bytes");
        expect_code(ask(1, request::allocate, ~word { 0 }), reply_code::invalid_argument, "all bytes there are");
        expect_code(ask(1, request::allocate, word { 1 } << 23), reply_code::out_of_memory, "more than there is");

        const reply small = ask(1, request::allocate, page + 1);
        expect_code(small, reply_code::ok, "allocate");
        expect(small.second == 2 * page, "the size is not rounded up to pages");
        expect_code(ask(2, request::map, small.first, 0, read_write), reply_code::invalid_handle, "another's region");
        expect_code(ask(1, request::map, 0, 0, read_write), reply_code::invalid_handle, "handle 0");
        expect_code(ask(1, request::map, 33, 0, read_write), reply_code::invalid_handle, "a handle too large");
        expect_code(ask(1, request::unmap, small.first), reply_code::wrong_state, "unmap before map");
        expect_code(ask(1, request::map, small.first, 0, 0), reply_code::invalid_argument, "no access");
        expect_code(ask(1, request::map, small.first, 0, 2), reply_code::invalid_argument, "write without read");
        expect_code(ask(1, request::map, small.first, 100, read_write), reply_code::invalid_argument, "unaligned");
        expect_code(ask(1, request::map, small.first, 0x7fff'ffff'f000, read_write), reply_code::invalid_argument,
            "beyond user space");
        expect_code(ask(1, request::map, small.first, ~(page - 1), read_write), reply_code::invalid_argument,
            "an address that wraps around");
        const reply mapped = ask(1, request::map, small.first, 0, read_write);
        expect_code(mapped, reply_code::ok, "map");
        expect(space->pages.size() == 2, "a region of two pages maps two frames");
        expect_code(ask(1, request::map, small.first, 0, read_write), reply_code::wrong_state, "map twice");

        const reply second = ask(1, request::allocate, 3 * page);
        expect_code(ask(1, request::map, second.first, mapped.first - page, read_write), reply_code::address_in_use,
            "onto another region");
        expect(space->pages.size() == 2, "a failed map leaves nothing behind");
        expect_code(ask(1, request::map, second.first, 0, read_write), reply_code::ok, "beside another region");

        const reply usage = ask(1, request::statistics);
        expect(usage.first == 2 && usage.second == 5 * page && usage.third == 5 * page, "statistics are wrong");
        expect(ask(2, request::statistics).first == 0, "statistics show another's regions");

        expect_code(ask(1, request::unmap, small.first), reply_code::ok, "unmap");
        expect(space->pages.size() == 3, "unmap takes its own pages away, and no others");
        expect_code(ask(1, request::release, small.first), reply_code::ok, "release");
        expect_code(ask(1, request::release, small.first), reply_code::invalid_handle, "release twice");
        expect_code(ask(1, request::release, second.first), reply_code::ok, "release while mapped");
        expect(space->pages.empty(), "release unmaps");

        const reply large = ask(1, request::allocate, word { 1 } << 21);
        expect_code(ask(1, request::map, large.first, 0, read_write), reply_code::ok, "a large page after small ones");
        expect(space->pages.size() == 1, "2 MiB are one large page");
        expect_code(ask(1, request::release, large.first), reply_code::ok, "release");

        word handles = 0;
        while (ask(1, request::allocate, page).code == reply_code::ok)
        {
            ++handles;
        }
        expect(handles == ulmm::regions_per_client, "a client has as many regions as the table says");
        expect_code(ask(1, request::allocate, page), reply_code::out_of_slots, "one region too many");
        expect_code(ask(ulmm::koito_identifier, request::detach_client, 1), reply_code::ok, "detach");
        expect_code(ask(1, request::allocate, page), reply_code::unknown_client, "after detach");
        expect_code(ask(2, request::allocate, word { 1 } << 21), reply_code::ok, "memory of a client that left");
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
        expect_code(add_memory(0x10'3000, 23), reply_code::ok, "memory");
        expect_code(add_memory(0x400'0000, 22), reply_code::ok, "memory");
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
                    answer = ask(identifier, request::allocate,
                        1 + random() % (random() % 8 == 0 ? 0x30'0000 : 0x8000));
                    break;
                case 1 :
                case 2 : answer = ask(identifier, request::map, handle, address, read_write); break;
                case 3 : answer = ask(identifier, request::unmap, handle); break;
                case 4 : answer = ask(identifier, request::release, handle); break;
            }
            succeeded += answer.code == reply_code::ok;
            expect(failures != 0 || answer.code != reply_code::kernel_error, "a kernel error without a failing kernel");
            check_isolation(spaces);
            if (failures == 0)
            {
                const reply usage  = ask(identifier, request::statistics);
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
            expect_code(ask(ulmm::koito_identifier, request::detach_client, identifier), reply_code::ok, "detach");
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
        expect_code(ask(9, request::allocate, word { 1 } << 22), reply_code::ok, "memory is whole again");
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
