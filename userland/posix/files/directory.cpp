#include "directory.hpp"

#include "file-system.hpp"

namespace posix
{
    memory_directory::~memory_directory()
    {
        while (!order.empty())
        {
            remove(*order.back());
        }
    }

    void memory_directory::dispose_self()
    {
        runtime::destroy(this);
    }

    directory_entry *memory_directory::entry_of(text name) const
    {
        directory_entry **found = by_name.find(name);
        return found == nullptr ? nullptr : *found;
    }

    result<reference<inode>> memory_directory::find(text name, const process_state &)
    {
        const directory_entry *entry = entry_of(name);
        if (entry == nullptr)
        {
            return error::enoent;
        }
        return entry->target;
    }

    size_t memory_directory::first_after(uint64_t cookie) const
    {
        size_t low  = 0;
        size_t high = order.size();
        while (low < high)
        {
            const size_t middle = (low + high) / 2;
            if (order[middle]->cookie <= cookie)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    bool memory_directory::next(uint64_t after, const process_state &, directory_item &item)
    {
        const size_t index = first_after(after);
        if (index == order.size())
        {
            return false;
        }
        const directory_entry &entry = *order[index];
        item                         = { entry.name, entry.target->number, entry.target->kind, entry.cookie };
        return true;
    }

    void memory_directory::attach(directory_entry &entry)
    {
        entry.target->names.push_back(entry);
        ++entry.target->link_count;
        if (directory *child = as_directory(*entry.target))
        {
            ++child->link_count; // its own `.`
            child->parent = reference<directory> { this };
            ++link_count; // its `..`
        }
    }

    void memory_directory::detach(directory_entry &entry)
    {
        entry.alias.unlink();
        --entry.target->link_count;
        if (directory *child = as_directory(*entry.target))
        {
            --child->link_count;
            --link_count;
        }
    }

    status memory_directory::add(text name, reference<inode> target)
    {
        if (!home.has_room_for_name())
        {
            return error::enospc;
        }
        auto *entry = runtime::create<directory_entry>();
        if (entry == nullptr || !entry->name.assign(name) || !order.push_back(entry))
        {
            runtime::destroy(entry);
            return error::enospc;
        }
        if (by_name.insert(entry->name, entry) == nullptr)
        {
            order.pop_back();
            runtime::destroy(entry);
            return error::enospc;
        }
        ++home.names;
        entry->where  = this;
        entry->cookie = next_cookie++;
        entry->target = runtime::move(target);
        attach(*entry);
        return {};
    }

    void memory_directory::remove(directory_entry &entry)
    {
        detach(entry);
        by_name.erase(entry.name);
        order.erase(first_after(entry.cookie - 1));
        --home.names;
        runtime::destroy(&entry);
    }

    void memory_directory::replace(directory_entry &entry, reference<inode> target)
    {
        detach(entry);
        runtime::swap(entry.target, target);
        attach(entry);
    }
}
