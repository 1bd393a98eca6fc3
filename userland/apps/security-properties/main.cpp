#include "properties.hpp"

#include <report.hpp>
#include <workbench.hpp>

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    using namespace conformance;
    using namespace properties;
    set_up(*info, buffer);
    test_messages();
    test_isolation();
    test_rights();
    test_random_calls();
    test_memory();
    print(failure_count() == 0 ? "security properties: all hold\n" : "security properties: FAILED\n");
    finish(failure_count() == 0 ? 0 : 1);
}
