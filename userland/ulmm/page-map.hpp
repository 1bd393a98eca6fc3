// Which page lies where, of a space or a memory object: groups of 64 pages, found by number.
#pragma once

#include "page-store.hpp"

#include <runtime/hash-map.hpp>

namespace ulmm
{
    inline constexpr word group_bits  = 6;
    inline constexpr word group_pages = word { 1 } << group_bits;

    struct page_group
    {
        word        number   = 0; ///< address / 64 pages
        uint64_t    present  = 0; ///< sets of pages: those that are there
        uint64_t    entered  = 0; ///< …that the kernel's page tables have, too
        uint64_t    writable = 0; ///< …for writing
        page_number pages[group_pages];

        runtime::list_link<page_group> link;

        word address_of(word place) const
        {
            return (number << group_bits | place) << page_size_bits;
        }
    };

    constexpr word group_number(word address)
    {
        return address >> (page_size_bits + group_bits);
    }

    constexpr word place_in_group(word address)
    {
        return address >> page_size_bits & (group_pages - 1);
    }

    constexpr uint64_t bit_of(word place)
    {
        return uint64_t { 1 } << place;
    }

    class page_map
    {
    public:
        page_map() = default;

        ~page_map()
        {
            while (page_group *group = groups.front())
            {
                erase(*group);
            }
        }

        page_group *find(word address)
        {
            const word number = group_number(address);
            if (last != nullptr && last->number == number)
            {
                return last;
            }
            page_group **found = by_number.find(number);
            if (found == nullptr)
            {
                return nullptr;
            }
            last = *found;
            return last;
        }

        /// A group that is not there yet. Null if there is no memory.
        page_group *add(word address)
        {
            auto *made = runtime::create<page_group>();
            if (made == nullptr)
            {
                return nullptr;
            }
            made->number = group_number(address);
            if (by_number.insert(made->number, made) == nullptr)
            {
                runtime::destroy(made);
                return nullptr;
            }
            groups.push_back(*made);
            last = made;
            return made;
        }

        void erase(page_group &gone)
        {
            last = last == &gone ? nullptr : last;
            (void)by_number.erase(gone.number);
            runtime::destroy(&gone);
        }

        word group_count() const
        {
            return by_number.size();
        }

        /// Calls visit(group, set of places) for every group that has pages present in [start, end). `visit` may erase the group.
        void for_each(word start, word end, auto visit)
        {
            const word first = group_number(start);
            const word final = group_number(end - 1);
            const auto look  = [&](page_group &group)
            {
                uint64_t places = group.present;
                if (group.number == first)
                {
                    places &= ~uint64_t { 0 } << place_in_group(start);
                }
                if (group.number == final)
                {
                    places &= ~uint64_t { 0 } >> (group_pages - 1 - place_in_group(end - 1));
                }
                if (places != 0)
                {
                    visit(group, places);
                }
            };
            if (final - first < by_number.size())
            {
                for (word number = first; number <= final; ++number)
                {
                    if (page_group *group = find(number << (page_size_bits + group_bits)))
                    {
                        look(*group);
                    }
                }
                return;
            }
            for (page_group &group : groups)
            {
                if (first <= group.number && group.number <= final)
                {
                    look(group);
                }
            }
        }

    private:
        runtime::list<page_group, &page_group::link> groups;
        runtime::hash_map<word, page_group *>        by_number;
        page_group                                  *last = nullptr;
    };

    /// Calls visit(place) for each place of a set, lowest first.
    void for_each_place(uint64_t places, auto visit)
    {
        for (; places != 0; places &= places - 1)
        {
            visit(static_cast<word>(__builtin_ctzll(places)));
        }
    }
}
