// The tests, one function for each part of the ABI. Each leaves the workbench as it found it.
#pragma once

namespace conformance
{
    void test_init_process();
    void test_numbers();
    void test_kernel_calls();
    void test_node();
    void test_derivation();
    void test_generic();
    void test_frame();
    void test_address_space();
    void test_process();
    void test_ipc_port();
    void test_transfer();
    void test_notification_port();
    void test_io_port();
    void test_interrupts();
    void test_interrupted_revoke();
    void test_faults();
    void test_scheduler();
    void test_own_state();
}
