#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    using namespace conformance;
    set_up(*info, buffer);
    test_init_process();
    test_numbers();
    test_kernel_calls();
    test_node();
    test_derivation();
    test_generic();
    test_frame();
    test_address_space();
    test_process();
    test_ipc_port();
    test_transfer();
    test_notification_port();
    test_io_port();
    test_interrupts();
    test_interrupted_revoke();
    test_faults();
    test_scheduler();
    test_own_state();
    print(failure_count() == 0 ? "conformance: all passed\n" : "conformance: FAILED\n");
    finish(failure_count() == 0 ? 0 : 1);
}
