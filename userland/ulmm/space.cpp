#include "space.hpp"

#include "client.hpp"
#include "costs.hpp"
#include "machine.hpp"

namespace ulmm
{
    namespace
    {
        /// The last page below 2^47 is never mapped.
        constexpr word highest_end = a9n::abi::user_address_end / page_size * page_size;

        bool permits(access permitted, fault_access attempted)
        {
            switch (attempted)
            {
                case fault_access::read : return permitted != access::none;
                case fault_access::write : return has(permitted, access::write);
                case fault_access::execute : return has(permitted, access::execute);
            }
            return false;
        }

        word object_page(const range &within, word address)
        {
            return (within.offset + (address - within.start)) >> page_size_bits;
        }
    }

    a9n::address_space space::capability() const
    {
        return { machine_.spaces[slot] };
    }

    outcome<space *> space::create(machine &machine, client &owner)
    {
        if (!owner.charge(cost::space))
        {
            return reply_code::limit_reached;
        }
        const outcome<uint32_t> slot   = machine.space_numbers.take();
        block                  *memory = slot ? machine.allocate_block(a9n::abi::address_space_size_bits) : nullptr;
        reply_code              reason = memory == nullptr ? reply_code::out_of_memory : reply_code::ok;
        if (memory != nullptr
            && !machine.blocks.generic_of(*memory).convert(a9n::capability_type::address_space, 0, 1,
                machine.spaces.node_of(slot.value), machine.spaces.position(slot.value)))
        {
            machine.blocks.release(*memory, true);
            memory = nullptr;
            reason = reply_code::kernel_error;
        }
        space *made = memory != nullptr ? runtime::create<space>(machine, owner, slot.value, memory) : nullptr;
        if (made != nullptr && owner.spaces.add(*made))
        {
            return made;
        }
        runtime::destroy(made);
        if (memory != nullptr)
        {
            machine.blocks.release(*memory, !machine.blocks.revoke(*memory) ? false : true);
            reason = reply_code::out_of_memory;
        }
        if (slot)
        {
            machine.space_numbers.put_back(slot.value);
        }
        owner.refund(cost::space);
        return reason;
    }

    void space::destroy(space &gone)
    {
        machine &machine = gone.machine_;
        while (range *each = gone.ranges.first())
        {
            gone.drop_pages(each->start, each->end, each->kind == range_kind::window);
            gone.delete_range(*each);
        }
        if (gone.memory != nullptr)
        {
            // Its processes lose it, too.
            machine.blocks.release(*gone.memory, machine.blocks.revoke(*gone.memory).ok);
            gone.owner.refund(cost::space);
            gone.owner.spaces.remove(gone);
        }
        else
        {
            (void)machine.spaces.remove(gone.slot);
        }
        machine.space_numbers.put_back(gone.slot);
        runtime::destroy(&gone);
    }

    // ---- Requests --------------------------------------------------------------------------------------------------

    word space::lowest() const
    {
        return is_clients_own() ? own_area : page_size;
    }

    bool space::is_reachable(word start, word end) const
    {
        return start % page_size == 0 && end % page_size == 0 && lowest() <= start && start < end && end <= highest_end;
    }

    outcome<word> space::map(const mapping_request &wanted)
    {
        if (wanted.size == 0 || wanted.size % page_size != 0 || wanted.size > highest_end)
        {
            return reply_code::invalid_argument;
        }
        word start = wanted.address;
        if (start == 0)
        {
            start = ranges.find_gap(own_area, wanted.size, highest_end);
            if (start == 0)
            {
                return reply_code::out_of_memory;
            }
        }
        const word end = start + wanted.size;
        if (!is_reachable(start, end))
        {
            return reply_code::invalid_argument;
        }
        const bool is_free = ranges.is_free(start, end);
        if (!is_free && !wanted.replaces)
        {
            return reply_code::address_in_use;
        }
        if (is_free && wanted.commits && wanted.kind == range_kind::anonymous && !owner.has_room(wanted.size))
        {
            return reply_code::limit_reached;
        }
        const outcome<range *> made = new_range({ .start = start,
            .end                                          = end,
            .permitted                                    = wanted.permitted,
            .kind                                         = wanted.kind,
            .holder                                       = wanted.holder,
            .offset                                       = wanted.offset });
        if (!made)
        {
            return made.code;
        }
        if (const reply_code code = is_free ? reply_code::ok : unmap(start, end); failed(code))
        {
            end_range(*made.value);
            return code;
        }
        ranges.insert(*made.value);
        if (wanted.commits && wanted.permitted != access::none)
        {
            if (const reply_code code = commit(start, end); failed(code))
            {
                drop_pages(start, end, false);
                delete_range(*made.value);
                return code;
            }
        }
        merge_around(start, end);
        return start;
    }

    reply_code space::unmap(word start, word end)
    {
        if (!is_reachable(start, end))
        {
            return reply_code::invalid_argument;
        }
        if (const reply_code code = split_at(start, end); failed(code))
        {
            return code;
        }
        for (range *each = ranges.first_after(start); each != nullptr && each->start < end;)
        {
            range *next = each->next;
            drop_pages(each->start, each->end, each->kind == range_kind::window);
            delete_range(*each);
            each = next;
        }
        return reply_code::ok;
    }

    reply_code space::protect(word start, word end, access permitted)
    {
        if (!is_reachable(start, end))
        {
            return reply_code::invalid_argument;
        }
        if (!ranges.covers(start, end))
        {
            return reply_code::not_mapped;
        }
        for (const range *each = ranges.first_after(start); each != nullptr && each->start < end; each = each->next)
        {
            if (each->kind == range_kind::window)
            {
                return reply_code::invalid_argument;
            }
            const access allowed = each->kind == range_kind::copy_on_write || each->holder == nullptr
                ? access::read_write_execute
                : each->holder->permitted;
            if (!has(allowed, permitted))
            {
                return reply_code::access_denied;
            }
        }
        if (const reply_code code = split_at(start, end); failed(code))
        {
            return code;
        }
        for (range *each = ranges.first_after(start); each != nullptr && each->start < end; each = each->next)
        {
            const bool changes_execution = has(each->permitted, access::execute) != has(permitted, access::execute);
            const bool loses_all         = changes_execution || permitted == access::none;
            const bool loses_writing     = !has(permitted, access::write);
            each->permitted              = permitted;
            pages.for_each(each->start, each->end,
                [&](page_group &group, uint64_t places)
                {
                    places &= loses_all ? group.entered : loses_writing ? group.writable : 0;
                    for_each_place(places, [&](word place) { leave(group, place); });
                });
        }
        merge_around(start, end);
        return reply_code::ok;
    }

    reply_code space::commit(word start, word end)
    {
        if (!is_reachable(start, end))
        {
            return reply_code::invalid_argument;
        }
        if (!ranges.covers(start, end))
        {
            return reply_code::not_mapped;
        }
        if (!owner.has_room(absent_bytes(start, end)))
        {
            return reply_code::limit_reached;
        }
        for (range *each = ranges.first_after(start); each != nullptr && each->start < end; each = each->next)
        {
            const fault_access attempted = has(each->permitted, access::write) ? fault_access::write : fault_access::read;
            const word         first     = each->start > start ? each->start : start;
            const word         last      = each->end < end ? each->end : end;
            for (word address = first; address < last; address += page_size)
            {
                if (const outcome<word> done = resolve_in(*each, address, attempted); !done)
                {
                    return done.code;
                }
            }
        }
        return reply_code::ok;
    }

    /// How much there is to be made in anonymous ranges: what is bound to fail is refused before any work is done.
    word space::absent_bytes(word start, word end)
    {
        word absent = 0;
        for (range *each = ranges.first_after(start); each != nullptr && each->start < end; each = each->next)
        {
            if (each->kind != range_kind::anonymous)
            {
                continue;
            }
            const word first = each->start > start ? each->start : start;
            const word last  = each->end < end ? each->end : end;
            absent          += last - first;
            pages.for_each(first, last,
                [&](page_group &, uint64_t places) { for_each_place(places, [&](word) { absent -= page_size; }); });
        }
        return absent;
    }

    outcome<word> space::resolve(word address, fault_access attempted)
    {
        const range *within = ranges.find(address);
        if (within == nullptr)
        {
            return reply_code::not_mapped;
        }
        return resolve_in(*within, address / page_size * page_size, attempted);
    }

    outcome<page_number> space::hold_page(word address)
    {
        const range *within = ranges.find(address);
        if (within != nullptr && within->kind == range_kind::window)
        {
            return reply_code::invalid_argument;
        }
        if (const outcome<word> resolved = resolve(address, fault_access::write); !resolved)
        {
            return resolved.code;
        }
        const page_number number = pages.find(address)->pages[place_in_group(address)];
        if (!memory_objects::hold_page(machine_, number, owner))
        {
            return reply_code::limit_reached;
        }
        return number;
    }

    space::usage space::measure()
    {
        usage is { 0, 0, 0, tables.size(), ranges.size() };
        for (const range *each = ranges.first(); each != nullptr; each = each->next)
        {
            is.mapped += each->end - each->start;
        }
        pages.for_each(0, highest_end,
            [&](page_group &group, uint64_t places)
            {
                for_each_place(places,
                    [&](word place)
                    {
                        const page &each  = machine_.pages[group.pages[place]];
                        is.present       += page_size;
                        is.shared        += each.users + (each.holds != 0) > 1 ? page_size : 0;
                    });
            });
        return is;
    }

    // ---- Clones ----------------------------------------------------------------------------------------------------

    outcome<space *> space::clone(space &original)
    {
        const outcome<space *> made = create(original.machine_, original.owner);
        if (!made)
        {
            return made.code;
        }
        space &copy = *made.value;
        for (range *each = original.ranges.first(); each != nullptr; each = each->next)
        {
            const outcome<range *> its = copy.new_range(*each);
            reply_code             code = its.code;
            if (its)
            {
                copy.ranges.insert(*its.value);
                code = each->is_private() ? original.share_with(copy, *each) : reply_code::ok;
            }
            if (failed(code))
            {
                destroy(copy);
                return code;
            }
        }
        return made;
    }

    /// A page that windows or processes hold stays as it is, and the copy gets one of its own at once. The others are shared; the
    /// original's entries for writing go, and come back, with a page of its own if need be, at the next fault.
    reply_code space::share_with(space &copy, const range &shared)
    {
        reply_code outcome_code = reply_code::ok;
        pages.for_each(shared.start, shared.end,
            [&](page_group &group, uint64_t places)
            {
                const outcome<page_group *> its =
                    failed(outcome_code) ? outcome<page_group *> { outcome_code } : copy.group_at(group.address_of(0));
                outcome_code = its.code;
                for_each_place(failed(outcome_code) ? 0 : places,
                    [&](word place)
                    {
                        page_number number = group.pages[place];
                        if (machine_.pages[number].holds != 0)
                        {
                            const outcome<page_number> own = machine_.users.take_copy(copy.owner, number);
                            if (!own)
                            {
                                outcome_code = own.code;
                                return;
                            }
                            number = own.value;
                        }
                        else
                        {
                            if ((group.writable & bit_of(place)) != 0)
                            {
                                leave(group, place);
                            }
                            machine_.users.share(number);
                        }
                        its.value->pages[place]  = number;
                        its.value->present      |= bit_of(place);
                    });
                if (its)
                {
                    copy.drop_if_empty(*its.value);
                }
            });
        return outcome_code;
    }

    // ---- Windows ---------------------------------------------------------------------------------------------------

    outcome<word> space::open_window(space &shown, word start, word end, access permitted, word own_address)
    {
        if (!shown.is_reachable(start, end) || (permitted != access::read && permitted != access::read_write))
        {
            return reply_code::invalid_argument;
        }
        if (!shown.ranges.covers(start, end))
        {
            return reply_code::not_mapped;
        }
        const fault_access attempted = permitted == access::read ? fault_access::read : fault_access::write;
        for (const range *each = shown.ranges.first_after(start); each != nullptr && each->start < end; each = each->next)
        {
            if (!permits(each->permitted, attempted))
            {
                return reply_code::access_denied;
            }
        }

        const word size  = end - start;
        const word own   = own_address != 0 ? own_address : ranges.find_gap(own_area, size, highest_end);
        const word limit = own + size;
        if (own == 0)
        {
            return reply_code::out_of_memory;
        }
        if (!is_reachable(own, limit))
        {
            return reply_code::invalid_argument;
        }
        if (!has_only_windows(own, limit))
        {
            return reply_code::address_in_use;
        }
        if (!ranges.covers(own, limit))
        {
            // Neighbours become one range.
            if (const reply_code code = unmap(own, limit); failed(code))
            {
                return code;
            }
            const outcome<range *> made =
                new_range({ .start = own, .end = limit, .permitted = access::read_write, .kind = range_kind::window });
            if (!made)
            {
                return made.code;
            }
            ranges.insert(*made.value);
            merge_around(own, limit);
        }

        reply_code code = reply_code::ok;
        for (word offset = 0; offset < size && !failed(code); offset += page_size)
        {
            code = shown.resolve(start + offset, attempted).code;
            if (failed(code))
            {
                break;
            }
            const page_number number          = shown.pages.find(start + offset)->pages[place_in_group(start + offset)];
            const outcome<page_group *> group = group_at(own + offset);
            code                              = group.code;
            if (!failed(code) && !memory_objects::hold_page(machine_, number, owner))
            {
                code = reply_code::limit_reached;
                drop_if_empty(*group.value);
            }
            if (!failed(code))
            {
                const word place = place_in_group(own + offset);
                if ((group.value->present & bit_of(place)) != 0)
                {
                    close_window(*group.value, place);
                }
                group.value->pages[place]  = number;
                group.value->present      |= bit_of(place);
                code                       = enter(*group.value, place, permitted == access::read_write, false);
            }
        }
        if (failed(code))
        {
            drop_pages(own, limit, true);
            (void)unmap(own, limit);
            return code;
        }
        return own;
    }

    /// The group may have become empty.
    void space::close_window(page_group &group, word place)
    {
        if ((group.entered & bit_of(place)) != 0)
        {
            leave(group, place);
        }
        group.present &= ~bit_of(place);
        memory_objects::let_page_go(machine_, group.pages[place], owner);
    }

    bool space::has_only_windows(word start, word end)
    {
        for (const range *each = ranges.first_after(start); each != nullptr && each->start < end; each = each->next)
        {
            if (each->kind != range_kind::window)
            {
                return false;
            }
        }
        return true;
    }

    // ---- Ranges ----------------------------------------------------------------------------------------------------

    /// A record with these contents, not yet in the list.
    outcome<range *> space::new_range(const range &contents)
    {
        if (!owner.charge(cost::range))
        {
            return reply_code::limit_reached;
        }
        owner.refund(cost::range);
        return part_of_range(contents);
    }

    /// The same beyond the limit: nobody is kept from giving memory back because it takes a record to do so.
    outcome<range *> space::part_of_range(const range &contents)
    {
        if (ranges.size() >= maximum_ranges)
        {
            return reply_code::limit_reached;
        }
        range *made = runtime::create<range>(contents);
        if (made == nullptr)
        {
            return reply_code::out_of_memory;
        }
        owner.bytes    += cost::range;
        made->next     = nullptr;
        made->previous = nullptr;
        if (made->holder != nullptr)
        {
            memory_objects::add_range(machine_, *made->holder);
        }
        return made;
    }

    void space::delete_range(range &gone)
    {
        ranges.remove(gone);
        end_range(gone);
    }

    /// One that is in no list.
    void space::end_range(range &gone)
    {
        object_holder *holder = gone.holder;
        runtime::destroy(&gone);
        owner.refund(cost::range);
        if (holder != nullptr)
        {
            memory_objects::drop_range(machine_, *holder);
        }
    }

    reply_code space::split_at(word address)
    {
        range *whole = ranges.find(address);
        if (whole == nullptr || whole->start == address)
        {
            return reply_code::ok;
        }
        range upper  = *whole;
        upper.start  = address;
        upper.offset = whole->offset + (address - whole->start);
        const outcome<range *> made = part_of_range(upper);
        if (made)
        {
            whole->end = address;
            ranges.insert(*made.value);
        }
        return made.code;
    }

    reply_code space::split_at(word start, word end)
    {
        const reply_code code = split_at(start);
        return failed(code) ? code : split_at(end);
    }

    /// Puts equal neighbours together that touch [start, end].
    void space::merge_around(word start, word end)
    {
        range *each = ranges.first_after(start - 1);
        while (each != nullptr && each->next != nullptr && each->end <= end)
        {
            range     &next        = *each->next;
            const bool is_adjacent = each->end == next.start;
            const bool is_equal    = each->permitted == next.permitted && each->kind == next.kind && each->holder == next.holder
                && (each->holder == nullptr || each->offset + (each->end - each->start) == next.offset);
            if (is_adjacent && is_equal)
            {
                each->end = next.end;
                delete_range(next);
            }
            else
            {
                each = &next;
            }
        }
    }

    // ---- Pages -----------------------------------------------------------------------------------------------------

    outcome<page_group *> space::group_at(word address)
    {
        if (page_group *found = pages.find(address))
        {
            return found;
        }
        if (!owner.charge(cost::group))
        {
            return reply_code::limit_reached;
        }
        page_group *made = pages.add(address);
        if (made == nullptr)
        {
            owner.refund(cost::group);
            return reply_code::out_of_memory;
        }
        return made;
    }

    outcome<word> space::resolve_in(const range &within, word address, fault_access attempted)
    {
        if (!permits(within.permitted, attempted))
        {
            return reply_code::access_denied;
        }
        if (within.kind == range_kind::window)
        {
            const page_group *group = pages.find(address);
            const bool        is_ok = group != nullptr && (group->entered & bit_of(place_in_group(address))) != 0
                && (attempted != fault_access::write || (group->writable & bit_of(place_in_group(address))) != 0);
            return is_ok ? outcome<word> { 0 } : outcome<word> { reply_code::access_denied };
        }
        const outcome<page_group *> found = group_at(address);
        if (!found)
        {
            return found.code;
        }
        page_group    &group      = *found.value;
        const word     place      = place_in_group(address);
        const uint64_t bit        = bit_of(place);
        const bool     is_written = attempted == fault_access::write;
        bool           replaced   = false;
        if ((group.present & bit) == 0)
        {
            const outcome<page_number> first = first_page(within, address, is_written);
            if (!first)
            {
                drop_if_empty(group);
                return first.code;
            }
            group.pages[place]  = first.value;
            group.present      |= bit;
        }
        else if (const page_number old = group.pages[place];
                 is_written && within.is_private() && machine_.pages[old].users > 1)
        {
            const outcome<page_number> own = machine_.users.take_copy(owner, old);
            if (!own)
            {
                return own.code;
            }
            if ((group.entered & bit) != 0)
            {
                leave(group, place);
            }
            group.pages[place] = own.value;
            machine_.users.drop(old);
            replaced = true;
        }
        if ((group.entered & bit) != 0)
        {
            if (!is_written || (group.writable & bit) != 0)
            {
                return word { 0 }; // another thread was here before
            }
            leave(group, place);
        }
        const bool is_writable = has(within.permitted, access::write)
            && (!within.is_private() || machine_.pages[group.pages[place]].users == 1);
        const reply_code code = enter(group, place, is_writable, has(within.permitted, access::execute));
        return failed(code) ? outcome<word> { code } : outcome<word> { replaced ? 1u : 0u };
    }

    outcome<page_number> space::first_page(const range &within, word address, bool is_written)
    {
        if (within.kind == range_kind::anonymous)
        {
            return machine_.users.take(owner, true);
        }
        const outcome<page_number> shared =
            memory_objects::page_at(machine_, *within.holder->object, object_page(within, address));
        if (!shared)
        {
            return shared.code;
        }
        if (is_written && within.kind == range_kind::copy_on_write)
        {
            return machine_.users.take_copy(owner, shared.value);
        }
        machine_.users.share(shared.value);
        return shared;
    }

    void space::drop_pages(word start, word end, bool are_windows)
    {
        pages.for_each(start, end,
            [&](page_group &group, uint64_t places)
            {
                for_each_place(places,
                    [&](word place)
                    {
                        if ((group.entered & bit_of(place)) != 0)
                        {
                            leave(group, place);
                        }
                        const page_number number = group.pages[place];
                        are_windows ? memory_objects::let_page_go(machine_, number, owner) : machine_.users.drop(number);
                    });
                group.present &= ~places;
                drop_if_empty(group);
            });
    }

    void space::drop_if_empty(page_group &group)
    {
        if (group.present == 0)
        {
            const word address = group.address_of(0);
            pages.erase(group);
            owner.refund(cost::group);
            drop_empty_tables(address);
        }
    }

    // ---- The kernel's page tables ----------------------------------------------------------------------------------

    namespace
    {
        constexpr word top_depth = 3;

        word key_of(word depth, word address)
        {
            return depth << 56 | address >> (page_size_bits + 9 * depth);
        }
    }

    kernel_table *space::table_of(word depth, word address)
    {
        const word key = key_of(depth, address);
        if (recent_table != nullptr && recent_key == key)
        {
            return recent_table;
        }
        kernel_table *found = tables.find(key);
        if (found != nullptr && depth == 1)
        {
            recent_table = found;
            recent_key   = key;
        }
        return found;
    }

    reply_code space::add_tables(word address)
    {
        for (;;)
        {
            const a9n::result<word> depth = capability().missing_table_depth(address, page_size_bits);
            if (!depth)
            {
                return reply_code::kernel_error;
            }
            if (*depth == 0)
            {
                return reply_code::ok;
            }
            if (!owner.charge(page_size))
            {
                return reply_code::limit_reached;
            }
            const outcome<page_number> taken = machine_.pages.take_table(*depth);
            if (!taken)
            {
                owner.refund(page_size);
                return taken.code;
            }
            const a9n::page_table table   = machine_.pages.table(taken.value);
            reply_code            code    = reply_code::out_of_memory;
            if (tables.insert(key_of(*depth, address), kernel_table { .number = taken.value }) != nullptr)
            {
                if (capability().map(table, address))
                {
                    ++owner.page_tables;
                    if (kernel_table *parent = table_of(*depth + 1, address))
                    {
                        ++parent->children;
                    }
                    continue;
                }
                (void)tables.erase(key_of(*depth, address));
                code = reply_code::kernel_error;
            }
            machine_.pages.put_back(taken.value);
            owner.refund(page_size);
            return code;
        }
    }

    void space::drop_empty_tables(word address)
    {
        for (word depth = 1; depth <= top_depth; ++depth)
        {
            kernel_table *empty = table_of(depth, address);
            if (empty == nullptr || empty->children != 0)
            {
                continue;
            }
            const page_number number = empty->number;
            recent_table             = nullptr;
            (void)tables.erase(key_of(depth, address));
            if (is_gone || is_suspect || !capability().unmap(machine_.pages.table(number), address))
            {
                machine_.pages.lose(number); // nobody knows what it says
            }
            else
            {
                machine_.pages.put_back(number);
            }
            owner.refund(page_size);
            --owner.page_tables;
            if (kernel_table *parent = table_of(depth + 1, address))
            {
                --parent->children;
            }
        }
    }

    reply_code space::enter(page_group &group, word place, bool is_writable, bool is_executable)
    {
        const word    address = group.address_of(place);
        kernel_table *table   = table_of(1, address);
        if (table == nullptr)
        {
            if (const reply_code code = add_tables(address); failed(code))
            {
                drop_empty_tables(address);
                return code;
            }
            table = table_of(1, address);
        }
        access permitted = is_writable ? access::read_write : access::read;
        permitted = static_cast<access>(
            static_cast<word>(permitted) | static_cast<word>(is_executable ? access::execute : access::none));
        if (!capability().map(
                machine_.pages.frame(group.pages[place]), address, static_cast<a9n::access>(permitted)))
        {
            drop_empty_tables(address);
            return reply_code::kernel_error;
        }
        group.entered  |= bit_of(place);
        group.writable |= is_writable ? bit_of(place) : 0;
        if (table != nullptr)
        {
            ++table->children;
        }
        return reply_code::ok;
    }

    void space::leave(page_group &group, word place)
    {
        const word address = group.address_of(place);
        if (!is_gone && !capability().unmap(machine_.pages.frame(group.pages[place]), address))
        {
            note_missing_entry(group.pages[place]);
        }
        group.entered  &= ~bit_of(place);
        group.writable &= ~bit_of(place);
        if (kernel_table *table = table_of(1, address))
        {
            --table->children;
        }
    }

    /// An entry was not where the server had made it. Either KOITO has ended the process, and everything its space consisted of; or
    /// the client, which has a capability to its own space, has taken a page table out, and may hold it somewhere with the
    /// entry still in it. Then neither the page nor a table serves again before the kernel has searched all tables for it.
    void space::note_missing_entry(page_number number)
    {
        is_gone    = !capability().missing_table_depth(own_area, page_size_bits);
        is_suspect = true;
        if (!is_gone)
        {
            machine_.pages[number].is_lost = true;
        }
    }
}
