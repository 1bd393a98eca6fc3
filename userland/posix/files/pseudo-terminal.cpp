// Pseudo-terminals: what is written to the master is typed at the terminal, what programs show there is read from the master.

#include "../process-service.hpp"
#include "call-support.hpp"
#include "file-server.hpp"
#include "terminal-file.hpp"

namespace posix
{
    namespace
    {
        constexpr uint32_t pseudo_terminal_major = 136;
        constexpr uint32_t pseudo_terminal_limit = 256;

        constexpr uint32_t get_number  = 0x80045430; // TIOCGPTN
        constexpr uint32_t set_lock    = 0x40045431; // TIOCSPTLCK
        constexpr uint32_t get_lock    = 0x80045439; // TIOCGPTLCK
        constexpr uint32_t open_peer   = 0x5441;     // TIOCGPTPEER
        constexpr uint32_t input_waiting = 0x541b;   // FIONREAD

        /// "0" to "255".
        text number_text(uint32_t number, char (&characters)[4])
        {
            size_t start = sizeof(characters);
            do
            {
                characters[--start]  = static_cast<char>('0' + number % 10);
                number              /= 10;
            } while (number != 0);
            return { characters + start, sizeof(characters) - start };
        }

        struct master_file final : open_file
        {
            master_file(const reference<inode> &node, const reference<terminal> &subject, const reference<inode> &peer, uint32_t flags)
                : open_file(node, flags), subject(subject), peer(peer)
            {
            }

            outcome  read(call &from, user_transfer &into, word &position) override;
            outcome  write(call &from, user_transfer &bytes, word &position) override;
            outcome  control(call &from, uint32_t request, word argument) override;
            uint32_t events() const override;
            status   join(waiter &waiting) override;
            void     dispose_self() override;

            const reference<terminal> subject;
            const reference<inode>    peer; ///< the node in /dev/pts
        };

        outcome master_file::read(call &from, user_transfer &into, word &)
        {
            if (into.remaining() == 0)
            {
                return word { 0 };
            }
            if (subject->shown() == 0)
            {
                if (subject->was_closed)
                {
                    return error::eio;
                }
                if (is_non_blocking())
                {
                    return error::eagain;
                }
                const status joined = from.wait.join(subject->master_readable);
                return joined ? wait_until_woken : outcome { joined };
            }
            word done = 0;
            while (into.remaining() != 0 && subject->shown() != 0)
            {
                uint8_t            piece[256];
                const word         size  = subject->take_output(piece, runtime::minimum(into.remaining(), word { sizeof(piece) }));
                const result<word> moved = into.put(piece, size);
                if (!moved)
                {
                    return done != 0 ? outcome { done } : outcome { moved };
                }
                done += *moved;
            }
            return done;
        }

        outcome master_file::write(call &from, user_transfer &bytes, word &)
        {
            bytes.skip(from.wait.progress);
            while (bytes.remaining() != 0 && subject->takes_input())
            {
                uint8_t            piece[256];
                const result<word> taken = bytes.take(piece, sizeof(piece));
                if (!taken)
                {
                    return from.wait.progress != 0 ? outcome { from.wait.progress } : outcome { taken };
                }
                subject->type(piece, *taken); // what the line discipline has no room for is kept
                from.wait.progress += *taken;
            }
            if (bytes.remaining() == 0)
            {
                return from.wait.progress;
            }
            if (is_non_blocking())
            {
                return from.wait.progress != 0 ? outcome { from.wait.progress } : outcome { error::eagain };
            }
            const status joined = from.wait.join(subject->master_writable);
            return joined ? wait_until_woken : outcome { joined };
        }

        uint32_t master_file::events() const
        {
            return (subject->shown() != 0 ? poll_event::readable : 0) | (subject->takes_input() ? poll_event::writable : 0)
                | (subject->was_closed ? poll_event::hang_up : 0);
        }

        status master_file::join(waiter &waiting)
        {
            const status joined = waiting.join(subject->master_readable);
            return joined ? waiting.join(subject->master_writable) : joined;
        }

        outcome master_file::control(call &from, uint32_t request, word argument)
        {
            switch (request)
            {
                case get_number : return from.memory.write(argument, subject->number);
                case get_lock : return from.memory.write(argument, int32_t { subject->is_locked });
                case set_lock :
                {
                    const result<int32_t> wanted = from.memory.read<int32_t>(argument);
                    if (!wanted)
                    {
                        return wanted.reason;
                    }
                    subject->is_locked = *wanted != 0;
                    return word { 0 };
                }
                case open_peer :
                {
                    opening opened = open_terminal_device(from, peer, static_cast<uint32_t>(argument));
                    if (opened.result.what != outcome::kind::value)
                    {
                        return opened.result;
                    }
                    return add_descriptor(from, runtime::move(opened.file), (argument & open_flag::close_on_exec) != 0);
                }
                case input_waiting : return from.memory.write(argument, static_cast<int32_t>(subject->shown()));
                default : return control_settings(from, *subject, request, argument);
            }
        }

        void master_file::dispose_self()
        {
            subject->link.unlink();
            subject->hang_up();
            char      characters[4];
            auto     &folder = static_cast<memory_directory &>(*files->pseudo_terminals);
            if (directory_entry *entry = folder.entry_of(number_text(subject->number, characters)))
            {
                folder.remove(*entry);
            }
            runtime::destroy(this);
        }
    }

    opening open_pseudo_terminal(call &from, const reference<inode> &node, uint32_t flags)
    {
        uint32_t number  = 0;
        bool     is_used = true;
        for (; is_used && number < pseudo_terminal_limit; number += is_used)
        {
            is_used = false;
            for (const terminal &each : files->terminals)
            {
                is_used = is_used || (each.device == nullptr && each.number == number);
            }
        }
        if (is_used)
        {
            return { error::enospc, {} };
        }
        reference<terminal> made { runtime::create<terminal>(number, nullptr) };
        char                characters[4];
        auto               &folder = static_cast<memory_directory &>(*files->pseudo_terminals);
        reference<inode>    peer
            = make_device_node(inode_kind::character_device, folder.home, { pseudo_terminal_major, number }, from.now.real_time);
        if (!made || !peer)
        {
            return { error::enomem, {} };
        }
        peer->permissions  = 0620;
        peer->user         = from.process.who.file_user;
        peer->group        = 5; // of terminals
        const status added = folder.add(number_text(number, characters), peer);
        if (!added)
        {
            return { added, {} };
        }
        files->terminals.push_back(*made);
        reference<open_file> opened { runtime::create<master_file>(node, made, peer, flags) };
        if (!opened)
        {
            folder.remove(*folder.entry_of(number_text(number, characters)));
            return { error::enomem, {} };
        }
        return { word { 0 }, runtime::move(opened) };
    }
}
