// A sequence of calls on files as text: one call a line, by Linux's name, its arguments separated by blanks.
//   12 -100 0x41    a number
//   'a/b\x00'       a string
//   <100            the address of 100 bytes to write
//   >100            the address of room for 100 bytes
//   {1,2}           the address of a structure of 64-bit words
//   !               a bad address
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sequence
{
    struct number { int64_t value; };
    struct path { std::string value; };
    struct input { uint32_t size; };
    struct output { uint32_t size; };
    struct structure { std::vector<uint64_t> words; };
    struct bad_address {};

    using argument = std::variant<number, path, input, output, structure, bad_address>;

    struct operation
    {
        std::string           name;
        std::vector<argument> arguments;
    };

    std::string to_text(const operation &call);

    /// Ends the program with a message if the line is none.
    operation parse(const std::string &line);

    /// Linux's number of a call; nullopt if it is none of those compared.
    std::optional<long> number_of(const std::string &name);

    /// For root, without device nodes: where a host lets them be made it may not let them be opened.
    std::vector<operation> generate(uint64_t seed, size_t length, bool as_root);
}
