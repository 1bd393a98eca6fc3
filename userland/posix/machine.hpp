// What lies below the process side: spaces and memory of ULMM, control blocks of the kernel, the console and the clock.
// machine.cpp does it on A9N; tests on the host put a model in its place.
#pragma once

#include "errors.hpp"
#include "wait-queue.hpp"

#include <a9n/abi.hpp>

namespace posix::machine
{
    using a9n::abi::context_register;
    using a9n::abi::context_register_count;

    /// A thread's registers, in the order of `context_register`.
    struct registers
    {
        word words[context_register_count] {};

        word &operator[](context_register which)
        {
            return words[static_cast<size_t>(which)];
        }

        word operator[](context_register which) const
        {
            return words[static_cast<size_t>(which)];
        }
    };

    /// PROT_… of mmap.
    enum protection : uint8_t
    {
        no_access = 0,
        readable  = 1,
        writable  = 2,
        executable = 4,
    };

    // ---- Spaces: handles of ULMM ---------------------------------------------------------------------------------------

    using space  = word;
    using object = word;

    result<space> create_space();
    result<space> clone_space(space from);
    void          destroy_space(space gone);

    /// Zeroed memory in place of what is at those addresses.
    status map(space where, word address, word size, uint8_t protection, bool shared);
    /// Pages of an object; `copied`: private copies once written.
    status map(space where, word address, word size, uint8_t protection, object source, word offset, bool copied);
    status unmap(space where, word address, word size);
    status protect(space where, word address, word size, uint8_t protection);

    enum class attempt : uint8_t
    {
        read,
        write,
        execute,
    };

    /// Makes the page at `address` present. efault: nothing there; eacces: not permitted; enomem.
    status resolve_fault(space where, word address, attempt attempted);

    struct space_usage
    {
        word mapped;
        word present;
    };
    space_usage usage(space of);

    // ---- Memory objects ------------------------------------------------------------------------------------------------

    result<object> create_object(word size);
    void           release_object(object gone);

    /// The whole object in the server's own space, until `hide_object`.
    result<uint8_t *> show_object(object shown, word size);
    void              hide_object(uint8_t *shown, word size);

    /// A page of a program in the server's own space. Valid until the next call of a function of this file that changes the space, or of this one.
    result<uint8_t *> reach_page(space where, word page_address, bool for_writing);

    // ---- Threads: control blocks with a root node that holds the port to this server, and nothing else -----------------------

    struct control
    {
        uint32_t slot    = 0; ///< in the server's own node; 0: none
        word     process = 0; ///< handles of ULMM
        word     node    = 0;
    };

    /// A thread in that space, not yet running. Its messages and faults come with `identifier`.
    result<control> make_thread(space where, word identifier);
    void            release_thread(control &gone);

    void suspend(const control &thread);
    void resume(const control &thread);
    void read_registers(const control &thread, registers &values);
    /// False if the kernel refuses them: an address that no user may have.
    bool write_registers(const control &thread, const registers &values);

    // ---- Messages --------------------------------------------------------------------------------------------------------

    enum class door : uint8_t
    {
        message, ///< a call by IPC
        fault,   ///< an unknown kernel call: the registers have come along
    };

    struct event
    {
        enum class kind : uint8_t
        {
            call,         ///< number and arguments
            memory_fault, ///< address and error code
            exception,    ///< other fault: type, and vector·2^32 + error code
            notification, ///< flags
        };

        kind what       = kind::notification;
        door through    = door::message;
        word identifier = 0;
        word number     = 0;
        word arguments[6] {};
        word type = 0, program_counter = 0, address = 0, code = 0;
        word flags = 0;
    };

    inline constexpr word console_flag = 2; ///< the console has input, or room for output
    inline constexpr word timer_flag   = 4; ///< the alarm went off
    inline constexpr word restart_flag = word { 1 } << 63; ///< a driver was started again: see `reattach_devices`

    /// Answers to the thread whose event came last; the others' wait until they are suspended and resumed.
    void reply_value(word value);
    void reply_registers(const registers &values);
    void reply_nothing();
    /// The answer goes out now, so that its thread may be looked at.
    void flush_reply();

    /// The next event, after the answer if there is one. `context`: registers of a fault-door call.
    event next_event(registers &context);

    // ---- Console and time ------------------------------------------------------------------------------------------------

    word write_console(const uint8_t *data, word size);
    word read_console(uint8_t *data, word size);

    /// The drivers have forgotten the server.
    void reattach_devices();

    instant monotonic_now();
    uint64_t real_time_now();
    void     set_alarm(instant when); ///< `never`: none
    void     fill_random(uint8_t *data, word size);

    struct memory_usage
    {
        word total, free;
    };
    memory_usage memory();

    /// A line on the kernel's console: the call trace, and complaints.
    void log(const char *line, word length);

    /// The first program has ended: so does the machine.
    void end(int status);
}
