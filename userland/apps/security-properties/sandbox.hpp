// A process in an address space of its own, with a capability space of its own. Its code is that of the test program; all it can write
// is one page, which the test has mapped, too.
#pragma once

#include <workbench.hpp>

namespace properties
{
    using conformance::word;

    enum class sandbox_action : word
    {
        read,         ///< reads `value` into `result`
        random_calls, ///< makes `count` kernel calls made up from `seed`, whose results go into `transcript`
    };

    struct sandbox_page
    {
        sandbox_action action;
        word           value;
        word           result;
        word           seed;
        word           count;
        word           calls; ///< made so far
        word           transcript;
    };

    /// The test's view of the page.
    inline sandbox_page *const sandbox = reinterpret_cast<sandbox_page *>(0x3000'0000);

    // Slots of the test's root node.
    constexpr word sandbox_memory = 100; ///< Generic that the sandbox is made of; the next are its parts
    constexpr word sandbox_faults = conformance::slot(130); ///< its resolver port

    /// What the sandbox has: slots of its root node.
    constexpr word sandbox_radix = 5;
    enum class own : word
    {
        space = 1, root, memory, frame, table, port, bell, other_process, io_port, interrupt, node, buffer, end,
    };
    constexpr word sandbox_node_radix = 3;

    constexpr word sandbox_memory_bits = 20;

    /// Makes it of the Generic in slot sandbox_memory. It is suspended, its page zero.
    void build_sandbox();

    /// Lets it run until it blocks or faults.
    void run_sandbox(sandbox_action action, word value);

    /// Takes back all of it.
    void remove_sandbox();
}
