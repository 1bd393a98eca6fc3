// The tests, one function for each group of properties. Each leaves the workbench as it found it.
#pragma once

namespace properties
{
    void test_memory();
    void test_messages();
    void test_isolation();
    void test_rights();
    void test_random_calls();
}
