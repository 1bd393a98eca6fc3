#include "memory-object.hpp"

#include "client.hpp"
#include "costs.hpp"
#include "machine.hpp"

namespace ulmm::memory_objects
{
    namespace
    {
        void for_each_page(memory_object &object, auto visit)
        {
            object.map.for_each(0, object.page_count << page_size_bits,
                [&](page_group &group, uint64_t places)
                { for_each_place(places, [&](word place) { visit(group.pages[place]); }); });
        }

        client &payer_of(const object_holder &holder)
        {
            return holder.is_accepted ? *holder.who : *holder.object->payer;
        }

        outcome<object_holder *> add_holder(memory_object &object, client &who, access permitted, bool has_handle)
        {
            client &charged = *object.payer;
            if (!charged.charge(cost::holder))
            {
                return reply_code::limit_reached;
            }
            auto *made = runtime::create<object_holder>();
            if (made == nullptr || (has_handle && !who.objects.add(*made)))
            {
                runtime::destroy(made);
                charged.refund(cost::holder);
                return reply_code::out_of_memory;
            }
            made->object    = &object;
            made->who       = &who;
            made->permitted = permitted;
            object.holders.push_back(*made);
            return made;
        }

        void end_object(machine &machine, memory_object &ended)
        {
            for_each_page(ended, [&](page_number number) { machine.users.drop(number); });
            ended.payer->refund(cost::object + ended.map.group_count() * cost::group);
            runtime::destroy(&ended);
        }

        void pass_on(machine &machine, memory_object &object, client &payer)
        {
            word records = cost::object + object.map.group_count() * cost::group;
            for (const object_holder &each : object.holders)
            {
                records += each.is_accepted ? 0 : cost::holder;
            }
            object.payer->refund(records);
            payer.bytes += records;
            for_each_page(object, [&](page_number number) { machine.users.pass_on(number, payer); });
            object.payer = &payer;
            payer.objects_paid.push_back(object);
        }

        /// After a holder has gone or the payer is about to.
        void find_payer(machine &machine, memory_object &object, const client *leaving)
        {
            bool stays_with_payer = false;
            for (object_holder &each : object.holders)
            {
                stays_with_payer = stays_with_payer || (each.who == object.payer && each.who != leaving);
            }
            if (stays_with_payer)
            {
                return;
            }
            for (object_holder &each : object.holders)
            {
                if (each.is_accepted && each.who != leaving)
                {
                    pass_on(machine, object, *each.who);
                    return;
                }
            }
            // Those who were given it have not mapped it: the payer goes on paying until one does, or it leaves.
        }

        void end_holder(machine &machine, object_holder &ended)
        {
            memory_object &object = *ended.object;
            if (ended.handle != 0)
            {
                ended.who->objects.remove(ended);
            }
            payer_of(ended).refund(cost::holder);
            runtime::destroy(&ended);
            if (object.holders.empty())
            {
                end_object(machine, object);
            }
            else
            {
                find_payer(machine, object, nullptr);
            }
        }
    }

    outcome<object_holder *> create(client &maker, word size, bool has_handle)
    {
        if (!maker.charge(cost::object))
        {
            return reply_code::limit_reached;
        }
        auto *made = runtime::create<memory_object>();
        if (made == nullptr)
        {
            maker.refund(cost::object);
            return reply_code::out_of_memory;
        }
        made->page_count = size >> page_size_bits;
        made->payer      = &maker;
        const outcome<object_holder *> holder = add_holder(*made, maker, access::read_write_execute, has_handle);
        if (!holder)
        {
            runtime::destroy(made);
            maker.refund(cost::object);
            return holder;
        }
        holder.value->is_accepted = true;
        maker.objects_paid.push_back(*made);
        return holder;
    }

    outcome<object_holder *> share(object_holder &shared, client &recipient, access permitted)
    {
        for (object_holder &each : shared.object->holders)
        {
            if (each.who == &recipient)
            {
                const bool was_released = each.handle == 0;
                if (was_released && !recipient.objects.add(each))
                {
                    return reply_code::out_of_memory;
                }
                const word before = was_released ? 0 : static_cast<word>(each.permitted);
                each.permitted    = static_cast<access>(before | static_cast<word>(permitted));
                return &each;
            }
        }
        return add_holder(*shared.object, recipient, permitted, true);
    }

    void release(machine &machine, object_holder &released)
    {
        released.who->objects.remove(released);
        end_if_unused(machine, released);
    }

    void end_if_unused(machine &machine, object_holder &holder)
    {
        if (holder.range_count == 0 && holder.handle == 0)
        {
            end_holder(machine, holder);
        }
    }

    void add_range(machine &machine, object_holder &holder)
    {
        ++holder.range_count;
        if (!holder.is_accepted)
        {
            holder.object->payer->refund(cost::holder);
            holder.who->bytes  += cost::holder;
            holder.is_accepted  = true;
            find_payer(machine, *holder.object, nullptr);
        }
    }

    void drop_range(machine &machine, object_holder &holder)
    {
        --holder.range_count;
        end_if_unused(machine, holder);
    }

    outcome<page_number> page_at(machine &machine, memory_object &object, word index)
    {
        const word  address = index << page_size_bits;
        page_group *group   = object.map.find(address);
        const word  place   = place_in_group(address);
        if (group != nullptr && (group->present & bit_of(place)) != 0)
        {
            return group->pages[place];
        }
        const outcome<page_number> taken = machine.users.take(*object.payer, true);
        if (!taken)
        {
            return taken;
        }
        if (group == nullptr)
        {
            const bool is_paid = object.payer->charge(cost::group);
            group              = is_paid ? object.map.add(address) : nullptr;
            if (group == nullptr)
            {
                machine.users.drop(taken.value);
                if (is_paid)
                {
                    object.payer->refund(cost::group);
                }
                return is_paid ? reply_code::out_of_memory : reply_code::limit_reached;
            }
        }
        group->pages[place]                 = taken.value;
        group->present                     |= bit_of(place);
        machine.pages[taken.value].object   = &object;
        return taken;
    }

    namespace
    {
        /// The client has one, because it maps the object or holds a page of it.
        object_holder *holder_of(memory_object &object, const client &who)
        {
            for (object_holder &each : object.holders)
            {
                if (each.who == &who)
                {
                    return &each;
                }
            }
            return nullptr;
        }
    }

    bool hold_page(machine &machine, page_number number, client &who)
    {
        if (!machine.users.hold(number))
        {
            return false;
        }
        if (memory_object *object = machine.pages[number].object)
        {
            add_range(machine, *holder_of(*object, who));
        }
        return true;
    }

    void let_page_go(machine &machine, page_number number, client &who)
    {
        memory_object *object = machine.pages[number].object;
        machine.users.let_go(number);
        if (object != nullptr)
        {
            drop_range(machine, *holder_of(*object, who));
        }
    }

    void leave(machine &machine, client &leaving)
    {
        while (object_holder *holder = leaving.objects.first())
        {
            release(machine, *holder);
        }
        // What is left was shared with others that have not mapped it.
        while (memory_object *object = leaving.objects_paid.front())
        {
            find_payer(machine, *object, &leaving);
            if (object->payer != &leaving)
            {
                continue;
            }
            // Their handles end with it. The last takes the object along.
            for (bool is_last = false; !is_last;)
            {
                object_holder *each = object->holders.front();
                is_last             = object->holders.next(*each) == nullptr;
                end_holder(machine, *each);
            }
        }
    }
}
