// NOTIFICATION_PORT (ABI section 13).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    void test_notification_port()
    {
        using operation = abi::notification_port_operation;
        constexpr word bell_slot = first_free_slot;
        constexpr word bell      = slot(bell_slot);
        constexpr word other     = slot(first_free_slot + 1); ///< a second capability, other identifier

        make(capability_type::notification_port, 0, bell_slot);
        require("copy", call(root, abi::node_operation::copy, first_free_slot + 1, bell));
        expect_success("notification_port.identify", "a word", call(bell, operation::identify, ~word { 0 }));
        require("notify", call(bell, operation::notify));
        expect_equal("notification_port.identify", "any word: all 64 flags", call(bell, operation::poll).mr[2], ~word { 0 });
        require("identify", call(bell, operation::identify, 0x1));
        require("identify", call(other, operation::identify, 0x8));

        expect_equal("notification_port.poll", "no flags", call(bell, operation::poll).mr[2], 0);
        expect_success("notification_port.poll", "never blocks", call(bell, operation::poll));
        expect_success("notification_port.notify", "nobody waits", call(bell, operation::notify));
        require("notify", call(other, operation::notify));
        require("notify", call(bell, operation::notify));
        expect_equal("notification_port.poll", "flags of all notifiers", call(bell, operation::poll).mr[2], 0x9);
        expect_equal("notification_port.poll", "takes them", call(bell, operation::poll).mr[2], 0);
        require("notify", call(other, operation::notify));
        const reply waited = call(bell, operation::wait);
        expect_success("notification_port.wait", "flags are pending", waited);
        expect_equal("notification_port.wait", "returns them", waited.mr[2], 0x8);
        expect_equal("notification_port.wait", "and takes them", call(bell, operation::poll).mr[2], 0);
        require("notify", call(other, operation::notify));
        require("notify", call(bell, operation::notify));
        expect_equal("notification_port.wait", "one receiver gets all flags", call(bell, operation::wait).mr[2], 0x9);

        worker &first = workers[0], &second = workers[1];
        require("wait", !first.start_call(bell, operation::wait));
        require("wait", !second.start_call(bell, operation::wait));
        expect_error("process_control_block.resume", "a process that waits for a notification", first.resume(),
            capability_error::illegal_operation);
        require("notify", call(other, operation::notify));
        expect_true("notification_port.wait", "the oldest waiter gets the flags",
            first.is_finished && first.result.ok() && first.result.mr[2] == 0x8 && !second.is_finished);
        expect_equal("notification_port.notify", "a waiter leaves no flags", call(bell, operation::poll).mr[2], 0);
        require("identify", call(bell, operation::identify, 0));
        expect_success("notification_port.notify", "identifier 0", call(bell, operation::notify));
        expect_true("notification_port.notify", "does nothing", !second.is_finished);
        require("notify", call(other, operation::notify));
        expect_true("notification_port.notify", "each waiter in turn", second.is_finished);

        require("wait", !first.start_call(bell, operation::wait));
        require("priority", configure_field(first.process, abi::configure_field::priority, own_priority - 1));
        require("notify", call(other, operation::notify));
        expect_true("notification_port.notify", "who notifies a less important waiter goes on", !first.is_finished);
        require("priority", configure_field(first.process, abi::configure_field::priority, worker_priority));
        expect_true("notification_port.notify", "and that waiter is ready", first.is_finished && first.result.mr[2] == 0x8);

        const auto denied = capability_error::permission_denied;
        const word unwritable = mint(bell, without(capability_rights::write));
        expect_error("notification_port.notify", "without write", call(unwritable, operation::notify), denied);
        const word unreadable = mint(bell, without(capability_rights::read));
        expect_error("notification_port.wait", "without read", call(unreadable, operation::wait), denied);
        expect_error("notification_port.poll", "without read", call(unreadable, operation::poll), denied);
        const word unmodifiable = mint(bell, without(capability_rights::modify));
        expect_error("notification_port.identify", "without modify", call(unmodifiable, operation::identify, 1), denied);
        expect_error("notification_port", "unknown operation", call(bell, 0), capability_error::illegal_operation);
        expect_error("notification_port", "unknown operation 5", call(bell, 5), capability_error::illegal_operation);

        require("wait", !first.start_call(bell, operation::wait));
        require("revoke", call(root, abi::node_operation::revoke, bell_slot));
        expect_error("notification_port.wait", "the port is revoked", first.result, capability_error::invalid_descriptor);
        require("notify", call(other, operation::notify));
        require("revoke", call(root, abi::node_operation::revoke, bell_slot));
        expect_equal("node.revoke", "of a notification port clears its flags", call(bell, operation::poll).mr[2], 0);
        clean_up();
    }
}
