#include "process.hpp"

namespace posix
{
    namespace
    {
        alignas(process_table) uint8_t table_memory[sizeof(process_table)];
        constinit bool                 table_is_made = false;
    }

    process_table &table()
    {
        if (!table_is_made)
        {
            table_is_made = true;
            new (runtime::in_place { table_memory }) process_table();
        }
        return *reinterpret_cast<process_table *>(table_memory);
    }

    void pending_signals::add(const signal_information &arrived)
    {
        const signal_set bit = only(arrived.number);
        if ((set & bit) == 0)
        {
            set                         |= bit;
            information[arrived.number]  = arrived;
        }
    }

    bool pending_signals::take(signal_set allowed, signal_information &taken)
    {
        signal_set candidates = set & allowed;
        if (candidates == 0)
        {
            return false;
        }
        if ((candidates & synchronous) != 0)
        {
            candidates &= synchronous;
        }
        const int number = __builtin_ctzll(candidates) + 1;
        taken            = information[number];
        set             &= ~only(number);
        return true;
    }

    process *process_table::find(int32_t identifier)
    {
        for (process &each : all)
        {
            if (each.identifier() == identifier)
            {
                return &each;
            }
        }
        return nullptr;
    }

    thread *process_table::find_thread(int32_t identifier)
    {
        for (thread *each : threads)
        {
            if (each != nullptr && each->identifier == identifier)
            {
                return each;
            }
        }
        return nullptr;
    }

    int32_t process_table::new_identifier()
    {
        for (;;)
        {
            last_identifier = last_identifier == maximum_identifier ? 2 : last_identifier + 1;
            bool is_used    = find_thread(last_identifier) != nullptr;
            for (process &each : all)
            {
                is_used |= each.identifier() == last_identifier || each.state.group == last_identifier
                    || each.state.session == last_identifier;
            }
            if (!is_used)
            {
                return last_identifier;
            }
        }
    }

    uint32_t process_table::new_index()
    {
        for (size_t i = 1; i < maximum_threads; ++i)
        {
            last_index = last_index + 1 == maximum_threads ? 1 : last_index + 1;
            if (threads[last_index] == nullptr)
            {
                return last_index;
            }
        }
        return 0;
    }

    thread *add_thread(process &owner, int32_t identifier)
    {
        const uint32_t index = table().new_index();
        if (index == 0)
        {
            return nullptr;
        }
        auto *added = runtime::create<thread>(table().ready);
        if (added == nullptr)
        {
            return nullptr;
        }
        added->owner           = &owner;
        added->identifier      = identifier;
        added->index           = index;
        table().threads[index] = added;
        owner.threads.push_back(*added);
        ++owner.thread_count;
        return added;
    }

    void remove_thread(thread &gone)
    {
        machine::release_thread(gone.control);
        table().threads[gone.index] = nullptr;
        --gone.owner->thread_count;
        runtime::destroy(&gone);
    }

    process *add_process(process *parent)
    {
        auto *added = runtime::create<process>();
        if (added == nullptr)
        {
            return nullptr;
        }
        added->state.identifier = table().new_identifier();
        if (parent != nullptr)
        {
            added->state.parent  = parent->identifier();
            added->state.group   = parent->state.group;
            added->state.session = parent->state.session;
            added->state.who     = parent->state.who;
            memcpy(added->state.limits, parent->state.limits, sizeof(added->state.limits));
            memcpy(added->actions, parent->actions, sizeof(added->actions));
            memcpy(added->name, parent->name, sizeof(added->name));
        }
        table().all.push_back(*added);
        return added;
    }

    void remove_process(process &gone)
    {
        gone.is = life::zombie;
        table().gone.push_back(gone);
    }

    void bury_processes()
    {
        while (process *each = table().gone.front())
        {
            runtime::destroy(each);
        }
    }
}
