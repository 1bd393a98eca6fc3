#include "server.hpp"

namespace ulmm
{
    namespace
    {
        /// Regions whose address ULMM chooses lie above these: far from images and stacks, and apart, because a page
        /// table that small pages once needed would be in a large page's way.
        constexpr word first_address_of_small_pages = 0x10'0000'0000;
        constexpr word first_address_of_large_pages = 0x20'0000'0000;

        constexpr word large_page_order = a9n::abi::large_page_size_bits;

        a9n::message answer_with(region_reply code)
        {
            return a9n::make_message(code);
        }

        word round_up(word value, word unit)
        {
            return (value + unit - 1) / unit * unit;
        }

        /// Order of the smallest block that holds `size` bytes.
        word order_for(word size)
        {
            word order = minimum_order;
            while (order < maximum_order && (word { 1 } << order) < size)
            {
                ++order;
            }
            return order;
        }

        bool is_access(word permitted)
        {
            switch (static_cast<a9n::access>(permitted))
            {
                case a9n::access::read :
                case a9n::access::read_write :
                case a9n::access::read_execute :
                case a9n::access::read_write_execute : return true;
            }
            return false;
        }
    }

    void server::run(a9n::ipc_port requests)
    {
        a9n::set_transfer_destination(nodes.root, nodes.transfer_slot);
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
                // Nobody wanted it, or the request failed: the slot must be empty for the next message.
                (void)nodes.root.remove(nodes.transfer_slot);
            }
            incoming = requests.reply_receive(reply);
        }
    }

    a9n::message server::handle(const a9n::message &incoming)
    {
        if (incoming.identifier == koito_identifier)
        {
            return handle_koito(incoming);
        }
        client *sender = find_client(incoming.identifier);
        if (sender == nullptr)
        {
            return answer_with(region_reply::unknown_client);
        }
        return handle_client(*sender, incoming);
    }

    a9n::message server::handle_client(client &sender, const a9n::message &incoming)
    {
        const word *arguments = incoming.payload + 1;
        switch (static_cast<region_request>(incoming.payload[0]))
        {
            case region_request::allocate : return allocate(sender, arguments[0]);
            case region_request::map : return map(sender, arguments[0], arguments[1], arguments[2]);
            case region_request::unmap : return unmap(sender, arguments[0]);
            case region_request::release : return release(sender, arguments[0]);
            case region_request::statistics : return statistics(sender);
            case region_request::add_memory :
            case region_request::attach_client :
            case region_request::detach_client : return answer_with(region_reply::permission_denied);
        }
        return answer_with(region_reply::unknown_request);
    }

    a9n::message server::handle_koito(const a9n::message &incoming)
    {
        const word *arguments = incoming.payload + 1;
        switch (static_cast<region_request>(incoming.payload[0]))
        {
            case region_request::add_memory : return answer_with(add_memory(arguments[0], arguments[1]));
            case region_request::attach_client : return answer_with(attach_client(arguments[0]));
            case region_request::detach_client : return answer_with(detach_client(arguments[0]));
            default : return answer_with(region_reply::unknown_request);
        }
    }

    a9n::message server::allocate(client &owner, word size)
    {
        if (size == 0 || size > word { 1 } << maximum_order)
        {
            return answer_with(region_reply::invalid_argument);
        }
        region *reserved = owner.find_unused_region();
        if (reserved == nullptr)
        {
            return answer_with(region_reply::out_of_slots);
        }

        const word order       = order_for(size);
        const word frame_order = order < large_page_order ? minimum_order : large_page_order;
        const word frame_count = round_up(size, word { 1 } << frame_order) >> frame_order;

        const word first_frame = slots.take(frame_count);
        if (first_frame == no_slot)
        {
            return answer_with(region_reply::out_of_slots);
        }
        block *memory = buddies.allocate(order);
        if (memory == nullptr)
        {
            slots.put_back(first_frame, frame_count);
            return refuse_allocation();
        }
        const a9n::generic generic = buddies.generic_of(*memory);
        if (!generic.convert(a9n::capability_type::frame, frame_order, frame_count, nodes.frames, first_frame))
        {
            (void)buddies.release(*memory);
            slots.put_back(first_frame, frame_count);
            return answer_with(region_reply::kernel_error);
        }

        reserved->state       = region_state::reserved;
        reserved->frame_order = static_cast<uint16_t>(frame_order);
        reserved->first_frame = static_cast<uint16_t>(first_frame);
        reserved->frame_count = static_cast<uint16_t>(frame_count);
        reserved->memory      = memory;
        reserved->address     = 0;
        return a9n::make_message(region_reply::ok, owner.handle_of(*reserved), reserved->size());
    }

    a9n::message server::map(client &owner, word handle, word address, word permitted)
    {
        region *target = owner.find_region(handle);
        if (target == nullptr)
        {
            return answer_with(region_reply::invalid_handle);
        }
        if (target->state == region_state::mapped)
        {
            return answer_with(region_reply::wrong_state);
        }
        if (!is_access(permitted))
        {
            return answer_with(region_reply::invalid_argument);
        }

        if (address == 0)
        {
            address = target->frame_order == large_page_order ? first_address_of_large_pages
                                                              : first_address_of_small_pages;
            while (const region *obstacle = owner.find_overlap(address, address + target->size()))
            {
                address = round_up(obstacle->address + obstacle->size(), target->frame_size());
            }
        }
        if (address % target->frame_size() != 0 || address >= a9n::abi::user_address_end
            || target->size() > a9n::abi::user_address_end - address)
        {
            return answer_with(region_reply::invalid_argument);
        }

        const region_reply code = map_frames(owner, *target, address, static_cast<a9n::access>(permitted));
        if (code != region_reply::ok)
        {
            return answer_with(code);
        }
        target->state   = region_state::mapped;
        target->address = address;
        return a9n::make_message(region_reply::ok, address);
    }

    a9n::message server::unmap(client &owner, word handle)
    {
        region *target = owner.find_region(handle);
        if (target == nullptr)
        {
            return answer_with(region_reply::invalid_handle);
        }
        if (target->state != region_state::mapped)
        {
            return answer_with(region_reply::wrong_state);
        }
        unmap_frames(owner, *target, target->address, target->frame_count);
        target->state   = region_state::reserved;
        target->address = 0;
        return answer_with(region_reply::ok);
    }

    a9n::message server::release(client &owner, word handle)
    {
        region *target = owner.find_region(handle);
        if (target == nullptr)
        {
            return answer_with(region_reply::invalid_handle);
        }
        return answer_with(release_region(*target));
    }

    a9n::message server::statistics(const client &owner) const
    {
        word regions  = 0;
        word reserved = 0;
        word mapped   = 0;
        for (const region &each : owner.regions)
        {
            if (each.state == region_state::unused)
            {
                continue;
            }
            ++regions;
            reserved += each.size();
            if (each.state == region_state::mapped)
            {
                mapped += each.size();
            }
        }
        return a9n::make_message(region_reply::ok, regions, reserved, mapped);
    }

    region_reply server::add_memory(word address, word size_bits)
    {
        if (size_bits < smallest_memory_bits || size_bits > maximum_order)
        {
            return region_reply::invalid_argument;
        }
        switch (buddies.add_memory(nodes.root[nodes.transfer_slot], address, size_bits))
        {
            case allocation_error::none : return region_reply::ok;
            case allocation_error::out_of_blocks : return region_reply::out_of_slots;
            default : return region_reply::kernel_error;
        }
    }

    region_reply server::attach_client(word identifier)
    {
        if (identifier == koito_identifier || find_client(identifier) != nullptr)
        {
            return region_reply::unknown_client;
        }
        for (word i = 0; i < client_count; ++i)
        {
            if (clients[i].attached)
            {
                continue;
            }
            if (!nodes.clients.move(i, nodes.root[nodes.transfer_slot]))
            {
                return region_reply::kernel_error;
            }
            clients[i]            = client {};
            clients[i].attached   = true;
            clients[i].identifier = identifier;
            clients[i].space      = { nodes.clients[i] };
            return region_reply::ok;
        }
        return region_reply::out_of_slots;
    }

    region_reply server::detach_client(word identifier)
    {
        client *leaving = find_client(identifier);
        if (leaving == nullptr)
        {
            return region_reply::unknown_client;
        }
        for (region &each : leaving->regions)
        {
            if (each.state == region_state::unused)
            {
                continue;
            }
            if (const region_reply code = release_region(each); code != region_reply::ok)
            {
                return code; // the client stays, and can be detached again
            }
        }
        for (word i = 0; i < leaving->page_table_count; ++i)
        {
            (void)buddies.release(*leaving->page_tables[i]);
        }
        (void)nodes.clients.remove(static_cast<word>(leaving - clients));
        leaving->attached = false;
        return region_reply::ok;
    }

    /// Maps every frame of a region; on failure none stays mapped.
    region_reply server::map_frames(client &owner, const region &target, word address, a9n::access permitted)
    {
        for (word i = 0; i < target.frame_count; ++i)
        {
            const word page = address + i * target.frame_size();
            region_reply code = ensure_page_tables(owner, page, target.frame_order);
            if (code == region_reply::ok)
            {
                const a9n::status mapped = owner.space.map(frame_at(target.first_frame + i), page, permitted);
                if (mapped)
                {
                    continue;
                }
                code = mapped.error == a9n::capability_error::illegal_operation ? region_reply::address_in_use
                                                                                : region_reply::kernel_error;
            }
            unmap_frames(owner, target, address, i);
            return code;
        }
        return region_reply::ok;
    }

    /// Makes the page tables that are missing on the way to `address`. They stay until the client leaves.
    region_reply server::ensure_page_tables(client &owner, word address, word frame_order)
    {
        for (;;)
        {
            const a9n::result<word> depth = owner.space.missing_table_depth(address, frame_order);
            if (!depth)
            {
                return region_reply::kernel_error;
            }
            if (*depth == 0)
            {
                return region_reply::ok;
            }
            if (owner.page_table_count == page_tables_per_client)
            {
                return region_reply::out_of_slots;
            }
            block *memory = buddies.allocate(minimum_order);
            if (memory == nullptr)
            {
                return static_cast<region_reply>(refuse_allocation().payload[0]);
            }
            const word            slot = buddies.index_of(*memory);
            const a9n::page_table table { nodes.page_tables[slot] };
            const a9n::generic    generic = buddies.generic_of(*memory);
            if (!generic.convert(a9n::capability_type::page_table, *depth, 1, nodes.page_tables, slot)
                || !owner.space.map(table, address))
            {
                (void)buddies.release(*memory);
                return region_reply::kernel_error;
            }
            owner.page_tables[owner.page_table_count++] = memory;
        }
    }

    void server::unmap_frames(client &owner, const region &target, word address, word count)
    {
        for (word i = 0; i < count; ++i)
        {
            (void)owner.space.unmap(frame_at(target.first_frame + i), address + i * target.frame_size());
        }
    }

    /// Revoking the region's block takes its frames out of every address space.
    region_reply server::release_region(region &target)
    {
        if (!buddies.release(*target.memory))
        {
            return region_reply::kernel_error;
        }
        slots.put_back(target.first_frame, target.frame_count);
        target = region {};
        return region_reply::ok;
    }

    client *server::find_client(word identifier)
    {
        for (client &candidate : clients)
        {
            if (candidate.attached && candidate.identifier == identifier)
            {
                return &candidate;
            }
        }
        return nullptr;
    }

    a9n::frame server::frame_at(word slot) const
    {
        return { nodes.frames[slot] };
    }

    a9n::message server::refuse_allocation() const
    {
        switch (buddies.last_error)
        {
            case allocation_error::out_of_memory : return answer_with(region_reply::out_of_memory);
            case allocation_error::out_of_blocks : return answer_with(region_reply::out_of_slots);
            default : return answer_with(region_reply::kernel_error);
        }
    }
}
