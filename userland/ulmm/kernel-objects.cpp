#include "kernel-objects.hpp"

#include "client.hpp"
#include "costs.hpp"
#include "machine.hpp"

#include <a9n/process-control-block.hpp>

namespace ulmm::kernel_objects
{
    namespace
    {
        using a9n::capability_type;

        word size_bits_of(const object_request &wanted)
        {
            switch (wanted.type)
            {
                case capability_type::node : return a9n::abi::node_size_bits(wanted.specific_bits);
                case capability_type::ipc_port : return a9n::abi::ipc_port_size_bits;
                case capability_type::notification_port : return a9n::abi::notification_port_size_bits;
                default : return a9n::abi::process_control_block_size_bits;
            }
        }

        void end_slab(machine &machine, slab &ended)
        {
            ended.owner->refund(ended.memory->size());
            machine.blocks.release(*ended.memory, machine.blocks.revoke(*ended.memory).ok);
            runtime::destroy(&ended);
        }

        outcome<slab *> make_slab(machine &machine, client &owner, word order)
        {
            const word size = word { 1 } << order;
            if (!owner.charge(size))
            {
                return reply_code::limit_reached;
            }
            block *memory = machine.allocate_block(order);
            slab  *made   = memory != nullptr ? runtime::create<slab>() : nullptr;
            if (made == nullptr)
            {
                if (memory != nullptr)
                {
                    machine.blocks.release(*memory, true);
                }
                owner.refund(size);
                return reply_code::out_of_memory;
            }
            made->owner  = &owner;
            made->memory = memory;
            return made;
        }

        /// One with room for an object of that size.
        outcome<slab *> find_slab(machine &machine, client &owner, word size_bits, slab *exclusive)
        {
            const word size     = word { 1 } << size_bits;
            const auto has_room = [&](const slab &candidate)
            { return round_up(candidate.used, size) + size <= candidate.memory->size(); };
            if (exclusive != nullptr && has_room(*exclusive))
            {
                return exclusive;
            }
            if (size < page_size)
            {
                for (slab &each : owner.slabs_with_room)
                {
                    if (has_room(each))
                    {
                        return &each;
                    }
                }
            }
            return make_slab(machine, owner, size_bits < page_size_bits ? page_size_bits : size_bits);
        }

        /// Ends one object: what it does, what it holds, and, if it was the last of its slab, its capabilities.
        void release_object(machine &machine, const kernel_object &released)
        {
            (void)machine.kernel_objects.revoke(released.slot);
            (void)machine.kernel_objects.remove(released.slot);
            machine.kernel_object_numbers.put_back(released.slot);
            --released.where->owner->kernel_objects;
            if (--released.where->object_count == 0)
            {
                end_slab(machine, *released.where);
            }
        }

        outcome<kernel_object> make_object(machine &machine, slab &where, const object_request &wanted)
        {
            const outcome<uint32_t> slot = machine.kernel_object_numbers.take();
            if (!slot)
            {
                return slot.code;
            }
            const word size = word { 1 } << size_bits_of(wanted);
            if (!machine.blocks.generic_of(*where.memory)
                     .convert(wanted.type, wanted.specific_bits, 1, machine.kernel_objects.node_of(slot.value),
                         machine.kernel_objects.position(slot.value)))
            {
                machine.kernel_object_numbers.put_back(slot.value);
                return reply_code::kernel_error;
            }
            where.used = round_up(where.used, size) + size;
            ++where.object_count;
            ++where.owner->kernel_objects;
            return kernel_object { &where, slot.value };
        }

        /// Slabs from which nothing is left, and those that are full, are not looked at again.
        void note_room(client &owner, slab &where, bool is_exclusive)
        {
            constexpr word smallest = word { 1 } << a9n::abi::ipc_port_size_bits;
            if (!is_exclusive && where.used + smallest <= where.memory->size())
            {
                owner.slabs_with_room.push_front(where);
            }
            else
            {
                where.link.unlink();
            }
        }

        outcome<object_group *> start_group(client &owner)
        {
            if (!owner.charge(cost::kernel_objects))
            {
                return reply_code::limit_reached;
            }
            auto *made = runtime::create<object_group>();
            if (made == nullptr || !owner.groups.add(*made))
            {
                runtime::destroy(made);
                owner.refund(cost::kernel_objects);
                return reply_code::out_of_memory;
            }
            made->owner = &owner;
            return made;
        }

        reply_code fill_group(machine &machine, client &owner, object_group &group, const object_request &wanted)
        {
            const word size_bits = size_bits_of(wanted);
            slab      *exclusive = nullptr;
            while (group.count < wanted.count)
            {
                const outcome<slab *> found = wanted.is_exclusive && exclusive == nullptr
                    ? make_slab(machine, owner, size_bits < page_size_bits ? page_size_bits : size_bits)
                    : find_slab(machine, owner, size_bits, exclusive);
                if (!found)
                {
                    return found.code;
                }
                slab &where = *found.value;
                exclusive   = wanted.is_exclusive ? &where : nullptr;

                const outcome<kernel_object> made = make_object(machine, where, wanted);
                if (!made)
                {
                    if (where.object_count == 0)
                    {
                        end_slab(machine, where);
                    }
                    return made.code;
                }
                note_room(owner, where, wanted.is_exclusive);
                group.objects[group.count++] = made.value;
            }
            return reply_code::ok;
        }

        reply_code send_copies(machine &machine, const object_group &group)
        {
            for (word i = 0; i < group.count; ++i)
            {
                if (!machine.outgoing.copy(i, machine.kernel_objects[group.objects[i].slot]))
                {
                    for (word sent = 0; sent < i; ++sent)
                    {
                        (void)machine.outgoing.remove(sent);
                    }
                    return reply_code::kernel_error;
                }
            }
            return reply_code::ok;
        }

        outcome<object_group *> finish(machine &machine, object_group &group, reply_code code)
        {
            if (!failed(code))
            {
                code = send_copies(machine, group);
            }
            if (failed(code))
            {
                release(machine, group);
                return code;
            }
            return &group;
        }
    }

    outcome<object_group *> create(machine &machine, client &owner, const object_request &wanted)
    {
        const outcome<object_group *> group = start_group(owner);
        if (!group)
        {
            return group;
        }
        return finish(machine, *group.value, fill_group(machine, owner, *group.value, wanted));
    }

    outcome<object_group *> create_process(machine &machine, client &owner, space &where, word buffer_address)
    {
        const outcome<object_group *> started = start_group(owner);
        if (!started)
        {
            return started;
        }
        object_group &group = *started.value;
        reply_code    code  = fill_group(machine, owner, group, { capability_type::process_control_block, 0, 1, false });
        if (!failed(code) && buffer_address != 0)
        {
            const outcome<page_number> held = where.hold_page(buffer_address);
            code                            = held.code;
            group.buffer                    = held.value;
        }
        if (!failed(code))
        {
            a9n::process_configuration configuration;
            configuration.set_address_space(where.capability());
            if (group.buffer != no_page)
            {
                configuration.set_ipc_buffer(machine.pages.frame(group.buffer));
            }
            const a9n::process_control_block process { machine.kernel_objects[group.objects[0].slot] };
            code = process.configure(configuration) ? reply_code::ok : reply_code::kernel_error;
        }
        return finish(machine, group, code);
    }

    void release(machine &machine, object_group &group)
    {
        for (word i = 0; i < group.count; ++i)
        {
            release_object(machine, group.objects[i]);
        }
        if (group.buffer != no_page)
        {
            memory_objects::let_page_go(machine, group.buffer, *group.owner);
        }
        group.owner->groups.remove(group);
        group.owner->refund(cost::kernel_objects);
        runtime::destroy(&group);
    }
}
