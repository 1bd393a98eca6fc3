#include "terminal-file.hpp"

#include "../process-service.hpp"
#include "file-server.hpp"

namespace posix
{
    namespace
    {
        namespace request_number
        {
            constexpr uint32_t get_settings          = 0x5401; // TCGETS
            constexpr uint32_t set_settings          = 0x5402; // TCSETS
            constexpr uint32_t set_when_drained      = 0x5403; // TCSETSW
            constexpr uint32_t set_when_drained_flush = 0x5404; // TCSETSF
            constexpr uint32_t send_break            = 0x5409; // TCSBRK
            constexpr uint32_t flow                  = 0x540a; // TCXONC
            constexpr uint32_t flush                 = 0x540b; // TCFLSH
            constexpr uint32_t take_control          = 0x540e; // TIOCSCTTY
            constexpr uint32_t get_foreground        = 0x540f; // TIOCGPGRP
            constexpr uint32_t set_foreground        = 0x5410; // TIOCSPGRP
            constexpr uint32_t output_waiting        = 0x5411; // TIOCOUTQ
            constexpr uint32_t get_size              = 0x5413; // TIOCGWINSZ
            constexpr uint32_t set_size              = 0x5414; // TIOCSWINSZ
            constexpr uint32_t input_waiting         = 0x541b; // FIONREAD
            constexpr uint32_t give_up_control       = 0x5422; // TIOCNOTTY
            constexpr uint32_t set_discipline        = 0x5423; // TIOCSETD
            constexpr uint32_t get_discipline        = 0x5424; // TIOCGETD
            constexpr uint32_t send_posix_break      = 0x5425; // TCSBRKP
            constexpr uint32_t get_session           = 0x5429; // TIOCGSID
            constexpr uint32_t get_all_settings      = 0x802c542a; // TCGETS2
            constexpr uint32_t set_all_settings      = 0x402c542b; // TCSETS2
            constexpr uint32_t set_all_when_drained  = 0x402c542c; // TCSETSW2
            constexpr uint32_t set_all_when_drained_flush = 0x402c542d; // TCSETSF2
        }

        constexpr uint64_t tenth_of_second = 100'000'000;

        /// Signals sent to the caller stop it or run a handler before the call is run again, if it is.
        outcome run_again_after_signal()
        {
            return wait_until_woken;
        }

        struct terminal_file final : open_file
        {
            terminal_file(const reference<inode> &node, const reference<terminal> &opened, uint32_t flags)
                : open_file(node, flags), subject(opened), generation(opened->generation)
            {
                ++subject->open_count;
                subject->was_closed = false;
            }

            bool is_hung_up() const
            {
                return generation != subject->generation;
            }

            outcome  read(call &from, user_transfer &into, word &position) override;
            outcome  write(call &from, user_transfer &bytes, word &position) override;
            outcome  control(call &from, uint32_t request, word argument) override;
            uint32_t events() const override;
            status   join(waiter &waiting) override;

            void dispose_self() override
            {
                if (--subject->open_count == 0)
                {
                    subject->was_closed = true;
                    subject->master_readable.wake_all();
                }
                runtime::destroy(this);
            }

            const reference<terminal> subject;
            const word                generation;

        private:
            bool is_background(const call &from) const
            {
                return subject->session == from.process.session && subject->session != 0 && subject->foreground != from.process.group;
            }

            /// What a process in the background meets that would change the terminal. Done, an error, or a wait.
            outcome check_change(call &from) const;
        };

        outcome terminal_file::check_change(call &from) const
        {
            if (!is_background(from) || caller_ignores(from, signal_number::background_write))
            {
                return word { 0 };
            }
            if (is_orphaned_group(from.process.group))
            {
                return error::eio;
            }
            signal_group(from.process.group, signal_number::background_write);
            return run_again_after_signal();
        }

        outcome terminal_file::read(call &from, user_transfer &into, word &)
        {
            if (is_hung_up() || into.remaining() == 0)
            {
                return word { 0 };
            }
            if (is_background(from))
            {
                if (caller_ignores(from, signal_number::background_read) || is_orphaned_group(from.process.group))
                {
                    return error::eio;
                }
                signal_group(from.process.group, signal_number::background_read);
                return run_again_after_signal();
            }

            line_discipline &discipline = subject->discipline;
            uint8_t          buffer[line_discipline::capacity];
            const word       size  = runtime::minimum(into.remaining(), word { sizeof(buffer) });
            const word       ready = discipline.available();
            bool             waits = ready == 0;
            if (!discipline.is_canonical())
            {
                const word     minimum = discipline.settings.characters[static_cast<size_t>(control_character::minimum)];
                const uint64_t time    = discipline.settings.characters[static_cast<size_t>(control_character::time)] * tenth_of_second;
                if (minimum == 0)
                {
                    // The time is for the first byte.
                    waits = ready == 0 && time != 0;
                    if (waits)
                    {
                        from.wait.set_deadline(from.now.monotonic + time);
                        waits = !from.deadline_passed();
                    }
                }
                else
                {
                    // The time is between two bytes, and begins with the first.
                    waits           = ready < runtime::minimum(minimum, size);
                    word &seen      = from.wait.memory[0];
                    if (waits && ready != 0 && time != 0)
                    {
                        if (ready != seen)
                        {
                            seen               = ready;
                            from.wait.deadline = from.now.monotonic + time;
                        }
                        waits = !from.deadline_passed();
                    }
                }
            }
            if (waits)
            {
                if (is_non_blocking())
                {
                    if (ready == 0)
                    {
                        return error::eagain;
                    }
                }
                else
                {
                    const status joined = from.wait.join(subject->readable);
                    return joined ? wait_until_woken : outcome { joined };
                }
            }
            return into.put(buffer, subject->read(buffer, size));
        }

        outcome terminal_file::write(call &from, user_transfer &bytes, word &)
        {
            if (is_hung_up())
            {
                return error::eio;
            }
            line_discipline &discipline = subject->discipline;
            if ((discipline.settings.local & local_flag::stop_background) != 0)
            {
                const outcome allowed = check_change(from);
                if (allowed.what != outcome::kind::value)
                {
                    return allowed;
                }
            }
            bytes.skip(from.wait.progress);
            while (bytes.remaining() != 0)
            {
                if (!subject->has_room())
                {
                    subject->drain();
                    if (!subject->has_room())
                    {
                        break;
                    }
                }
                const result<word> moved = bytes.for_each_span(bytes.remaining(), user_access::read, [&](user_span span) -> result<word> {
                    word done = 0;
                    while (done < span.size && subject->has_room())
                    {
                        discipline.write(span.data[done++]);
                    }
                    return done;
                });
                if (!moved)
                {
                    return from.wait.progress != 0 ? outcome { from.wait.progress } : outcome { moved };
                }
                from.wait.progress = bytes.done();
            }
            subject->drain();
            if (bytes.remaining() == 0)
            {
                return from.wait.progress;
            }
            if (is_non_blocking())
            {
                return from.wait.progress != 0 ? outcome { from.wait.progress } : outcome { error::eagain };
            }
            const status joined = from.wait.join(subject->writable);
            return joined ? wait_until_woken : outcome { joined };
        }

        uint32_t terminal_file::events() const
        {
            if (is_hung_up())
            {
                return poll_event::readable | poll_event::writable | poll_event::error | poll_event::hang_up;
            }
            const line_discipline &discipline = subject->discipline;
            word                   wanted     = 1;
            if (!discipline.is_canonical())
            {
                const word minimum = discipline.settings.characters[static_cast<size_t>(control_character::minimum)];
                const word time    = discipline.settings.characters[static_cast<size_t>(control_character::time)];
                wanted             = time == 0 && minimum != 0 ? minimum : 1;
            }
            return (discipline.available() >= wanted ? poll_event::readable : 0) | (subject->has_room() ? poll_event::writable : 0);
        }

        status terminal_file::join(waiter &waiting)
        {
            const status joined = waiting.join(subject->readable);
            return joined ? waiting.join(subject->writable) : joined;
        }

        outcome terminal_file::control(call &from, uint32_t request, word argument)
        {
            if (is_hung_up())
            {
                return request == request_number::set_foreground ? error::enotty : error::eio;
            }
            terminal &target = *subject;
            switch (request)
            {
                case request_number::set_settings :
                case request_number::set_when_drained :
                case request_number::set_when_drained_flush :
                case request_number::set_all_settings :
                case request_number::set_all_when_drained :
                case request_number::set_all_when_drained_flush :
                case request_number::send_break :
                case request_number::send_posix_break :
                case request_number::flow :
                case request_number::flush :
                case request_number::set_foreground :
                {
                    const outcome allowed = check_change(from);
                    if (allowed.what != outcome::kind::value)
                    {
                        return allowed;
                    }
                    break;
                }
                default : break;
            }
            switch (request)
            {
                case request_number::take_control :
                {
                    if (target.session == from.process.session && from.process.identifier == from.process.session)
                    {
                        return word { 0 };
                    }
                    const bool is_leader = from.process.identifier == from.process.session;
                    if (!is_leader || controlling_terminal(from.process.session))
                    {
                        return error::eperm;
                    }
                    if (target.session != 0 && !(argument == 1 && from.process.who.is_root()))
                    {
                        return error::eperm;
                    }
                    target.session    = from.process.session;
                    target.foreground = from.process.group;
                    return word { 0 };
                }
                case request_number::give_up_control :
                    if (target.session != from.process.session || target.session == 0)
                    {
                        return error::enotty;
                    }
                    if (from.process.identifier == from.process.session)
                    {
                        const int32_t told = target.foreground;
                        target.session     = 0;
                        target.foreground  = 0;
                        if (told > 0)
                        {
                            signal_group(told, signal_number::hang_up);
                            signal_group(told, signal_number::proceed);
                        }
                    }
                    return word { 0 };
                case request_number::get_foreground :
                    if (target.session != from.process.session || target.session == 0)
                    {
                        return error::enotty;
                    }
                    return from.memory.write(argument, target.foreground);
                case request_number::set_foreground :
                {
                    if (target.session != from.process.session || target.session == 0)
                    {
                        return error::enotty;
                    }
                    const result<int32_t> wanted = from.memory.read<int32_t>(argument);
                    if (!wanted)
                    {
                        return wanted.reason;
                    }
                    if (*wanted < 0)
                    {
                        return error::einval;
                    }
                    if (!is_group_of_session(*wanted, from.process.session))
                    {
                        return error::eperm;
                    }
                    target.foreground = *wanted;
                    return word { 0 };
                }
                case request_number::get_session :
                    if (target.session != from.process.session || target.session == 0)
                    {
                        return error::enotty;
                    }
                    return from.memory.write(argument, target.session);
                default : return control_settings(from, target, request, argument);
            }
        }

        outcome change_settings(call &from, terminal &target, word argument, bool with_speeds, bool waits, bool flushes)
        {
            if (waits && target.device != nullptr && !target.is_drained())
            {
                target.drain();
                if (!target.is_drained())
                {
                    const status joined = from.wait.join(target.writable);
                    return joined ? wait_until_woken : outcome { joined };
                }
            }
            const terminal_settings before = target.discipline.settings;
            terminal_settings       wanted = before;
            const status            copied
                = from.memory.copy_in(&wanted, argument, with_speeds ? sizeof(wanted) : word { terminal_settings::short_size });
            if (!copied)
            {
                return copied;
            }
            if (flushes)
            {
                target.flush_input();
            }
            wanted.line                = before.line;
            target.discipline.settings = wanted;
            target.discipline.settings_changed(before);
            target.drain();
            return word { 0 };
        }
    }

    outcome control_settings(call &from, terminal &target, uint32_t request, word argument)
    {
        using namespace request_number;
        switch (request)
        {
            case get_settings : return from.memory.copy_out(argument, &target.discipline.settings, terminal_settings::short_size);
            case get_all_settings : return from.memory.copy_out(argument, &target.discipline.settings, sizeof(terminal_settings));
            case set_settings : return change_settings(from, target, argument, false, false, false);
            case set_when_drained : return change_settings(from, target, argument, false, true, false);
            case set_when_drained_flush : return change_settings(from, target, argument, false, true, true);
            case set_all_settings : return change_settings(from, target, argument, true, false, false);
            case set_all_when_drained : return change_settings(from, target, argument, true, true, false);
            case set_all_when_drained_flush : return change_settings(from, target, argument, true, true, true);
            case send_break :
            case send_posix_break :
                if (target.device != nullptr && !target.is_drained())
                {
                    target.drain();
                    if (!target.is_drained())
                    {
                        const status joined = from.wait.join(target.writable);
                        return joined ? wait_until_woken : outcome { joined };
                    }
                }
                return word { 0 };
            case flow :
                switch (argument)
                {
                    case 0 : target.discipline.stop_output(); return word { 0 };
                    case 1 :
                        target.discipline.restart();
                        target.discipline.show_echo();
                        target.drain();
                        return word { 0 };
                    case 2 :
                    case 3 : return word { 0 }; // to the keyboard: there is nobody to tell
                    default : return error::einval;
                }
            case flush :
                if (argument > 2)
                {
                    return error::einval;
                }
                if (argument != 1)
                {
                    target.flush_input();
                }
                if (argument != 0)
                {
                    target.flush_output();
                }
                return word { 0 };
            case output_waiting : return from.memory.write(argument, static_cast<int32_t>(target.output_waiting()));
            case input_waiting : return from.memory.write(argument, static_cast<int32_t>(target.discipline.unread()));
            case get_size : return from.memory.write(argument, target.size);
            case set_size :
            {
                const result<window_size> wanted = from.memory.read<window_size>(argument);
                if (!wanted)
                {
                    return wanted.reason;
                }
                if (!(*wanted == target.size))
                {
                    target.size = *wanted;
                    target.raise(signal_number::window_changed);
                }
                return word { 0 };
            }
            case get_discipline : return from.memory.write(argument, int32_t { 0 });
            case set_discipline :
            {
                const result<int32_t> wanted = from.memory.read<int32_t>(argument);
                if (!wanted)
                {
                    return wanted.reason;
                }
                return *wanted == 0 ? outcome { word { 0 } } : outcome { error::einval };
            }
            default : return error::enotty;
        }
    }

    reference<terminal> controlling_terminal(int32_t session)
    {
        for (terminal &each : files->terminals)
        {
            if (session != 0 && each.session == session)
            {
                return reference<terminal> { &each };
            }
        }
        return {};
    }

    reference<open_file> make_terminal_file(const reference<inode> &node, const reference<terminal> &opened, uint32_t flags)
    {
        return reference<open_file> { runtime::create<terminal_file>(node, opened, flags) };
    }

    opening open_terminal_device(call &from, const reference<inode> &node, uint32_t flags)
    {
        constexpr device_number own_terminal { 5, 0 };
        constexpr device_number console { 5, 1 };
        constexpr device_number new_terminal { 5, 2 };
        constexpr device_number serial_port { 4, 64 };
        constexpr uint32_t      pseudo_terminal_major = 136;

        reference<terminal> opened;
        bool                becomes_controlling = (flags & open_flag::no_terminal) == 0;
        if (node->device == new_terminal)
        {
            return open_pseudo_terminal(from, node, flags);
        }
        if (node->device == own_terminal)
        {
            opened = controlling_terminal(from.process.session);
        }
        else if (node->device == console || node->device == serial_port)
        {
            opened              = files->console;
            becomes_controlling = becomes_controlling && node->device == serial_port;
        }
        else if (node->device.major == pseudo_terminal_major)
        {
            for (terminal &each : files->terminals)
            {
                if (each.device == nullptr && each.number == node->device.minor)
                {
                    opened = reference<terminal> { &each };
                }
            }
            if (opened && opened->is_locked)
            {
                return { error::eio, {} };
            }
        }
        if (!opened)
        {
            return { error::enxio, {} };
        }
        reference<open_file> file = make_terminal_file(node, opened, flags);
        if (!file)
        {
            return { error::enomem, {} };
        }
        const bool is_leader = from.process.identifier == from.process.session;
        if (becomes_controlling && is_leader && opened->session == 0 && !controlling_terminal(from.process.session))
        {
            opened->session    = from.process.session;
            opened->foreground = from.process.group;
        }
        return { word { 0 }, runtime::move(file) };
    }
}
