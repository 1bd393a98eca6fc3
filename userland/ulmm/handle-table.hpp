// A client's handles of one kind: numbers that are not used again.
#pragma once

#include "common.hpp"

#include <runtime/hash-map.hpp>
#include <runtime/list.hpp>

namespace ulmm
{
    /// `T` has `handle`, 0 if it has none, and `handle_link`.
    template<typename T>
    class handle_table
    {
    public:
        T *find(word handle) const
        {
            T **found = by_handle.find(handle);
            return found != nullptr ? *found : nullptr;
        }

        /// False if there is no memory.
        [[nodiscard]] bool add(T &added)
        {
            if (by_handle.insert(next, &added) == nullptr)
            {
                return false;
            }
            added.handle = next++;
            all.push_back(added);
            return true;
        }

        void remove(T &gone)
        {
            (void)by_handle.erase(gone.handle);
            gone.handle_link.unlink();
            gone.handle = 0;
        }

        /// Any, or nullptr.
        T *first() const
        {
            return all.front();
        }

        word size() const
        {
            return by_handle.size();
        }

    private:
        runtime::hash_map<word, T *>           by_handle;
        runtime::list<T, &T::handle_link>       all;
        word                                   next = 1;
    };
}
