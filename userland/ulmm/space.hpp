// An address space: its ranges, the pages in them and the kernel's page tables.
#pragma once

#include "handle-table.hpp"
#include "page-map.hpp"
#include "range-list.hpp"

#include <a9n/address-space.hpp>

namespace ulmm
{
    struct block;
    struct client;
    struct machine;

    /// A page table of the kernel that the server has entered.
    struct kernel_table
    {
        page_number number   = no_page;
        uint16_t    children = 0; ///< pages or tables entered in it
    };

    struct mapping_request
    {
        word           address; ///< 0: any
        word           size;
        access         permitted;
        range_kind     kind;
        object_holder *holder;
        word           offset;
        bool           replaces; ///< what is there
        bool           commits;
    };

    class space
    {
    public:
        /// Takes over slot `slot` of the machine's spaces and `memory`, of which it was made; none if it is KOITO's.
        space(machine &machine, client &owner, uint32_t slot, block *memory)
            : machine_(machine), owner(owner), slot(slot), memory(memory)
        {
        }

        static outcome<space *> create(machine &machine, client &owner);
        static outcome<space *> clone(space &original);

        /// Gives everything back and ends the space.
        static void destroy(space &gone);

        outcome<word> map(const mapping_request &wanted);
        reply_code    unmap(word start, word end);
        reply_code    protect(word start, word end, access permitted);
        reply_code    commit(word start, word end);

        /// Whether another page than before lies there now. `address` need not be a page's first.
        outcome<word> resolve(word address, fault_access attempted);

        /// Shows pages of `shown` from `start` to `end` here; the answer is where.
        outcome<word> open_window(space &shown, word start, word end, access permitted, word own_address);

        /// Whether nothing but windows lies there.
        bool has_only_windows(word start, word end);

        /// Keeps the page at `address` where it is, writable and present: an IPC buffer.
        outcome<page_number> hold_page(word address);

        bool is_clients_own() const
        {
            return memory == nullptr;
        }

        a9n::address_space capability() const;

        word                      handle = 0;
        runtime::list_link<space> handle_link;

        struct usage
        {
            word mapped;
            word present;
            word shared;
            word page_tables;
            word ranges;
        };

        usage measure();

    private:
        word lowest() const;
        bool is_reachable(word start, word end) const;

        // Ranges.
        outcome<range *> new_range(const range &contents);
        outcome<range *> part_of_range(const range &contents);
        void             delete_range(range &gone);
        void             end_range(range &gone);
        reply_code       split_at(word address);
        reply_code       split_at(word start, word end);
        void             merge_around(word start, word end);

        // Pages.
        outcome<page_group *> group_at(word address);
        outcome<word>         resolve_in(const range &within, word address, fault_access attempted);
        outcome<page_number>  first_page(const range &within, word address, bool is_written);
        void                  drop_pages(word start, word end, bool are_windows);
        void                  drop_if_empty(page_group &group);
        word                  absent_bytes(word start, word end);
        void                  close_window(page_group &group, word place);
        reply_code            share_with(space &copy, const range &shared);

        // The kernel's page tables.
        reply_code    enter(page_group &group, word place, bool is_writable, bool is_executable);
        void          leave(page_group &group, word place);
        reply_code    add_tables(word address);
        void          drop_empty_tables(word address);
        kernel_table *table_of(word depth, word address);
        void          note_missing_entry(page_number number);

        machine                              &machine_;
        client                               &owner;
        uint32_t                              slot;
        block                                *memory;
        range_list                            ranges;
        page_map                              pages;
        runtime::hash_map<word, kernel_table> tables;
        kernel_table                         *recent_table = nullptr; ///< the leaf last used…
        word                                  recent_key   = 0;       ///< …and its key
        bool                                  is_gone      = false; ///< KOITO has ended the process
        bool                                  is_suspect   = false; ///< the client tampers with its page tables, or it is gone
    };
}
