#include "ulmm-server-check.hpp"

namespace check
{
    namespace
    {
        constexpr word root_radix   = 4;
        constexpr word others_radix = 3;

        enum root_slot : word
        {
            blocks = 1,
            pages,
            spaces,
            others,
            own_memory,
            own_space,
            root_itself = 15,
        };

        enum other_slot : word
        {
            own_objects,
            kernel_objects,
            outgoing,
            transfer_memory,
            transfer,
        };

        constexpr word own_memory_bits = 20;

        a9n::descriptor at(word slot)
        {
            return a9n::root_path { root_radix }[slot];
        }

        a9n::node put_node(word slot, word radix)
        {
            kernel_model::root->slots[slot] = kernel_model::make_node(radix);
            return { at(slot), radix };
        }

        a9n::node put_inner_node(const a9n::node &outer, word slot, word radix)
        {
            kernel_model::root->slots[others]->slots[slot] = kernel_model::make_node(radix);
            return { outer[slot], radix };
        }
    }

    test_bench::test_bench()
    {
        a9n::current_ipc_buffer                = &buffer;
        kernel_model::root                     = kernel_model::make_node(root_radix);
        auto &slots                            = kernel_model::root->slots;
        slots[root_itself]                     = kernel_model::root; // as in a real process
        slots[own_memory]                      = kernel_model::make_generic(0x10'0000, own_memory_bits);
        slots[own_space]                       = kernel_model::make_address_space();
        slots[own_space]->is_own               = true;
        const a9n::node          other_objects = put_node(others, others_radix);
        const ulmm::server_nodes nodes {
            .blocks          = put_node(blocks, ulmm::top_radix::blocks),
            .pages           = put_node(pages, ulmm::top_radix::pages),
            .own_objects     = put_inner_node(other_objects, own_objects, ulmm::top_radix::own_objects),
            .spaces          = put_node(spaces, ulmm::top_radix::spaces),
            .kernel_objects  = put_inner_node(other_objects, kernel_objects, ulmm::top_radix::kernel_objects),
            .outgoing        = put_inner_node(other_objects, outgoing, ulmm::top_radix::outgoing),
            .parent          = other_objects,
            .transfer_memory = transfer_memory,
            .transfer        = transfer,
            .own_memory      = { at(own_memory) },
            .own_memory_size = word { 1 } << own_memory_bits,
            .own_memory_used = 0,
            .own_space       = { at(own_space) },
        };
        server = new ulmm::server { nodes };
        // Like its tables, it lasts for ever; what it has lost, a sanitizer tells.
        static auto *const servers = new std::vector<ulmm::server *>;
        servers->push_back(server);
        expect(server->begin(), "the server does not begin");
    }

    test_bench::~test_bench()
    {
        received.clear();
        kernel_model::root->slots[root_itself] = nullptr; // which would keep itself
        kernel_model::root                     = nullptr;
    }

    capability &test_bench::arrival()
    {
        return kernel_model::root->slots[others]->slots[transfer]->slots[1];
    }

    reply test_bench::ask_message(word identifier, a9n::message incoming, bool refuses)
    {
        incoming.identifier       = identifier;
        a9n::message    answer    = server->handle(incoming);
        auto           &out       = kernel_model::root->slots[others]->slots[outgoing]->slots;
        const bool      transfers = answer.transfer_count != 0;
        if (transfers && refuses)
        {
            answer = server->undo_transfer();
        }
        received.clear();
        for (word i = 0; i < answer.transfer_count; ++i)
        {
            expect(out[i] != nullptr, "an answer transfers nothing");
            received.push_back(std::move(out[i]));
            out[i] = nullptr;
        }
        for (const capability &left : out)
        {
            expect(left == nullptr, "something is left of an answer's capabilities");
        }
        server->clear_transfer();
        reply result { static_cast<reply_code>(answer.payload[0]), {} };
        for (word i = 0; i < 5; ++i)
        {
            result.values[i] = answer.payload[i + 1];
        }
        return result;
    }

    reply test_bench::add_memory(word address, word size_bits)
    {
        arrival() = kernel_model::make_generic(address, size_bits);
        return ask(ulmm::koito_identifier, request::add_memory, address, size_bits);
    }

    capability test_bench::attach(word identifier, word limit, ulmm::client_flags flags)
    {
        capability space = kernel_model::make_address_space();
        arrival()        = space;
        expect_code(ask(ulmm::koito_identifier, request::attach_client, identifier, limit, flags), reply_code::ok, "attach");
        return space;
    }

    capability test_bench::newest_space()
    {
        capability newest;
        for (const capability &leaf : kernel_model::root->slots[spaces]->slots)
        {
            for (const capability &slot : leaf != nullptr ? leaf->slots : std::vector<capability> {})
            {
                if (slot != nullptr && slot->watermark != 0 && slot->revocations == 0)
                {
                    newest              = slot;
                    newest->revocations = 1; // seen
                }
            }
        }
        return newest;
    }
}
