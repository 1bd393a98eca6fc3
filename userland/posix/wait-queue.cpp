#include "wait-queue.hpp"

#include <runtime/heap.hpp>

namespace posix
{
    namespace
    {
        void unlink(wait_place &place)
        {
            wait_queue &queue = *place.queue;
            (place.previous == nullptr ? queue.first : place.previous->next) = place.next;
            (place.next == nullptr ? queue.last : place.next->previous)      = place.previous;
            place.queue                                                     = nullptr;
        }

        void remove(ready_list &list, waiter &member)
        {
            (member.previous_ready == nullptr ? list.first : member.previous_ready->next_ready) = member.next_ready;
            (member.next_ready == nullptr ? list.last : member.next_ready->previous_ready)     = member.previous_ready;
            member.next_ready     = nullptr;
            member.previous_ready = nullptr;
            member.is_ready       = false;
        }
    }

    waiter *ready_list::take()
    {
        waiter *oldest = first;
        if (oldest != nullptr)
        {
            remove(*this, *oldest);
        }
        return oldest;
    }

    waiter::~waiter()
    {
        leave();
    }

    status waiter::join(wait_queue &queue)
    {
        wait_place *place = nullptr;
        for (wait_place &own : own_places)
        {
            if (own.queue == nullptr)
            {
                place = &own;
                break;
            }
        }
        if (place == nullptr)
        {
            place = runtime::create<wait_place>();
            if (place == nullptr)
            {
                return error::enomem;
            }
        }
        *place = { nullptr, queue.last, &queue, this, places };
        places = place;
        (queue.last == nullptr ? queue.first : queue.last->next) = place;
        queue.last                                               = place;
        return {};
    }

    void waiter::set_deadline(instant when)
    {
        if (deadline == never)
        {
            deadline = when;
        }
    }

    void waiter::leave()
    {
        while (places != nullptr)
        {
            wait_place *place = places;
            places            = place->sibling;
            unlink(*place);
            if (place < own_places || place >= own_places + own_place_count)
            {
                runtime::destroy(place);
            }
        }
        if (is_ready)
        {
            remove(ready, *this);
        }
    }

    void waiter::wake()
    {
        leave();
        previous_ready = ready.last;
        next_ready     = nullptr;
        (ready.last == nullptr ? ready.first : ready.last->next_ready) = this;
        ready.last                                                     = this;
        is_ready                                                       = true;
    }

    void waiter::clear()
    {
        leave();
        deadline = never;
        progress = 0;
        for (word &each : memory)
        {
            each = 0;
        }
    }

    wait_queue::~wait_queue()
    {
        wake_all();
    }

    bool wait_queue::wake_one()
    {
        if (first == nullptr)
        {
            return false;
        }
        first->owner->wake();
        return true;
    }

    void wait_queue::wake_all()
    {
        while (wake_one())
        {
        }
    }
}
