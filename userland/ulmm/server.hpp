// The ULMM server: decodes the requests of ULMMI, checks every word of them, and answers.
#pragma once

#include "client.hpp"
#include "machine.hpp"

#include <a9n/ipc-port.hpp>

namespace ulmm
{
    class server
    {
    public:
        explicit server(const server_nodes &nodes) : nodes(nodes), memory(nodes)
        {
        }

        /// Makes the place where received capabilities arrive. False if that cannot be.
        bool begin();

        /// Serves requests for ever.
        [[noreturn]] void run(a9n::ipc_port requests);

        /// Answers one request.
        a9n::message handle(const a9n::message &incoming);

        /// After an answer that transfers capabilities: if it could not be delivered, undoes the request, and this is the answer.
        a9n::message undo_transfer();

        /// Nothing is left where received capabilities arrive, whatever a client sent.
        void clear_transfer();

        /// For the heap, whose memory comes from there, and for tests.
        machine &parts()
        {
            return memory;
        }

    private:
        a9n::message handle_client(client &sender, const a9n::message &incoming);
        a9n::message handle_koito(const a9n::message &incoming);

        a9n::message make_objects(client &sender, word type, word specific_bits, word count);
        a9n::message make_process(client &sender, word space_handle, word buffer_address);
        a9n::message answer_with_transfer(outcome<object_group *> made);
        reply_code   release_objects(client &sender, word handle);

        a9n::message map(client &sender, const word *arguments);
        a9n::message map_object(client &sender, const word *arguments);
        a9n::message create_object(client &sender, word size);
        a9n::message share_object(client &sender, word handle, word recipient, word permitted);
        reply_code   release_object(client &sender, word handle);
        a9n::message open_window(client &sender, const word *arguments);
        reply_code   close_window(client &sender, word address, word size);
        a9n::message statistics(client &sender, word handle);
        a9n::message own_statistics(const client &sender);
        a9n::message system_statistics(word index);
        reply_code   set_policy(word number);

        reply_code   add_memory(word address, word size_bits);
        reply_code   attach_client(word identifier, word limit, word flags);
        reply_code   detach_client(word identifier);
        reply_code   set_limit(word identifier, word limit);
        a9n::message resolve_client_fault(word identifier, word address, word attempted);

        client *find_client(word identifier) const
        {
            client **found = by_identifier.find(identifier);
            return found != nullptr ? *found : nullptr;
        }

        bool make_transfer_node();

        server_nodes                           nodes;
        machine                                memory;
        runtime::hash_map<word, client *>      by_identifier;
        runtime::list<client, &client::link>   clients;
        object_group                          *undelivered = nullptr;
    };
}
