// Spaces, objects and windows: ULMM's side of machine.hpp.
#include "machine.hpp"
#include "memory-server.hpp"
#include "user-memory.hpp"

#include <runtime/utility.hpp>

namespace posix::machine
{
    namespace
    {
        using ulmm::request;

        constexpr size_t window_count  = 32; ///< of one space
        constexpr size_t maximum_spaces = 512;

        constexpr word window_area      = 0x18'0000'0000;
        constexpr word window_area_size = window_count * page_size; ///< of one space

        constexpr word no_page = 1; // never page-aligned

        struct window
        {
            word page        = no_page;
            bool is_writable = false;
        };

        /// A space is known here by its place in this table, which also is the place of its windows.
        struct space_entry
        {
            word   handle = 0; ///< ULMM's; 0: unused
            size_t open_windows = 0;
            window windows[window_count];
        };

        constinit space_entry spaces[maximum_spaces];

        space_entry &entry_of(space which)
        {
            return spaces[which];
        }

        word window_address(space which, size_t index)
        {
            return window_area + which * window_area_size + index * page_size;
        }

        size_t window_index(word page)
        {
            return (page / page_size * 0x9e37'79b9'7f4a'7c15) >> 59;
        }
        static_assert(window_count == 1 << (64 - 59));

        void close(space which, size_t index)
        {
            space_entry &entry = entry_of(which);
            (void)ask(request::close_window, window_address(which, index), page_size);
            entry.windows[index] = {};
            --entry.open_windows;
        }

        /// Windows that would show what no longer is there.
        void close_windows(space which, word address, word size)
        {
            space_entry &entry = entry_of(which);
            for (size_t i = 0; i < window_count && entry.open_windows != 0; ++i)
            {
                const word page = entry.windows[i].page;
                if (page != no_page && page >= address && page - address < size)
                {
                    close(which, i);
                }
            }
        }

        result<space> enter(const memory_answer &answer)
        {
            if (!answer)
            {
                return to_error(answer.code);
            }
            for (size_t i = 1; i < maximum_spaces; ++i)
            {
                if (spaces[i].handle == 0)
                {
                    spaces[i]        = {};
                    spaces[i].handle = answer.values[0];
                    return space { i };
                }
            }
            (void)ask(request::destroy_space, answer.values[0]);
            return error::enomem;
        }

        status outcome_of(const memory_answer &answer)
        {
            return to_error(answer.code);
        }

        ulmm::access to_access(uint8_t protection)
        {
            return static_cast<ulmm::access>(protection);
        }

        constexpr word operator|(ulmm::access access, ulmm::map_flags flags)
        {
            return static_cast<word>(access) | static_cast<word>(flags);
        }
    }

    result<space> create_space()
    {
        return enter(ask(request::create_space));
    }

    result<space> clone_space(space from)
    {
        // What is written through a window from now on must not reach the clone: the window is opened again then.
        for (window &each : entry_of(from).windows)
        {
            each.is_writable = false;
        }
        return enter(ask(request::clone_space, entry_of(from).handle));
    }

    void destroy_space(space gone)
    {
        if (entry_of(gone).open_windows != 0)
        {
            (void)ask(request::close_window, window_address(gone, 0), window_area_size);
        }
        (void)ask(request::destroy_space, entry_of(gone).handle);
        entry_of(gone) = {};
    }

    word handle_of(space which)
    {
        return entry_of(which).handle;
    }

    status map(space where, word address, word size, uint8_t protection, bool shared)
    {
        close_windows(where, address, size);
        const ulmm::map_flags flags = shared ? ulmm::map_flags::fixed | ulmm::map_flags::shared : ulmm::map_flags::fixed;
        return outcome_of(ask(request::map, entry_of(where).handle, address, size, to_access(protection) | flags));
    }

    status map(space where, word address, word size, uint8_t protection, object source, word offset, bool copied)
    {
        close_windows(where, address, size);
        const ulmm::map_flags flags
            = copied ? ulmm::map_flags::fixed | ulmm::map_flags::copy_on_write : ulmm::map_flags::fixed;
        return outcome_of(ask(request::map_object, entry_of(where).handle, address, size,
            source << 32 | (to_access(protection) | flags), offset));
    }

    status unmap(space where, word address, word size)
    {
        close_windows(where, address, size);
        return outcome_of(ask(request::unmap, entry_of(where).handle, address, size));
    }

    status protect(space where, word address, word size, uint8_t protection)
    {
        close_windows(where, address, size);
        return outcome_of(ask(request::protect, entry_of(where).handle, address, size, to_access(protection)));
    }

    status resolve_fault(space where, word address, attempt attempted)
    {
        const memory_answer answer
            = ask(request::resolve_fault, entry_of(where).handle, address, static_cast<ulmm::fault_access>(attempted));
        if (answer && answer.values[0] != 0)
        {
            close_windows(where, address, page_size);
        }
        return outcome_of(answer);
    }

    space_usage usage(space of)
    {
        const memory_answer answer = ask(request::statistics, entry_of(of).handle);
        return answer ? space_usage { answer.values[0], answer.values[1] } : space_usage {};
    }

    result<object> create_object(word size)
    {
        const memory_answer answer = ask(request::create_object, size);
        return answer ? result<object> { answer.values[0] } : result<object> { to_error(answer.code) };
    }

    void release_object(object gone)
    {
        (void)ask(request::release_object, gone);
    }

    result<uint8_t *> show_object(object shown, word size)
    {
        const memory_answer answer = ask(request::map_object, ulmm::own_space, 0, size,
            shown << 32 | (ulmm::access::read_write | ulmm::map_flags::commit), 0);
        return answer ? result<uint8_t *> { reinterpret_cast<uint8_t *>(answer.values[0]) }
                      : result<uint8_t *> { to_error(answer.code) };
    }

    void hide_object(uint8_t *shown, word size)
    {
        (void)ask(request::unmap, ulmm::own_space, reinterpret_cast<word>(shown), size);
    }

    result<uint8_t *> reach_page(space where, word page_address, bool for_writing)
    {
        space_entry &entry   = entry_of(where);
        const size_t index   = window_index(page_address);
        window      &cached  = entry.windows[index];
        const word   address = window_address(where, index);
        if (cached.page == page_address && (cached.is_writable || !for_writing))
        {
            return reinterpret_cast<uint8_t *>(address);
        }
        const memory_answer answer = ask(request::open_window, entry.handle, page_address, page_size,
            for_writing ? ulmm::access::read_write : ulmm::access::read, address);
        if (!answer)
        {
            return to_error(answer.code);
        }
        entry.open_windows += cached.page == no_page ? 1 : 0;
        cached = { page_address, for_writing };
        return reinterpret_cast<uint8_t *>(address);
    }

    memory_usage memory()
    {
        const memory_answer own = ask(request::own_statistics);
        if (!own)
        {
            return {};
        }
        const word   used = own.values[0], limit = own.values[1];
        memory_usage usage { limit, used < limit ? limit - used : 0 };
        // The limit may be more than there is; who may not see that sees the limit.
        if (const memory_answer machine = ask(request::system_statistics, 0))
        {
            usage.total = runtime::minimum(usage.total, machine.values[0]);
            usage.free  = runtime::minimum(usage.free, machine.values[1]);
        }
        return usage;
    }
}
