// One line for each thing that was checked: `ok TYPE.OPERATION OUTCOME: DETAIL` or `FAIL … expected … got …`.
#pragma once

#include "kernel-call.hpp"

namespace conformance
{
    void print(const char *text);
    void print(word value);

    /// How many checks failed so far.
    word failure_count();

    /// The operation succeeded.
    void expect_success(const char *operation, const char *detail, const reply &got);

    /// The operation failed with `wanted` and changed no message register but MR0 and MR1.
    void expect_error(const char *operation, const char *detail, const reply &got, capability_error wanted);

    /// A value is what the operation should have made it. Counts as an outcome `success`.
    void expect_equal(const char *operation, const char *detail, word got, word wanted);

    inline void expect_true(const char *operation, const char *detail, bool holds)
    {
        expect_equal(operation, detail, holds ? 1 : 0, 1);
    }

    /// Preparation that cannot be done without ends the run.
    void require(const char *what, bool holds);
    reply require(const char *what, const reply &got);

    /// Ends the machine: exit code 0 for success. Uses the initial I/O port capability.
    [[noreturn]] void finish(word code);
}
