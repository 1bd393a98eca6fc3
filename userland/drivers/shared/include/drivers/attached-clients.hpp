// Clients of a driver that gave it a notification capability each. The capabilities lie in a node of the driver: slot i that of
// client i; the last slot is where the next one arrives, so that no message can bring more than one.
#pragma once

#include <a9n/interrupt.hpp>
#include <a9n/ipc-port.hpp>

namespace drivers
{
    using a9n::word;

    template<word Capacity>
    class attached_clients
    {
    public:
        static constexpr word none = ~word { 0 };

        /// `bound` is an interrupt port that is bound: it tells notification ports from other capabilities.
        constexpr attached_clients(a9n::node capabilities, a9n::interrupt_port bound) : capabilities(capabilities), bound(bound)
        {
        }

        /// To be called once, before the first message.
        void begin() const
        {
            a9n::set_transfer_destination(capabilities, arrival());
        }

        /// Index of the client, or none.
        word find(word identifier) const
        {
            for (word i = 0; i < Capacity; ++i)
            {
                if (clients[i].is_attached && clients[i].identifier == identifier)
                {
                    return i;
                }
            }
            return none;
        }

        /// Whether a capability arrived with the message that can be notified without waiting: not, say, an IPC port, on which a
        /// NOTIFY would be a SEND. (A bound interrupt refuses any second port, but names a wrong type first.)
        bool has_arrived() const
        {
            const a9n::status refused = bound.bind(a9n::notification_port { capabilities[arrival()] });
            return !refused && refused.error == a9n::capability_error::illegal_operation;
        }

        /// Takes the capability that has arrived; index of the client, or none if there are too many. Clients that have gone make room.
        word attach(word identifier)
        {
            word index = find(identifier);
            for (word i = 0; i < Capacity && index == none; ++i)
            {
                index = !clients[i].is_attached ? i : none;
            }
            for (word i = 0; i < Capacity && index == none; ++i)
            {
                index = !is_there(i) ? i : none;
            }
            if (index == none)
            {
                return none;
            }
            (void)capabilities.remove(index);
            if (!capabilities.move(index, capabilities[arrival()]))
            {
                return none;
            }
            clients[index] = { true, identifier, ++attachments };
            return index;
        }

        /// Drops what came with a message that was not to bring anything.
        void clear_arrival() const
        {
            (void)capabilities.remove(arrival());
        }

        /// False if the client's port no longer exists; the client is then forgotten.
        bool notify(word index)
        {
            if (a9n::notification_port { capabilities[index] }.notify())
            {
                return true;
            }
            (void)capabilities.remove(index);
            clients[index].is_attached = false;
            return false;
        }

        /// The client that attached last, or none.
        word latest() const
        {
            word found = none;
            for (word i = 0; i < Capacity; ++i)
            {
                if (clients[i].is_attached && (found == none || clients[i].order > clients[found].order))
                {
                    found = i;
                }
            }
            return found;
        }

    private:
        struct client
        {
            bool is_attached = false;
            word identifier  = 0;
            word order       = 0;
        };

        constexpr word arrival() const
        {
            return capabilities.slot_count() - 1;
        }

        bool is_there(word index) const
        {
            const a9n::status refused = bound.bind(a9n::notification_port { capabilities[index] });
            return !refused && refused.error == a9n::capability_error::illegal_operation;
        }

        a9n::node           capabilities;
        a9n::interrupt_port bound;
        client              clients[Capacity] {};
        word                attachments = 0;
    };
}
