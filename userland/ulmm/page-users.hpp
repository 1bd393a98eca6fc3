// Who has a page, and who pays for it.
#pragma once

#include "client.hpp"

namespace ulmm
{
    class page_users
    {
    public:
        explicit page_users(page_store &pages) : pages(pages)
        {
        }

        /// A page with one user.
        outcome<page_number> take(client &payer, bool cleared)
        {
            if (!payer.charge(page_size))
            {
                return reply_code::limit_reached;
            }
            const outcome<page_number> taken = pages.take_page(cleared);
            if (!taken)
            {
                payer.refund(page_size);
                return taken;
            }
            page &made = pages[taken.value];
            made.users = 1;
            made.payer = &payer;
            return taken;
        }

        outcome<page_number> take_copy(client &payer, page_number original)
        {
            const outcome<page_number> taken = take(payer, false);
            if (taken && !pages.copy_contents(original, taken.value))
            {
                drop(taken.value);
                return reply_code::out_of_memory;
            }
            return taken;
        }

        void share(page_number number)
        {
            page &shared = pages[number];
            shared.payer->shared_pages += ++shared.users == 2;
        }

        /// One user less. Its entries in page tables must be gone.
        void drop(page_number number)
        {
            page &dropped = pages[number];
            dropped.payer->shared_pages -= dropped.users == 2;
            --dropped.users;
            free_if_unused(number);
        }

        /// Keeps the page for a window or an IPC buffer.
        bool hold(page_number number)
        {
            page &held = pages[number];
            if (held.holds == UINT16_MAX)
            {
                return false;
            }
            ++held.holds;
            return true;
        }

        void let_go(page_number number)
        {
            --pages[number].holds;
            free_if_unused(number);
        }

        void pass_on(page_number number, client &payer)
        {
            page &passed = pages[number];
            passed.payer->refund(page_size);
            passed.payer->shared_pages -= passed.users > 1;
            payer.bytes                += page_size;
            payer.shared_pages         += passed.users > 1;
            passed.payer                = &payer;
        }

        page_store &pages;

    private:
        void free_if_unused(page_number number)
        {
            page &unused = pages[number];
            if (unused.users == 0 && unused.holds == 0)
            {
                unused.payer->refund(page_size);
                unused.is_lost ? pages.lose(number) : pages.put_back(number);
            }
        }
    };
}
