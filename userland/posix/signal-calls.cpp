#include "signal-calls.hpp"

#include "run.hpp"
#include "signal-frame.hpp"
#include "time-calls.hpp"
#include "trace.hpp"

namespace posix
{
    namespace
    {
        bool is_signal(int number)
        {
            return number >= 1 && number <= signal_count;
        }

        bool may_signal(const process &sender, const process &target, int number)
        {
            const credentials &from = sender.state.who;
            const credentials &to   = target.state.who;
            return from.is_root() || from.user == to.user || from.user == to.saved_user || from.effective_user == to.user
                || from.effective_user == to.saved_user
                || (number == sigcont && sender.state.session == target.state.session);
        }
    }

    outcome rt_sigaction(call &made)
    {
        const auto number = static_cast<int>(made.arguments[0]);
        if (!is_signal(number) || made.arguments[3] != signal_set_size)
        {
            return error::einval;
        }
        process             &owner = *made.caller.owner;
        const signal_action  old   = owner.actions[number];
        result<signal_action> wanted = old;
        if (made.arguments[1] != 0)
        {
            if ((only(number) & unblockable) != 0)
            {
                return error::einval;
            }
            wanted = made.memory.read<signal_action>(made.arguments[1]);
            if (!wanted)
            {
                return wanted.reason;
            }
            wanted->mask &= ~unblockable;
        }
        if (made.arguments[2] != 0)
        {
            if (const status written = made.memory.write(made.arguments[2], old); !written)
            {
                return written;
            }
        }
        owner.actions[number] = *wanted;
        const bool is_ignored = wanted->handler == ignore_handler
            || (wanted->handler == default_handler && (only(number) & ignored_by_default) != 0);
        if (made.arguments[1] != 0 && is_ignored)
        {
            owner.pending.set &= ~only(number);
            for (thread &each : owner.threads)
            {
                each.pending.set &= ~only(number);
            }
        }
        return word { 0 };
    }

    outcome rt_sigprocmask(call &made)
    {
        constexpr word block = 0, unblock = 1, set = 2;
        thread          &caller = made.caller;
        const signal_set old    = caller.blocked;
        if (made.arguments[3] != signal_set_size)
        {
            return error::einval;
        }
        signal_set wanted = old;
        if (made.arguments[1] != 0)
        {
            const result<signal_set> given = made.memory.read<signal_set>(made.arguments[1]);
            if (!given)
            {
                return given.reason;
            }
            switch (made.arguments[0])
            {
                case block : wanted |= *given; break;
                case unblock : wanted &= ~*given; break;
                case set : wanted = *given; break;
                default : return error::einval;
            }
        }
        if (made.arguments[2] != 0)
        {
            if (const status written = made.memory.write(made.arguments[2], old); !written)
            {
                return written;
            }
        }
        caller.blocked = wanted & ~unblockable;
        return word { 0 };
    }

    outcome rt_sigpending(call &made)
    {
        const thread    &caller  = made.caller;
        const signal_set pending = (caller.pending.set | caller.owner->pending.set) & caller.blocked;
        if (made.arguments[1] > signal_set_size)
        {
            return error::einval;
        }
        return made.memory.copy_out(made.arguments[0], &pending, made.arguments[1]);
    }

    outcome rt_sigsuspend(call &made)
    {
        if (made.arguments[1] != signal_set_size)
        {
            return error::einval;
        }
        if (made.wait.memory[0] == 0)
        {
            const result<signal_set> mask = made.memory.read<signal_set>(made.arguments[0]);
            if (!mask)
            {
                return mask.reason;
            }
            made.wait.memory[0] = 1;
            set_mask_until_end_of_call(made.caller, *mask);
        }
        return outcome::kind::wait_once;
    }

    outcome rt_sigtimedwait(call &made)
    {
        thread &caller = made.caller;
        if (made.arguments[3] != signal_set_size)
        {
            return error::einval;
        }
        const result<signal_set> wanted = made.memory.read<signal_set>(made.arguments[0]);
        if (!wanted)
        {
            return wanted.reason;
        }
        if (made.arguments[2] != 0 && made.wait.deadline == never)
        {
            const result<instant> deadline = read_deadline(made, made.arguments[2], false, false);
            if (!deadline)
            {
                return deadline.reason;
            }
            made.wait.set_deadline(*deadline);
        }
        const signal_set   allowed = *wanted & ~unblockable;
        signal_information taken;
        if (caller.pending.take(allowed, taken) || caller.owner->pending.take(allowed, taken))
        {
            if (made.arguments[1] != 0)
            {
                if (const status written = made.memory.write(made.arguments[1], taken); !written)
                {
                    return written;
                }
            }
            return static_cast<word>(taken.number);
        }
        if (made.deadline_passed())
        {
            return error::eagain;
        }
        if (const status joined = made.wait.join(caller.owner->signal_arrival); !joined)
        {
            return joined;
        }
        return outcome::kind::wait_once;
    }

    outcome rt_sigreturn(call &made)
    {
        thread                       &caller = made.caller;
        const result<restored_frame> restored
            = pop_signal_frame(made.memory, registers_of(caller), signal_page);
        if (!restored)
        {
            force_signal(caller, from_kernel(sigsegv));
            return outcome::kind::no_reply;
        }
        caller.blocked = restored->mask;
        const signal_stack &stack = restored->alternate;
        if ((stack.flags & ~(ss_disable | ss_onstack)) == 0
            && ((stack.flags & ss_disable) != 0 || stack.size >= minimum_signal_stack))
        {
            caller.alternate = stack;
            caller.alternate.flags &= ss_disable;
        }
        return outcome::kind::no_reply;
    }

    outcome sigaltstack(call &made)
    {
        thread    &caller = made.caller;
        const word stack_pointer = registers_of(caller)[machine::context_register::rsp];
        const bool is_on  = is_on_stack(caller.alternate, stack_pointer);
        signal_stack old  = caller.alternate;
        old.flags         = (old.flags & ss_disable) != 0 ? ss_disable : is_on ? ss_onstack : 0;
        if (made.arguments[0] != 0)
        {
            const result<signal_stack> wanted = made.memory.read<signal_stack>(made.arguments[0]);
            if (!wanted)
            {
                return wanted.reason;
            }
            if (is_on)
            {
                return error::eperm;
            }
            if ((wanted->flags & ~(ss_disable | ss_onstack)) != 0)
            {
                return error::einval;
            }
            if ((wanted->flags & ss_disable) != 0)
            {
                caller.alternate = { 0, ss_disable, 0, 0 };
            }
            else
            {
                if (wanted->size < minimum_signal_stack)
                {
                    return error::enomem;
                }
                if (!is_user_range(wanted->address, wanted->size))
                {
                    return error::einval;
                }
                caller.alternate = { wanted->address, 0, 0, wanted->size };
            }
        }
        return made.arguments[1] == 0 ? outcome { word { 0 } } : outcome { made.memory.write(made.arguments[1], old) };
    }

    outcome pause(call &)
    {
        return outcome::kind::wait_once;
    }

    // ---- Sending -----------------------------------------------------------------------------------------------------------

    outcome kill(call &made)
    {
        const process &sender     = *made.caller.owner;
        const auto     identifier = static_cast<int32_t>(made.arguments[0]);
        const auto     number     = static_cast<int>(made.arguments[1]);
        if (number != 0 && !is_signal(number))
        {
            return error::einval;
        }
        bool is_any = false, is_allowed = false;
        for (process &each : table().all)
        {
            const bool is_meant = identifier > 0 ? each.identifier() == identifier
                : identifier == 0                ? each.state.group == sender.state.group
                : identifier == -1               ? each.identifier() != 1 && &each != &sender
                                                 : each.state.group == -identifier;
            if (!is_meant)
            {
                continue;
            }
            is_any = true;
            if (may_signal(sender, each, number))
            {
                is_allowed = true;
                if (number != 0)
                {
                    send_signal(each, from_user(number, sender, si_user));
                }
            }
        }
        return is_allowed ? outcome { word { 0 } } : outcome { is_any ? error::eperm : error::esrch };
    }

    namespace
    {
        outcome signal_thread(call &made, int32_t group, int32_t identifier, int number)
        {
            const process &sender = *made.caller.owner;
            if (identifier <= 0 || (number != 0 && !is_signal(number)))
            {
                return error::einval;
            }
            thread *target = table().find_thread(identifier);
            if (target == nullptr || (group > 0 && target->owner->identifier() != group))
            {
                return error::esrch;
            }
            if (!may_signal(sender, *target->owner, number))
            {
                return error::eperm;
            }
            if (number != 0)
            {
                send_signal(*target, from_user(number, sender, si_tkill));
            }
            return word { 0 };
        }
    }

    outcome tkill(call &made)
    {
        return signal_thread(
            made, 0, static_cast<int32_t>(made.arguments[0]), static_cast<int>(made.arguments[1]));
    }

    outcome tgkill(call &made)
    {
        const auto group = static_cast<int32_t>(made.arguments[0]);
        return group <= 0 ? outcome { error::einval }
                          : signal_thread(made, group, static_cast<int32_t>(made.arguments[1]),
                              static_cast<int>(made.arguments[2]));
    }

    outcome rt_sigqueueinfo(call &made)
    {
        const process             &sender = *made.caller.owner;
        process                   *target = table().find(static_cast<int32_t>(made.arguments[0]));
        const auto                 number = static_cast<int>(made.arguments[1]);
        result<signal_information> given  = made.memory.read<signal_information>(made.arguments[2]);
        if (!given)
        {
            return given.reason;
        }
        if (!is_signal(number))
        {
            return error::einval;
        }
        if (target == nullptr)
        {
            return error::esrch;
        }
        if (!may_signal(sender, *target, number) || (given->code >= 0 && target != &sender))
        {
            return error::eperm;
        }
        given->number = number;
        send_signal(*target, *given);
        return word { 0 };
    }
}
