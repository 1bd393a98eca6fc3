// What a library would give: moving and forwarding, construction in place.
#pragma once

#include <stddef.h>

namespace runtime
{
    template<typename T>
    struct without_reference
    {
        using type = T;
    };

    template<typename T>
    struct without_reference<T &>
    {
        using type = T;
    };

    template<typename T>
    struct without_reference<T &&>
    {
        using type = T;
    };

    template<typename T>
    constexpr typename without_reference<T>::type &&move(T &&value)
    {
        return static_cast<typename without_reference<T>::type &&>(value);
    }

    template<typename T>
    constexpr T &&forward(typename without_reference<T>::type &value)
    {
        return static_cast<T &&>(value);
    }

    template<typename T>
    constexpr void swap(T &a, T &b)
    {
        T kept = move(a);
        a      = move(b);
        b      = move(kept);
    }

    template<typename T>
    constexpr T minimum(T a, T b)
    {
        return a < b ? a : b;
    }

    template<typename T>
    constexpr T maximum(T a, T b)
    {
        return a < b ? b : a;
    }

    /// Says that an object is to be constructed at a given place; the standard's own form needs a header not every compiler brings.
    struct in_place
    {
        void *address;
    };
}

inline void *operator new(size_t, runtime::in_place place) noexcept
{
    return place.address;
}

inline void operator delete(void *, runtime::in_place) noexcept
{
}
