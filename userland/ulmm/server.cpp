#include "server.hpp"

namespace ulmm
{
    namespace
    {
        constexpr word transfer_radix = 1;
        constexpr word transfer_index = 1; ///< the last slot, so that the kernel refuses more than one capability

        constexpr word largest_size       = word { 1 } << 46;
        constexpr word largest_node_radix = 32;

        a9n::message answer_with(reply_code code)
        {
            return a9n::make_message(code);
        }

        a9n::message answer_with(const outcome<word> &result)
        {
            return result ? a9n::make_message(reply_code::ok, result.value) : answer_with(result.code);
        }

        bool is_access(word value)
        {
            return value <= static_cast<word>(access::read_write_execute);
        }

        /// Writing and executing imply reading.
        access to_access(word value)
        {
            return static_cast<access>(value == 0 ? 0 : value | static_cast<word>(access::read));
        }

        bool is_fault_access(word value)
        {
            return value <= static_cast<word>(fault_access::execute);
        }

        bool is_size(word size)
        {
            return size != 0 && size <= largest_size;
        }

        struct attributes
        {
            access    permitted;
            map_flags flags;
        };

        outcome<attributes> decode_attributes(word value)
        {
            constexpr word flag_bits = 0xf0;
            if ((value & ~(flag_bits | static_cast<word>(access::read_write_execute))) != 0)
            {
                return reply_code::invalid_argument;
            }
            return attributes { to_access(value & ~flag_bits), static_cast<map_flags>(value & flag_bits) };
        }

        space *find_space(const client &owner, word handle)
        {
            return handle == own_space ? owner.own : owner.spaces.find(handle);
        }

        /// One the client made.
        space *find_made_space(const client &owner, word handle)
        {
            return handle == own_space ? nullptr : owner.spaces.find(handle);
        }

        /// Calls request(space, start, end) if the space and the size are right.
        reply_code with_range(const client &sender, const word *arguments, auto request)
        {
            space *where = find_space(sender, arguments[0]);
            if (where == nullptr)
            {
                return reply_code::invalid_handle;
            }
            if (!is_size(arguments[2]) || arguments[1] > largest_size * 2)
            {
                return reply_code::invalid_argument;
            }
            return request(*where, arguments[1], arguments[1] + arguments[2]);
        }

        outcome<word> resolve(space *where, word address, word attempted)
        {
            if (where == nullptr)
            {
                return reply_code::invalid_handle;
            }
            if (!is_fault_access(attempted))
            {
                return reply_code::invalid_argument;
            }
            return where->resolve(address, static_cast<fault_access>(attempted));
        }
    }

    // ---- Messages --------------------------------------------------------------------------------------------------

    bool server::begin()
    {
        return memory.own.make(a9n::capability_type::generic, page_size_bits, nodes.parent, nodes.transfer_memory)
            && make_transfer_node();
    }

    bool server::make_transfer_node()
    {
        const a9n::generic generic { nodes.parent[nodes.transfer_memory] };
        const a9n::status  made =
            generic.convert(a9n::capability_type::node, transfer_radix, 1, nodes.parent, nodes.transfer);
        a9n::set_transfer_destination({ nodes.parent[nodes.transfer], transfer_radix }, transfer_index);
        return made.ok;
    }

    void server::clear_transfer()
    {
        const a9n::node   arrivals { nodes.parent[nodes.transfer], transfer_radix };
        const a9n::status removed = arrivals.remove(transfer_index);
        if (!removed && removed.error != a9n::capability_error::invalid_descriptor)
        {
            // A capability without rights, which only goes with the node it is in.
            (void)nodes.parent.revoke(nodes.transfer_memory);
            (void)make_transfer_node();
        }
    }

    void server::run(a9n::ipc_port requests)
    {
        a9n::result<a9n::message> incoming = requests.receive();
        for (;;)
        {
            if (!incoming)
            {
                incoming = requests.receive();
                continue;
            }
            const a9n::message reply = handle(*incoming);
            if (incoming->transfer_count != 0)
            {
                clear_transfer();
            }
            if (reply.transfer_count == 0)
            {
                incoming = requests.reply_receive(reply);
                continue;
            }
            if (!requests.reply(reply))
            {
                (void)requests.reply(undo_transfer());
            }
            // Of a client that ended meanwhile nothing was taken.
            for (word i = 0; i < reply.transfer_count; ++i)
            {
                (void)memory.outgoing.remove(i);
            }
            incoming = requests.receive();
        }
    }

    a9n::message server::handle(const a9n::message &incoming)
    {
        memory.own.prepare(memory.blocks);
        if (incoming.identifier == koito_identifier)
        {
            return handle_koito(incoming);
        }
        client *sender = find_client(incoming.identifier);
        if (sender == nullptr)
        {
            return answer_with(reply_code::unknown_client);
        }
        return handle_client(*sender, incoming);
    }

    a9n::message server::handle_client(client &sender, const a9n::message &incoming)
    {
        const word *arguments = incoming.payload + 1;
        switch (static_cast<request>(incoming.payload[0]))
        {
            case request::make_objects : return make_objects(sender, arguments[0], arguments[1], arguments[2]);
            case request::release_objects : return answer_with(release_objects(sender, arguments[0]));
            case request::make_process : return make_process(sender, arguments[0], arguments[1]);

            case request::create_space :
            {
                const outcome<space *> made = space::create(memory, sender);
                return made ? a9n::make_message(reply_code::ok, made.value->handle) : answer_with(made.code);
            }
            case request::destroy_space :
            {
                space *gone = find_made_space(sender, arguments[0]);
                if (gone == nullptr)
                {
                    return answer_with(reply_code::invalid_handle);
                }
                space::destroy(*gone);
                return answer_with(reply_code::ok);
            }
            case request::clone_space :
            {
                space *original = find_made_space(sender, arguments[0]);
                if (original == nullptr)
                {
                    return answer_with(reply_code::invalid_handle);
                }
                const outcome<space *> made = space::clone(*original);
                return made ? a9n::make_message(reply_code::ok, made.value->handle) : answer_with(made.code);
            }

            case request::map : return map(sender, arguments);
            case request::map_object : return map_object(sender, arguments);
            case request::unmap :
                return answer_with(with_range(sender, arguments,
                    [](space &where, word start, word end) { return where.unmap(start, end); }));
            case request::protect :
                if (!is_access(arguments[3]))
                {
                    return answer_with(reply_code::invalid_argument);
                }
                return answer_with(with_range(sender, arguments,
                    [&](space &where, word start, word end)
                    { return where.protect(start, end, to_access(arguments[3])); }));
            case request::commit :
                return answer_with(with_range(sender, arguments,
                    [](space &where, word start, word end) { return where.commit(start, end); }));

            case request::create_object : return create_object(sender, arguments[0]);
            case request::share_object : return share_object(sender, arguments[0], arguments[1], arguments[2]);
            case request::release_object : return answer_with(release_object(sender, arguments[0]));

            case request::resolve_fault :
                return answer_with(resolve(find_space(sender, arguments[0]), arguments[1], arguments[2]));
            case request::open_window : return open_window(sender, arguments);
            case request::close_window : return answer_with(close_window(sender, arguments[0], arguments[1]));

            case request::statistics : return statistics(sender, arguments[0]);
            case request::own_statistics : return own_statistics(sender);
            case request::system_statistics :
                return sender.may(client_flags::observer) ? system_statistics(arguments[0])
                                                          : answer_with(reply_code::permission_denied);
            case request::set_policy :
                return answer_with(sender.may(client_flags::administrator) ? set_policy(arguments[0])
                                                                           : reply_code::permission_denied);

            case request::resolve_client_fault :
            case request::add_memory :
            case request::attach_client :
            case request::detach_client :
            case request::set_limit : return answer_with(reply_code::permission_denied);
        }
        return answer_with(reply_code::unknown_request);
    }

    a9n::message server::handle_koito(const a9n::message &incoming)
    {
        const word *arguments = incoming.payload + 1;
        switch (static_cast<request>(incoming.payload[0]))
        {
            case request::resolve_client_fault :
                return resolve_client_fault(arguments[0], arguments[1], arguments[2]);
            case request::add_memory : return answer_with(add_memory(arguments[0], arguments[1]));
            case request::attach_client : return answer_with(attach_client(arguments[0], arguments[1], arguments[2]));
            case request::detach_client : return answer_with(detach_client(arguments[0]));
            case request::set_limit : return answer_with(set_limit(arguments[0], arguments[1]));
            case request::system_statistics : return system_statistics(arguments[0]);
            case request::set_policy : return answer_with(set_policy(arguments[0]));
            default : return answer_with(reply_code::unknown_request);
        }
    }

    // ---- Kernel objects --------------------------------------------------------------------------------------------

    a9n::message server::make_objects(client &sender, word type, word specific_bits, word count)
    {
        constexpr word type_bits    = 0xff;
        const word     flags        = type & ~type_bits;
        const bool     is_exclusive = flags == static_cast<word>(object_flags::exclusive);
        const auto     wanted       = static_cast<a9n::abi::capability_type>(type & type_bits);
        const bool     is_node      = wanted == a9n::abi::capability_type::node;
        const bool     is_port =
            wanted == a9n::abi::capability_type::ipc_port || wanted == a9n::abi::capability_type::notification_port;
        if ((flags != 0 && !is_exclusive) || (!is_node && !is_port) || count == 0 || count > maximum_objects
            || (is_node && (specific_bits == 0 || specific_bits > largest_node_radix)) || (is_port && specific_bits != 0))
        {
            return answer_with(reply_code::invalid_argument);
        }
        return answer_with_transfer(
            kernel_objects::create(memory, sender, { wanted, specific_bits, count, is_exclusive }));
    }

    a9n::message server::make_process(client &sender, word space_handle, word buffer_address)
    {
        space *where = find_space(sender, space_handle);
        if (where == nullptr)
        {
            return answer_with(reply_code::invalid_handle);
        }
        if (buffer_address % page_size != 0)
        {
            return answer_with(reply_code::invalid_argument);
        }
        return answer_with_transfer(kernel_objects::create_process(memory, sender, *where, buffer_address));
    }

    a9n::message server::answer_with_transfer(outcome<object_group *> made)
    {
        if (!made)
        {
            return answer_with(made.code);
        }
        undelivered        = made.value;
        a9n::message reply = a9n::make_message(reply_code::ok, made.value->handle);
        for (word i = 0; i < made.value->count; ++i)
        {
            a9n::set_transfer_source(i, memory.outgoing[i]);
        }
        reply.transfer_count = made.value->count;
        return reply;
    }

    a9n::message server::undo_transfer()
    {
        for (word i = 0; i < undelivered->count; ++i)
        {
            (void)memory.outgoing.remove(i);
        }
        kernel_objects::release(memory, *undelivered);
        return answer_with(reply_code::transfer_failed);
    }

    reply_code server::release_objects(client &sender, word handle)
    {
        object_group *group = sender.groups.find(handle);
        if (group == nullptr)
        {
            return reply_code::invalid_handle;
        }
        kernel_objects::release(memory, *group);
        return reply_code::ok;
    }

    // ---- Ranges and memory objects ---------------------------------------------------------------------------------

    a9n::message server::map(client &sender, const word *arguments)
    {
        const word address = arguments[1];
        const word size    = arguments[2];
        space     *where   = find_space(sender, arguments[0]);
        if (where == nullptr)
        {
            return answer_with(reply_code::invalid_handle);
        }
        const outcome<attributes> decoded = decode_attributes(arguments[3]);
        if (!decoded || has(decoded.value.flags, map_flags::copy_on_write) || !is_size(size)
            || address > largest_size * 2)
        {
            return answer_with(reply_code::invalid_argument);
        }
        mapping_request wanted { .address = address,
            .size                         = size,
            .permitted                    = decoded.value.permitted,
            .kind                         = range_kind::anonymous,
            .holder                       = nullptr,
            .offset                       = 0,
            .replaces                     = has(decoded.value.flags, map_flags::fixed),
            .commits                      = has(decoded.value.flags, map_flags::commit) };
        if (!has(decoded.value.flags, map_flags::shared))
        {
            return answer_with(where->map(wanted));
        }
        const outcome<object_holder *> made = memory_objects::create(sender, size, false);
        if (!made)
        {
            return answer_with(made.code);
        }
        // Held, so that it does not end while the ranges come and go.
        ++made.value->range_count;
        wanted.kind                  = range_kind::object;
        wanted.holder                = made.value;
        const outcome<word> mapped = where->map(wanted);
        memory_objects::drop_range(memory, *made.value);
        return answer_with(mapped);
    }

    a9n::message server::map_object(client &sender, const word *arguments)
    {
        constexpr word            handle_shift = 32;
        space                    *where        = find_space(sender, arguments[0]);
        object_holder            *holder       = sender.objects.find(arguments[3] >> handle_shift);
        const outcome<attributes> decoded      = decode_attributes(arguments[3] & ((word { 1 } << handle_shift) - 1));
        if (where == nullptr || holder == nullptr)
        {
            return answer_with(reply_code::invalid_handle);
        }
        const word size   = arguments[2];
        const word offset = arguments[4];
        const word whole  = holder->object->page_count << page_size_bits;
        if (!decoded || !is_size(size) || arguments[1] > largest_size * 2 || offset % page_size != 0 || offset >= whole
            || size > whole - offset)
        {
            return answer_with(reply_code::invalid_argument);
        }
        const bool   copies = has(decoded.value.flags, map_flags::copy_on_write);
        const access needed = copies ? static_cast<access>(static_cast<word>(decoded.value.permitted) & ~word { 2 })
                                     : decoded.value.permitted;
        if (!has(holder->permitted, needed))
        {
            return answer_with(reply_code::access_denied);
        }
        ++holder->range_count;
        const outcome<word> mapped = where->map({ .address = arguments[1],
            .size                                          = size,
            .permitted                                     = decoded.value.permitted,
            .kind     = copies ? range_kind::copy_on_write : range_kind::object,
            .holder   = holder,
            .offset   = offset,
            .replaces = has(decoded.value.flags, map_flags::fixed),
            .commits  = has(decoded.value.flags, map_flags::commit) });
        memory_objects::drop_range(memory, *holder);
        return answer_with(mapped);
    }

    a9n::message server::create_object(client &sender, word size)
    {
        if (!is_size(size))
        {
            return answer_with(reply_code::invalid_argument);
        }
        const outcome<object_holder *> made = memory_objects::create(sender, round_up(size, page_size), true);
        return made ? a9n::make_message(reply_code::ok, made.value->handle) : answer_with(made.code);
    }

    a9n::message server::share_object(client &sender, word handle, word recipient, word permitted)
    {
        object_holder *shared = sender.objects.find(handle);
        client        *other  = find_client(recipient);
        if (shared == nullptr)
        {
            return answer_with(reply_code::invalid_handle);
        }
        if (other == nullptr)
        {
            return answer_with(reply_code::unknown_client);
        }
        if (!is_access(permitted) || permitted == 0)
        {
            return answer_with(reply_code::invalid_argument);
        }
        if (!has(shared->permitted, to_access(permitted)))
        {
            return answer_with(reply_code::access_denied);
        }
        const outcome<object_holder *> made = memory_objects::share(*shared, *other, to_access(permitted));
        return made ? a9n::make_message(reply_code::ok, made.value->handle) : answer_with(made.code);
    }

    reply_code server::release_object(client &sender, word handle)
    {
        object_holder *released = sender.objects.find(handle);
        if (released == nullptr)
        {
            return reply_code::invalid_handle;
        }
        memory_objects::release(memory, *released);
        return reply_code::ok;
    }

    a9n::message server::open_window(client &sender, const word *arguments)
    {
        space *shown = find_made_space(sender, arguments[0]);
        if (shown == nullptr)
        {
            return answer_with(reply_code::invalid_handle);
        }
        if (arguments[1] > largest_size * 2 || !is_size(arguments[2]) || !is_access(arguments[3])
            || arguments[4] > largest_size * 2)
        {
            return answer_with(reply_code::invalid_argument);
        }
        return answer_with(sender.own->open_window(*shown, arguments[1], arguments[1] + arguments[2],
            to_access(arguments[3]), arguments[4]));
    }

    reply_code server::close_window(client &sender, word address, word size)
    {
        if (address > largest_size * 2 || !is_size(size))
        {
            return reply_code::invalid_argument;
        }
        if (!sender.own->has_only_windows(address, address + size))
        {
            return reply_code::address_in_use;
        }
        return sender.own->unmap(address, address + size);
    }

    // ---- Statistics and policy -------------------------------------------------------------------------------------

    a9n::message server::statistics(client &sender, word handle)
    {
        space *where = find_space(sender, handle);
        if (where == nullptr)
        {
            return answer_with(reply_code::invalid_handle);
        }
        const space::usage is = where->measure();
        return a9n::make_message(reply_code::ok, is.mapped, is.present, is.shared, is.page_tables, is.ranges);
    }

    a9n::message server::own_statistics(const client &sender)
    {
        return a9n::make_message(reply_code::ok, sender.bytes, sender.limit, sender.spaces.size(), sender.kernel_objects,
            sender.objects.size());
    }

    a9n::message server::system_statistics(word index)
    {
        if (index == 0)
        {
            const block_table &blocks = memory.blocks;
            return a9n::make_message(reply_code::ok, blocks.total_bytes(), blocks.free_bytes() + memory.pages.unused_bytes(),
                blocks.largest_free_block(), blocks.policy_in_use(), by_identifier.size());
        }
        for (const client &each : clients)
        {
            if (--index == 0)
            {
                return a9n::make_message(reply_code::ok, each.identifier, each.bytes, each.limit,
                    each.shared_pages << 32 | each.page_tables, each.kernel_objects);
            }
        }
        return answer_with(reply_code::unknown_client);
    }

    reply_code server::set_policy(word number)
    {
        if (number >= policy_count)
        {
            return reply_code::invalid_argument;
        }
        memory.blocks.set_policy(static_cast<policy_number>(number));
        return reply_code::ok;
    }

    // ---- From KOITO ------------------------------------------------------------------------------------------------

    reply_code server::add_memory(word address, word size_bits)
    {
        if (size_bits < smallest_memory_bits || size_bits > maximum_order)
        {
            return reply_code::invalid_argument;
        }
        const a9n::node arrivals { nodes.parent[nodes.transfer], transfer_radix };
        return memory.blocks.add_memory(arrivals[transfer_index], address, size_bits);
    }

    reply_code server::attach_client(word identifier, word limit, word flags)
    {
        if (identifier == koito_identifier || find_client(identifier) != nullptr)
        {
            return reply_code::unknown_client;
        }
        auto                   *made  = runtime::create<client>();
        const outcome<uint32_t> slot  = memory.space_numbers.take();
        const a9n::node         arrivals { nodes.parent[nodes.transfer], transfer_radix };
        reply_code              code  = made == nullptr || !slot ? reply_code::out_of_memory : reply_code::ok;
        if (!failed(code))
        {
            made->own = runtime::create<space>(memory, *made, slot.value, nullptr);
            code      = made->own == nullptr || by_identifier.insert(identifier, made) == nullptr ? reply_code::out_of_memory
                                                                                                  : reply_code::ok;
        }
        if (!failed(code) && !memory.spaces.move(slot.value, arrivals[transfer_index]))
        {
            (void)by_identifier.erase(identifier);
            code = reply_code::kernel_error;
        }
        if (failed(code))
        {
            if (made != nullptr)
            {
                runtime::destroy(made->own);
            }
            if (slot)
            {
                memory.space_numbers.put_back(slot.value);
            }
            runtime::destroy(made);
            return code;
        }
        made->identifier = identifier;
        made->limit      = limit;
        made->flags      = static_cast<client_flags>(flags);
        clients.push_back(*made);
        return reply_code::ok;
    }

    reply_code server::detach_client(word identifier)
    {
        client *leaving = find_client(identifier);
        if (leaving == nullptr)
        {
            return reply_code::unknown_client;
        }
        while (object_group *group = leaving->groups.first())
        {
            kernel_objects::release(memory, *group);
        }
        space::destroy(*leaving->own); // with its windows to the others
        while (space *each = leaving->spaces.first())
        {
            space::destroy(*each);
        }
        memory_objects::leave(memory, *leaving);
        (void)by_identifier.erase(identifier);
        runtime::destroy(leaving);
        return reply_code::ok;
    }

    reply_code server::set_limit(word identifier, word limit)
    {
        client *limited = find_client(identifier);
        if (limited == nullptr)
        {
            return reply_code::unknown_client;
        }
        limited->limit = limit;
        return reply_code::ok;
    }

    a9n::message server::resolve_client_fault(word identifier, word address, word attempted)
    {
        client *faulting = find_client(identifier);
        if (faulting == nullptr)
        {
            return answer_with(reply_code::unknown_client);
        }
        return answer_with(resolve(faulting->own, address, attempted));
    }
}
