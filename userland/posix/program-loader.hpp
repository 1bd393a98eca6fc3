// From a file to a program ready to run: its memory, its stack as Linux lays it out, and where it begins.
#pragma once

#include "program-memory.hpp"

#include <runtime/string.hpp>
#include <runtime/vector.hpp>

namespace posix
{
    /// Arguments or environment: strings, each with its zero byte, one after the other.
    struct string_list
    {
        runtime::vector<char> bytes;
        size_t                count = 0;

        [[nodiscard]] bool append(runtime::text string);
    };

    inline constexpr word maximum_arguments_size = 0x2'0000; ///< bytes, as Linux allows one string

    struct program_start
    {
        program_memory *memory = nullptr;
        word            instruction_pointer = 0;
        word            stack_pointer       = 0;
    };

    struct load_request
    {
        process_state     &process;
        inode             &file;
        const char        *path; ///< for AT_EXECFN
        const string_list &arguments;
        const string_list &environment;
    };

    /// A new space with the program in it. E2BIG, ENOEXEC, ENOMEM, …; nothing is left behind then.
    result<program_start> load_program(const load_request &request);

    /// A script's first line: interpreter and at most one argument. False if the file is no script.
    struct script_line
    {
        runtime::text interpreter;
        runtime::text argument; ///< empty: none
    };
    bool read_script_line(const char *head, size_t size, script_line &line);
}
