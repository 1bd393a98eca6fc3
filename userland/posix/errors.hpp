// Errors as Linux on x86-64 numbers them, and the types that carry one instead of a value.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace posix
{
    using word = uint64_t;

    /// Lower case, because <errno.h> of a host has macros of the other names.
    enum class error : int32_t
    {
        none            = 0,
        eperm           = 1,
        enoent          = 2,
        esrch           = 3,
        eintr           = 4,
        eio             = 5,
        enxio           = 6,
        e2big           = 7,
        enoexec         = 8,
        ebadf           = 9,
        echild          = 10,
        eagain          = 11,
        enomem          = 12,
        eacces          = 13,
        efault          = 14,
        enotblk         = 15,
        ebusy           = 16,
        eexist          = 17,
        exdev           = 18,
        enodev          = 19,
        enotdir         = 20,
        eisdir          = 21,
        einval          = 22,
        enfile          = 23,
        emfile          = 24,
        enotty          = 25,
        etxtbsy         = 26,
        efbig           = 27,
        enospc          = 28,
        espipe          = 29,
        erofs           = 30,
        emlink          = 31,
        epipe           = 32,
        edom            = 33,
        erange          = 34,
        edeadlk         = 35,
        enametoolong    = 36,
        enolck          = 37,
        enosys          = 38,
        enotempty       = 39,
        eloop           = 40,
        enodata         = 61,
        etime           = 62,
        eproto          = 71,
        ebadmsg         = 74,
        eoverflow       = 75,
        eilseq          = 84,
        eusers          = 87,
        enotsock        = 88,
        eprotonosupport = 93,
        eopnotsupp      = 95,
        eafnosupport    = 97,
        enobufs         = 105,
        etimedout       = 110,
        ealready        = 114,
        ecanceled       = 125,
        eownerdead      = 130,
        enotrecoverable = 131,
    };

    /// Success, or why not.
    struct [[nodiscard]] status
    {
        error reason = error::none;

        constexpr status() = default;

        constexpr status(error why) : reason(why)
        {
        }

        constexpr explicit operator bool() const
        {
            return reason == error::none;
        }
    };

    /// A `T`, or why there is none. `operator*` may be used only after a test for success.
    template<typename T>
    struct [[nodiscard]] result
    {
        error reason = error::none;
        T     value {};

        constexpr result(T success) : value(static_cast<T &&>(success))
        {
        }

        constexpr result(error why) : reason(why)
        {
        }

        constexpr explicit operator bool() const
        {
            return reason == error::none;
        }

        constexpr T &operator*()
        {
            return value;
        }

        constexpr const T &operator*() const
        {
            return value;
        }

        constexpr T *operator->()
        {
            return &value;
        }

        constexpr const T *operator->() const
        {
            return &value;
        }
    };
}
