// Shared ownership: an object counts the references to it and ends with the last.
#pragma once

#include <runtime/heap.hpp>

namespace runtime
{
    /// To be derived from by what is shared. Starts without references.
    class counted
    {
    public:
        counted() = default;

        counted(const counted &)            = delete;
        counted &operator=(const counted &) = delete;

        size_t reference_count() const
        {
            return references;
        }

    private:
        template<typename T>
        friend class reference;

        size_t references = 0;
    };

    /// Refers to a `T` made by `create`, or to none. `T` ends by `dispose(T *)`, found where `T` is declared, so that it may be part of something else.
    template<typename T>
    class reference
    {
    public:
        reference() = default;

        reference(decltype(nullptr))
        {
        }

        explicit reference(T *object) : target(object)
        {
            if (target != nullptr)
            {
                ++counter();
            }
        }

        reference(const reference &other) : reference(other.target)
        {
        }

        reference(reference &&other) noexcept : target(other.target)
        {
            other.target = nullptr;
        }

        reference &operator=(const reference &other)
        {
            reference copy { other };
            swap(target, copy.target);
            return *this;
        }

        reference &operator=(reference &&other) noexcept
        {
            reference taken { move(other) };
            swap(target, taken.target);
            return *this;
        }

        ~reference()
        {
            if (target != nullptr && --counter() == 0)
            {
                dispose(target);
            }
        }

        /// The object with its reference, which `take_back` returns.
        T *leave()
        {
            T *left = target;
            target  = nullptr;
            return left;
        }

        /// Ends a reference that was left.
        static void take_back(T *object)
        {
            reference taken;
            taken.target = object;
        }

        T *get() const
        {
            return target;
        }

        T *operator->() const
        {
            return target;
        }

        T &operator*() const
        {
            return *target;
        }

        explicit operator bool() const
        {
            return target != nullptr;
        }

        friend bool operator==(const reference &a, const reference &b)
        {
            return a.target == b.target;
        }

    private:
        size_t &counter() const
        {
            return static_cast<counted *>(target)->references;
        }

        T *target = nullptr;
    };
}
