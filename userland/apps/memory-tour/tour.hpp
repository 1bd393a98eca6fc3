// What the stops of the tour share.
#pragma once

#include <koito/process-layout.hpp>
#include <runtime/program.hpp>
#include <ulmm/memory.hpp>

namespace tour
{
    using a9n::word;
    using runtime::write_line;

    inline constexpr ulmm::memory_service memory { a9n::ipc_port { koito::own_slot(koito::client_slot::memory_port) } };

    inline constexpr word page_size = a9n::abi::page_size;
    inline constexpr word kibibyte  = 1024;
    inline constexpr word mebibyte  = 1024 * kibibyte;

    /// Ends the tour with a line that says where.
    [[noreturn]] void fail(const char *where, const char *what);
    [[noreturn]] void fail(const char *where, const char *step, ulmm::reply_code code);

    inline void require(const char *where, const char *step, ulmm::reply_code code)
    {
        if (code != ulmm::reply_code::ok)
        {
            fail(where, step, code);
        }
    }

    inline void require(const char *where, const char *step, a9n::status status)
    {
        if (!status)
        {
            fail(where, step);
        }
    }

    template<typename T>
    T require(const char *where, const char *step, const ulmm::answer<T> &reply)
    {
        require(where, step, reply.code);
        return reply.value;
    }

    inline volatile word &word_at(word address)
    {
        return *reinterpret_cast<volatile word *>(address);
    }

    /// New memory must be zero, whoever had it before.
    bool is_zero(word address, word size);

    /// Writes a word at the start of every page, then reads all of them back. Returns how many differ.
    word write_and_read_back(word address, word size, word stop_number);

    void show_demand_paging();
    void show_clone();
    void show_shared_object();
    void show_interface_for_c();
    void show_thread();
    void show_limit();
    void show_policies();
}
