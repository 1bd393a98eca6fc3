// A hash table. Keys and values stay where they are until erased; what needs memory tells whether there was enough.
#pragma once

#include <runtime/string.hpp>
#include <runtime/vector.hpp>

namespace runtime
{
    /// Multiplication by an odd number near 2^64 divided by the golden ratio spreads neighbours over all the high bits.
    constexpr uint64_t hash_of(uint64_t number)
    {
        number *= 0x9e3779b97f4a7c15;
        return number ^ number >> 32;
    }

    /// Fowler, Noll and Vo's (FNV-1a).
    constexpr uint64_t hash_of(text characters)
    {
        uint64_t hash = 0xcbf29ce484222325;
        for (size_t i = 0; i < characters.length; ++i)
        {
            hash = (hash ^ static_cast<unsigned char>(characters.characters[i])) * 0x100000001b3;
        }
        return hash ^ hash >> 32;
    }

    /// `Sought` is what keys are looked up by: of a `string`, for example, a `text`.
    template<typename Key, typename Value, typename Sought = Key>
    class hash_map
    {
    public:
        struct entry
        {
            Key   key;
            Value value;
            entry *next = nullptr; ///< of the same bucket

            entry(Key &&key, Value &&value) : key(move(key)), value(move(value))
            {
            }
        };

        hash_map() = default;

        hash_map(const hash_map &)            = delete;
        hash_map &operator=(const hash_map &) = delete;

        ~hash_map()
        {
            clear();
        }

        size_t size() const
        {
            return count;
        }

        /// Null if there is none.
        Value *find(const Sought &key) const
        {
            for (entry *found = first_of(key); found != nullptr; found = found->next)
            {
                if (static_cast<Sought>(found->key) == key)
                {
                    return &found->value;
                }
            }
            return nullptr;
        }

        /// A key that is not there yet. Null if there is no memory.
        [[nodiscard]] Value *insert(Key key, Value value)
        {
            if (count >= buckets.size() && !grow() && buckets.empty())
            {
                return nullptr;
            }
            auto *added = create<entry>(move(key), move(value));
            if (added == nullptr)
            {
                return nullptr;
            }
            entry *&bucket = buckets[hash_of(static_cast<Sought>(added->key)) & (buckets.size() - 1)];
            added->next    = bucket;
            bucket         = added;
            ++count;
            return &added->value;
        }

        bool erase(const Sought &key)
        {
            if (buckets.empty())
            {
                return false;
            }
            for (entry **place = &buckets[hash_of(key) & (buckets.size() - 1)]; *place != nullptr; place = &(*place)->next)
            {
                if (static_cast<Sought>((*place)->key) == key)
                {
                    entry *gone = *place;
                    *place      = gone->next;
                    --count;
                    destroy(gone);
                    return true;
                }
            }
            return false;
        }

        void clear()
        {
            erase_if([](const Key &, Value &) { return true; });
        }

        /// All for which `is_erased(key, value)`.
        template<typename Predicate>
        void erase_if(Predicate &&is_erased)
        {
            for (entry *&bucket : buckets)
            {
                for (entry **place = &bucket; *place != nullptr;)
                {
                    entry *each = *place;
                    if (is_erased(static_cast<const Key &>(each->key), each->value))
                    {
                        *place = each->next;
                        --count;
                        destroy(each);
                    }
                    else
                    {
                        place = &each->next;
                    }
                }
            }
        }

        /// In no particular, but always the same order. `visit(key, value)` must not change the map.
        template<typename Visitor>
        void for_each(Visitor &&visit) const
        {
            for (entry *bucket : buckets)
            {
                for (; bucket != nullptr; bucket = bucket->next)
                {
                    visit(static_cast<const Key &>(bucket->key), bucket->value);
                }
            }
        }

    private:
        entry *first_of(const Sought &key) const
        {
            return buckets.empty() ? nullptr : buckets[hash_of(key) & (buckets.size() - 1)];
        }

        bool grow()
        {
            vector<entry *> larger;
            if (!larger.resize(buckets.empty() ? 8 : buckets.size() * 2))
            {
                return false;
            }
            for (entry *bucket : buckets)
            {
                while (bucket != nullptr)
                {
                    entry *moved  = bucket;
                    bucket        = bucket->next;
                    entry *&place = larger[hash_of(static_cast<Sought>(moved->key)) & (larger.size() - 1)];
                    moved->next   = place;
                    place         = moved;
                }
            }
            buckets.swap_with(larger);
            return true;
        }

        vector<entry *> buckets; ///< a power of two
        size_t          count = 0;
    };
}
