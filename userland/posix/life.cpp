// How threads and processes end.
#include "file-service.hpp"
#include "futex.hpp"
#include "process-service.hpp"
#include "run.hpp"
#include "trace.hpp"

namespace posix
{
    void tell_parent(process &child, int32_t code, int32_t status, word unless)
    {
        process *parent = table().find(child.state.parent);
        if (parent == nullptr || parent->is == life::zombie)
        {
            return;
        }
        parent->child_events.wake_all();
        if ((parent->actions[sigchld].flags & unless) != 0)
        {
            return;
        }
        signal_information information {};
        information.number            = sigchld;
        information.code              = code;
        information.child.process     = child.identifier();
        information.child.user        = child.state.who.user;
        information.child.status      = status;
        constexpr instant tick        = 10'000'000;
        information.child.user_time   = static_cast<int64_t>(child.times.user / tick);
        information.child.system_time = static_cast<int64_t>(child.times.system / tick);
        send_signal(*parent, information);
    }

    void end_thread(thread &target)
    {
        process &owner = *target.owner;
        forget_current(target);
        target.wait.clear();
        release_robust_futexes(target);
        if (target.clear_child_address != 0 && (owner.thread_count > 1 || owner.memory->users > 1))
        {
            (void)owner.memory->write<uint32_t>(target.clear_child_address, 0);
            wake_futex(*owner.memory, target.clear_child_address, 1);
        }
        remove_thread(target);
    }

    void end_other_threads(thread &survivor)
    {
        for (thread &each : survivor.owner->threads)
        {
            if (&each != &survivor)
            {
                end_thread(each);
            }
        }
    }

    namespace
    {
        void adopt_children(const process &gone)
        {
            process *heir = table().initial;
            for (process &each : table().all)
            {
                if (each.state.parent != gone.identifier())
                {
                    continue;
                }
                each.state.parent = heir->identifier();
                each.exit_signal  = sigchld;
                if (each.is == life::zombie)
                {
                    tell_parent(each, cld_exited, each.exit_status >> 8, 0);
                }
            }
        }

        bool has_stopped_member(int32_t group)
        {
            for (process &each : table().all)
            {
                if (each.state.group == group && each.is == life::alive && each.stopped)
                {
                    return true;
                }
            }
            return false;
        }
    }

    void end_process(process &target, int32_t status)
    {
        if (target.is == life::zombie)
        {
            return;
        }
        const bool had_orphaned_group = is_orphaned_group(target.state.group);
        target.is                     = life::zombie;
        target.exit_status            = status;
        trace_end(target);
        for (thread &each : target.threads)
        {
            end_thread(each);
        }
        release_files(target.state);
        program_memory::release(target.memory);
        target.memory = nullptr;
        if (target.executable != nullptr)
        {
            release(*target.executable);
            target.executable = nullptr;
        }
        target.vfork_end.wake_all();
        target.real_timer = {};
        target.pending    = {};

        if (&target == table().initial)
        {
            machine::end(status);
            return;
        }
        // A stopped group that nobody can continue any more is told.
        if (!had_orphaned_group && is_orphaned_group(target.state.group) && has_stopped_member(target.state.group))
        {
            signal_group(target.state.group, sighup);
            signal_group(target.state.group, sigcont);
        }
        adopt_children(target);

        process   *parent    = table().find(target.state.parent);
        const bool is_wanted = parent != nullptr && parent->is == life::alive
            && (parent->actions[sigchld].flags & sa_nocldwait) == 0
            && parent->actions[sigchld].handler != ignore_handler;
        if (target.exit_signal != 0 && parent != nullptr)
        {
            const int signal = status & 0x7f;
            tell_parent(target, signal != 0 ? cld_killed : cld_exited, signal != 0 ? signal : status >> 8, 0);
        }
        else if (parent != nullptr)
        {
            parent->child_events.wake_all();
        }
        if (!is_wanted)
        {
            remove_process(target);
        }
    }
}
