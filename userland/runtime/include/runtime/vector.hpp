// A growing array. What needs memory tells whether there was enough.
#pragma once

#include <runtime/heap.hpp>

namespace runtime
{
    template<typename T>
    class vector
    {
    public:
        vector() = default;

        vector(vector &&other) noexcept : elements(other.elements), count(other.count), room(other.room)
        {
            other.elements = nullptr;
            other.count    = 0;
            other.room     = 0;
        }

        vector &operator=(vector &&other) noexcept
        {
            swap_with(other);
            return *this;
        }

        vector(const vector &)            = delete;
        vector &operator=(const vector &) = delete;

        ~vector()
        {
            clear();
            release(elements, room * sizeof(T));
        }

        size_t size() const
        {
            return count;
        }

        size_t capacity() const
        {
            return room;
        }

        bool empty() const
        {
            return count == 0;
        }

        T *data()
        {
            return elements;
        }

        const T *data() const
        {
            return elements;
        }

        T &operator[](size_t index)
        {
            return elements[index];
        }

        const T &operator[](size_t index) const
        {
            return elements[index];
        }

        T *begin()
        {
            return elements;
        }

        T *end()
        {
            return elements + count;
        }

        const T *begin() const
        {
            return elements;
        }

        const T *end() const
        {
            return elements + count;
        }

        T &back()
        {
            return elements[count - 1];
        }

        [[nodiscard]] bool reserve(size_t wanted)
        {
            if (wanted <= room)
            {
                return true;
            }
            if (wanted > SIZE_MAX / 2 / sizeof(T))
            {
                return false;
            }
            auto *larger = static_cast<T *>(allocate(wanted * sizeof(T)));
            if (larger == nullptr)
            {
                return false;
            }
            for (size_t i = 0; i < count; ++i)
            {
                new (in_place { larger + i }) T(move(elements[i]));
                elements[i].~T();
            }
            release(elements, room * sizeof(T));
            elements = larger;
            room     = wanted;
            return true;
        }

        [[nodiscard]] bool push_back(T value)
        {
            return insert(count, move(value));
        }

        /// Before the element of that index; at the end if it equals the size.
        [[nodiscard]] bool insert(size_t index, T value)
        {
            if (count == room && !reserve(room == 0 ? 4 : room * 2))
            {
                return false;
            }
            new (in_place { elements + count }) T(move(value));
            for (size_t i = count++; i > index; --i)
            {
                swap(elements[i], elements[i - 1]);
            }
            return true;
        }

        void erase(size_t index)
        {
            for (size_t i = index + 1; i < count; ++i)
            {
                elements[i - 1] = move(elements[i]);
            }
            pop_back();
        }

        void pop_back()
        {
            elements[--count].~T();
        }

        /// New elements are value-initialised.
        [[nodiscard]] bool resize(size_t wanted)
        {
            if (wanted > room && !reserve(maximum(wanted, room + room / 2)))
            {
                return false;
            }
            while (count > wanted)
            {
                pop_back();
            }
            while (count < wanted)
            {
                new (in_place { elements + count++ }) T();
            }
            return true;
        }

        void clear()
        {
            while (count != 0)
            {
                pop_back();
            }
        }

        void swap_with(vector &other)
        {
            swap(elements, other.elements);
            swap(count, other.count);
            swap(room, other.room);
        }

    private:
        T     *elements = nullptr;
        size_t count    = 0;
        size_t room     = 0;
    };
}
