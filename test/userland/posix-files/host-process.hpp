// A process for tests of the file side on the host: its memory is the host's own, the rest of the system a record of what was asked of it.
#pragma once

#include <posix/call.hpp>
#include <posix/file-service.hpp>

#include <string>
#include <utility>
#include <vector>

namespace host
{
    using posix::word;

    /// What the file side asked of the process side, and what that answers.
    struct process_side
    {
        std::vector<std::pair<int32_t, int>> group_signals;
        std::vector<int>                     caller_signals;
        std::vector<int>                     ignored; ///< signals that callers ignore
        bool                                 is_orphaned = false;
        uint64_t                             now         = 1'000'000'000; ///< nanoseconds since boot
        word                                 memory      = word { 64 } << 20;
        std::vector<posix::process_state *>  processes; ///< for /proc
    };

    extern process_side others;

    /// Nanoseconds from 1970 to the boot.
    inline constexpr uint64_t boot_time = 1'700'000'000'000'000'000;

    struct memory final : posix::user_memory
    {
        /// Everything but the first 64 KiB: a null pointer, and what is near, is a bad one.
        posix::result<posix::user_span> reach(word address, word size, posix::user_access) override;
    };

    struct console final : posix::console_device
    {
        word write(const uint8_t *data, word size) override;

        std::string shown;
        word        room = ~word { 0 };
    };

    /// Ends the file side: all its memory is free again, once no process is left.
    void stop_files();

    struct process
    {
        process(int32_t identifier, uint32_t user);
        ~process();
        process(const process &)            = delete;
        process &operator=(const process &) = delete;

        posix::process_state state {};
        memory               own_memory;
        posix::ready_list    ready;
        posix::waiter        wait { ready };
        posix::outcome       last { word { 0 } };

        template<typename... Arguments>
        int64_t operator()(word number, Arguments... arguments)
        {
            const word all[] { to_word(arguments)..., 0, 0, 0, 0, 0, 0 };
            return begin(number, all);
        }

        /// Begins a call: its result as a program would see it, or `waiting`.
        int64_t begin(word number, const word *arguments);

        /// Runs the waiting call again, if it was woken or its deadline has passed.
        int64_t resume();

        /// A signal ends the wait.
        void interrupt();

        static constexpr int64_t waiting = INT64_MIN;

    private:
        template<typename T>
        static word to_word(T *pointer)
        {
            return reinterpret_cast<word>(pointer);
        }

        static word to_word(decltype(nullptr))
        {
            return 0;
        }

        static word to_word(long number)
        {
            return static_cast<word>(number);
        }

        static word to_word(int number)
        {
            return static_cast<word>(static_cast<long>(number));
        }

        static word to_word(word number)
        {
            return number;
        }

        static word to_word(unsigned number)
        {
            return number;
        }

        int64_t run();

        word current_number = 0;
        word current_arguments[6] {};
    };
}
