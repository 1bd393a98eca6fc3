// What lies below the POSIX server's process side, as plain data: spaces are pages in a map, threads registers and a state.
#pragma once

#include <posix/machine.hpp>

#include <array>
#include <map>
#include <string>
#include <vector>

namespace model
{
    using posix::word;

    struct page
    {
        std::array<uint8_t, 4096> bytes {};
    };

    struct space
    {
        std::map<word, page>    pages; ///< by address
        std::map<word, uint8_t> protection;
    };

    struct thread
    {
        word                      identifier = 0;
        word                      space      = 0;
        posix::machine::registers registers;
        bool                      runs = false;
    };

    /// What the server said to the thread whose event came last.
    enum class answer : uint8_t
    {
        none,
        value,
        registers,
    };

    extern std::map<word, space>               spaces;
    extern std::map<word, std::vector<uint8_t>> objects;
    extern std::map<uint32_t, thread>          threads; ///< by slot of their control
    extern answer                              last_answer;
    extern word                                last_value;
    extern posix::machine::registers           last_registers;
    extern posix::instant                      clock;
    extern posix::instant                      alarm;
    extern int                                 end_status; ///< −1: the system runs
    extern size_t                              thread_limit;
    extern size_t                              space_limit;
}
