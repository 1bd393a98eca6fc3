// A doubly linked list of objects that carry their links themselves, so that it needs no memory and cannot fail.
#pragma once

#include <stddef.h>

namespace runtime
{
    template<typename T>
    class list_link;

    template<typename T, list_link<T> T::*Link>
    class list;

    /// A member of `T` for each list that a `T` may be on. An object that ends leaves its lists.
    template<typename T>
    class list_link
    {
    public:
        list_link() = default;

        list_link(const list_link &)            = delete;
        list_link &operator=(const list_link &) = delete;

        ~list_link()
        {
            unlink();
        }

        bool is_linked() const
        {
            return next != nullptr;
        }

        /// Leaves its list, if on one.
        void unlink()
        {
            if (next != nullptr)
            {
                previous->next = next;
                next->previous = previous;
                next           = nullptr;
                previous       = nullptr;
            }
        }

    private:
        template<typename U, list_link<U> U::*>
        friend class list;

        void insert_before(list_link &place, T &object)
        {
            unlink();
            owner          = &object;
            next           = &place;
            previous       = place.previous;
            previous->next = this;
            place.previous = this;
        }

        list_link *next     = nullptr;
        list_link *previous = nullptr;
        T         *owner    = nullptr; ///< null in the list's own link
    };

    template<typename T, list_link<T> T::*Link>
    class list
    {
    public:
        list()
        {
            root.next     = &root;
            root.previous = &root;
        }

        list(const list &)            = delete;
        list &operator=(const list &) = delete;

        ~list()
        {
            while (!empty())
            {
                root.next->unlink();
            }
        }

        bool empty() const
        {
            return root.next == &root;
        }

        /// An object that is on a list leaves it first.
        void push_back(T &object)
        {
            (object.*Link).insert_before(root, object);
        }

        void push_front(T &object)
        {
            (object.*Link).unlink();
            (object.*Link).insert_before(*root.next, object);
        }

        /// Null if empty.
        T *front() const
        {
            return root.next->owner;
        }

        T *back() const
        {
            return root.previous->owner;
        }

        /// Null at the end.
        T *next(const T &object) const
        {
            return (object.*Link).next->owner;
        }

        /// The object last returned may be unlinked or ended while iterating, no other.
        class iterator
        {
        public:
            explicit iterator(list_link<T> *link) : current(link), following(link->next)
            {
            }

            T &operator*() const
            {
                return *current->owner;
            }

            iterator &operator++()
            {
                current   = following;
                following = current->next;
                return *this;
            }

            bool operator!=(const iterator &other) const
            {
                return current != other.current;
            }

        private:
            list_link<T> *current;
            list_link<T> *following;
        };

        iterator begin()
        {
            return iterator { root.next };
        }

        iterator end()
        {
            return iterator { &root };
        }

    private:
        list_link<T> root;
    };
}
