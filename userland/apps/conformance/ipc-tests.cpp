// IPC_PORT (ABI section 12) without capability transfer.
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using operation = abi::ipc_port_operation;
        using field     = abi::configure_field;

        constexpr word port_slot = first_free_slot;
        constexpr word port      = slot(port_slot);
        constexpr word other_slot = first_free_slot + 1;
        constexpr word other      = slot(other_slot);
        constexpr word badge_slot = first_free_slot + 2; ///< a second capability to the port, other identifier
        constexpr word badge      = slot(badge_slot);
        constexpr word bell_slot  = first_free_slot + 3;
        constexpr word bell       = slot(bell_slot);
        constexpr word scratch    = first_free_slot + 4;

        constexpr word blocking(word length = 0)
        {
            return message_info { true, length }.value;
        }

        constexpr word polling(word length = 0)
        {
            return message_info { false, length }.value;
        }

        constexpr word preset = word { 1 } << 63; ///< in MR2: survives if nothing was received

        constexpr message_info notified { false, 0, 0, message_source::notification };

        /// MR2 to MR9 are those of the request.
        bool keeps_message_registers(const reply &got, const register_file &request)
        {
            const word wanted[] = { request.rdx, request.r8, request.r9, request.r10, request.r12, request.r13, request.r14,
                request.r15 };
            bool same = true;
            for (word i = 2; i < abi::hardware_message_registers; ++i)
            {
                same &= got.mr[i] == wanted[i - 2];
            }
            return same;
        }

        void test_arguments()
        {
            const auto invalid = capability_error::invalid_argument;
            struct
            {
                operation   what;
                const char *name;
            } const each_operation[] = {
                { operation::send, "ipc_port.send" },
                { operation::receive, "ipc_port.receive" },
                { operation::call, "ipc_port.call" },
                { operation::reply, "ipc_port.reply" },
                { operation::reply_receive, "ipc_port.reply_receive" },
            };
            for (const auto &each : each_operation)
            {
                expect_error(each.name, "source fault", call(port, each.what, message_info { false, 0, 0, message_source::fault }.value), invalid);
                expect_error(each.name, "source notification",
                    call(port, each.what, message_info { false, 0, 0, message_source::notification }.value), invalid);
                expect_error(each.name, "source 3", call(port, each.what, word { 3 } << 13), invalid);
            }
            expect_success("ipc_port.identify", "any word", call(port, operation::identify, ~word { 0 }));
            expect_error("ipc_port", "unknown operation", call(port, 0), capability_error::illegal_operation);
            expect_error("ipc_port", "unknown operation 7", call(port, 7), capability_error::illegal_operation);

            const auto denied = capability_error::permission_denied;
            const word unwritable = mint(port, without(capability_rights::write));
            expect_error("ipc_port.send", "without write", call(unwritable, operation::send, polling()), denied);
            expect_error("ipc_port.call", "without write", call(unwritable, operation::call, polling()), denied);
            const word unreadable = mint(port, without(capability_rights::read));
            expect_error("ipc_port.receive", "without read", call(unreadable, operation::receive, polling()), denied);
            expect_error("ipc_port.reply_receive", "without read", call(unreadable, operation::reply_receive, polling()), denied);
            const word unmodifiable = mint(port, without(capability_rights::modify));
            expect_error("ipc_port.identify", "without modify", call(unmodifiable, operation::identify, 1), denied);
            const word powerless = mint(port, capability_rights::none);
            expect_success("ipc_port.reply", "needs no right", call(powerless, operation::reply, polling()));
        }

        void test_polling()
        {
            expect_success("ipc_port.send", "not blocking, nobody there", call(port, operation::send, polling()));
            expect_success("ipc_port.call", "not blocking, nobody there", call(port, operation::call, polling()));
            const reply got = call(port, operation::receive, polling() | preset);
            expect_success("ipc_port.receive", "not blocking, nobody there", got);
            expect_equal("ipc_port.receive", "message registers are unchanged", got.mr[2], preset);
            expect_success("ipc_port.reply_receive", "not blocking, nobody there", call(port, operation::reply_receive, polling()));
            expect_success("ipc_port.reply", "nobody waits for a reply", call(port, operation::reply, blocking(2)));

            struct
            {
                operation   what;
                const char *name;
            } const each_operation[] = {
                { operation::send, "ipc_port.send" },
                { operation::call, "ipc_port.call" },
                { operation::reply, "ipc_port.reply" },
                { operation::reply_receive, "ipc_port.reply_receive" },
            };
            for (const auto &each : each_operation)
            {
                const register_file request = prepare(port, each.what, polling(2) | preset, 3, 4, 5, 6, 7, 8, 9);
                const reply         result  = perform(request);
                expect_true(each.name, "with nobody there changes no message register",
                    result.ok() && keeps_message_registers(result, request));
            }
            expect_equal("ipc_port.receive", "and has queued nobody", call(port, operation::receive, polling() | preset).mr[2], preset);
        }

        void test_send_receive()
        {
            require("identify", call(badge, operation::identify, 0xba5e));
            worker &sender = workers[0];

            require("send blocks", !sender.start_call(badge, operation::send, blocking(3) | preset, 99, 1, 2, 3));
            const reply got = call(port, operation::receive, blocking());
            expect_success("ipc_port.receive", "a queued sender", got);
            expect_equal("ipc_port.receive", "message_info, unused bits 0", got.mr[2], blocking(3));
            expect_equal("ipc_port.receive", "the identifier is that of the capability used to send", got.mr[3], 0xba5e);
            expect_true("ipc_port.receive", "the payload", got.mr[4] == 1 && got.mr[5] == 2 && got.mr[6] == 3);
            expect_equal("ipc_port.receive", "no more than the payload", got.mr[7], unused_argument);
            expect_true("ipc_port.send", "a queued sender ends", sender.is_finished && sender.result.ok());
            expect_equal("ipc_port.send", "its message registers are unchanged", sender.result.mr[3], 99);

            worker &receiver = workers[1];
            require("receive blocks", !receiver.start_call(port, operation::receive, blocking()));
            expect_success("ipc_port.send", "a receiver waits", call(badge, operation::send, polling(1), 0, 77));
            expect_true("ipc_port.receive", "a waiting receiver ends", receiver.is_finished && receiver.result.ok()
                    && receiver.result.mr[4] == 77 && receiver.result.mr[3] == 0xba5e);

            // The identifier is fixed when the send starts.
            require("send blocks", !sender.start_call(badge, operation::send, blocking()));
            require("identify", call(badge, operation::identify, 0xf00d));
            expect_equal("ipc_port.identify", "changes no message under way", call(port, operation::receive, blocking()).mr[3], 0xba5e);
            require("identify", call(badge, operation::identify, 0xba5e));
            require("identify", call(port, operation::identify, 0x11));
            require("send blocks", !sender.start_call(badge, operation::send, blocking()));
            expect_equal("ipc_port.identify", "changes one slot only", call(port, operation::receive, blocking()).mr[3], 0xba5e);

            // First in, first out.
            for (word i = 0; i < 3; ++i)
            {
                require("send blocks", !workers[i].start_call(port, operation::send, blocking(1), 0, i));
            }
            bool in_order = true;
            for (word i = 0; i < 3; ++i)
            {
                in_order &= call(port, operation::receive, blocking()).mr[4] == i;
            }
            expect_true("ipc_port.receive", "senders are first in, first out", in_order);
            for (word i = 0; i < 3; ++i)
            {
                require("receive blocks", !workers[i].start_call(port, operation::receive, blocking()));
            }
            for (word i = 0; i < 3; ++i)
            {
                require("send", call(port, operation::send, polling(1), 0, i));
                in_order &= workers[i].is_finished && workers[i].result.mr[4] == i;
            }
            expect_true("ipc_port.send", "receivers are first in, first out", in_order);
        }

        void test_long_messages()
        {
            constexpr word longest = 255;
            worker &sender = workers[0];
            for (word i = 10; i < 4 + longest; ++i)
            {
                sender.buffer->messages[i] = i * 3;
                ipc_buffer->messages[i]    = 0;
            }
            ipc_buffer->messages[5]           = 0x5e1f;
            ipc_buffer->messages[4 + longest] = 0x7a11;
            require("send blocks", !sender.start_call(port, operation::send, blocking(longest), 0, 1, 2, 3, 4, 5, 6));
            const reply got = call(port, operation::receive, blocking());
            bool same = got.ok() && got.mr[9] == 6;
            for (word i = 10; i < 4 + longest; ++i)
            {
                same &= ipc_buffer->messages[i] == i * 3;
            }
            expect_true("ipc_port.receive", "255 words", same);
            expect_true("ipc_port.receive", "the buffer is written nowhere else",
                ipc_buffer->messages[5] == 0x5e1f && ipc_buffer->messages[4 + longest] == 0x7a11);
        }

        void test_call_reply()
        {
            worker &client = workers[0];
            require("call blocks", !client.start_call(badge, operation::call, blocking(2) | preset, 0, 10, 20));
            const reply request = call(port, operation::receive, blocking());
            expect_equal("ipc_port.call", "message_info, unused bits 0", request.mr[2], blocking(2));
            expect_equal("ipc_port.call", "the identifier is that of the capability used to call", request.mr[3], 0xba5e);
            expect_true("ipc_port.call", "a queued caller is received", request.ok() && request.mr[4] == 10 && request.mr[5] == 20);
            expect_true("ipc_port.call", "and waits for the reply", !client.is_finished);
            expect_error("process_control_block.resume", "a process that waits for a reply", client.resume(),
                capability_error::illegal_operation);
            expect_success("ipc_port.reply", "through any port", call(other, operation::reply, blocking(1) | preset, 77, 30));
            expect_true("ipc_port.call", "ends with the reply", client.is_finished && client.result.ok());
            expect_equal("ipc_port.call", "message_info of the reply, unused bits 0", client.result.mr[2], blocking(1));
            expect_equal("ipc_port.call", "identifier 0", client.result.mr[3], 0);
            expect_equal("ipc_port.call", "payload of the reply", client.result.mr[4], 30);
            expect_success("ipc_port.reply", "a second time has no effect", call(port, operation::reply, blocking(1), 0, 31));

            // A waiting server: the caller waits for the reply whatever `block` says.
            worker &server = workers[1];
            require("server waits", !server.start_call(port, operation::receive, blocking()));
            require("call", !client.start_call(port, operation::call, polling(1), 0, 5));
            expect_true("ipc_port.call", "not blocking, a receiver waits: delivered", server.is_finished && server.result.mr[4] == 5);
            expect_true("ipc_port.call", "and waits for the reply, too", !client.is_finished);
            require("reply", server.start_call(port, operation::reply, blocking(1), 0, 6));
            expect_equal("ipc_port.reply", "reaches the caller", client.result.mr[4], 6);

            // A plain send creates no reply authority.
            require("send", !client.start_call(port, operation::send, blocking()));
            require("receive", call(port, operation::receive, blocking()));
            require("finished", client.is_finished);
            expect_success("ipc_port.reply", "after a plain send has no effect", call(port, operation::reply, blocking()));
        }

        /// Who holds the right to reply: the process that received, for one caller.
        void test_reply_authority()
        {
            worker &client = workers[0], &server = workers[1];
            require("call", !client.start_call(port, operation::call, blocking()));
            require("server takes it", server.start_call(port, operation::receive, blocking()));
            expect_success("ipc_port.reply", "by a process that did not receive the call", call(port, operation::reply, blocking(1), 0, 1));
            expect_true("ipc_port.reply", "has no effect", !client.is_finished);
            require("reply", server.start_call(port, operation::reply, blocking(1), 0, 2));
            expect_true("ipc_port.reply", "is for the process that received it", client.is_finished && client.result.mr[4] == 2);

            require("call", !client.start_call(port, operation::call, blocking()));
            require("receive", call(port, operation::receive, blocking()));
            require("send", !server.start_call(port, operation::send, blocking(1), 0, 3));
            const reply next = call(port, operation::receive, blocking());
            expect_true("ipc_port.receive", "of a send by who holds a reply authority", next.ok() && next.mr[4] == 3);
            expect_error("ipc_port.call", "the server receives a send instead of replying", client.result,
                capability_error::illegal_operation);
        }

        void test_reply_receive()
        {
            worker &client = workers[0], &second = workers[2];
            require("call", !client.start_call(badge, operation::call, blocking(1), 0, 1));
            require("receive", call(port, operation::receive, blocking()));
            require("call", !second.start_call(badge, operation::call, blocking(1), 0, 2));
            const reply next = call(port, operation::reply_receive, blocking(1), 0, 100);
            expect_success("ipc_port.reply_receive", "with the next caller queued", next);
            expect_equal("ipc_port.reply_receive", "replies", client.result.mr[4], 100);
            expect_equal("ipc_port.reply_receive", "and receives", next.mr[4], 2);
            expect_success("ipc_port.reply_receive", "not blocking with nobody queued", call(port, operation::reply_receive, polling(1), 0, 101));
            expect_equal("ipc_port.reply_receive", "has replied", second.result.mr[4], 101);

            worker &server = workers[1];
            require("server waits", !server.start_call(port, operation::reply_receive, blocking()));
            require("send", call(port, operation::send, polling(1), 0, 8));
            expect_true("ipc_port.reply_receive", "waits for a message", server.is_finished && server.result.mr[4] == 8);
        }

        void test_dropped_callers()
        {
            worker &client = workers[0], &server = workers[1];
            const auto illegal = capability_error::illegal_operation;
            require("call", !client.start_call(port, operation::call, blocking()));
            require("receive", call(port, operation::receive, blocking()));
            require("receive again", call(port, operation::receive, polling()));
            expect_error("ipc_port.call", "the server receives again without a reply", client.result, illegal);

            require("call", !client.start_call(port, operation::call, blocking()));
            require("server takes it", server.start_call(port, operation::receive, blocking()));
            require("suspend", call(client.process, abi::process_control_block_operation::suspend));
            require("reply", server.start_call(port, operation::reply, blocking(1), 0, 1));
            expect_true("ipc_port.reply", "to a suspended caller has no effect", !client.is_finished);
            require("resume", client.resume());
            expect_error("ipc_port.call", "suspended and resumed", client.result, illegal);

            require("call", !client.start_call(port, operation::call, blocking()));
            require("server takes it", server.start_call(port, operation::receive, blocking()));
            require("suspend", call(server.process, abi::process_control_block_operation::suspend));
            expect_error("ipc_port.call", "the server is suspended", client.result, illegal);
            server.restart();

            const auto gone = capability_error::invalid_descriptor;
            make(capability_type::ipc_port, 0, scratch + 4);
            const word doomed = slot(scratch + 4);
            require("send", !workers[0].start_call(doomed, operation::send, blocking()));
            require("call", !workers[1].start_call(doomed, operation::call, blocking()));
            require("remove", call(root, abi::node_operation::remove, scratch + 4));
            expect_error("ipc_port.send", "the port is destroyed", workers[0].result, gone);
            expect_error("ipc_port.call", "the port is destroyed", workers[1].result, gone);
            make(capability_type::ipc_port, 0, scratch + 4);
            require("receive", !workers[0].start_call(doomed, operation::receive, blocking()));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 4));
            expect_error("ipc_port.receive", "the port is revoked", workers[0].result, gone);
            require("receive", !workers[0].start_call(doomed, operation::reply_receive, blocking()));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 4));
            expect_error("ipc_port.reply_receive", "the port is revoked", workers[0].result, gone);
        }

        /// A process that waits for a call and is then too unimportant to run, so that it holds a reply authority until it is gone.
        void test_destroyed_server()
        {
            using which           = abi::context_register;
            constexpr word server = slot(scratch + 5);
            make(capability_type::process_control_block, 0, scratch + 5);
            require("address space", configure_field(server, field::address_space, own_space));
            require("root node", configure_field(server, field::root_node, root));
            require("priority", configure_field(server, field::priority, worker_priority));
            constexpr word length_of_syscall = 2;
            word           values[index_of(which::rip) + 1] {};
            values[index_of(which::rax)] = static_cast<word>(abi::kernel_call::capability_call);
            values[index_of(which::rdi)] = port;
            values[index_of(which::rsi)] = static_cast<word>(operation::receive);
            values[index_of(which::rdx)] = blocking();
            values[index_of(which::rip)] = reinterpret_cast<word>(raw_call_return) - length_of_syscall;
            require("registers", write_registers(server, index_of(which::rip) + 1, values));
            require("server waits", call(server, abi::process_control_block_operation::resume));
            require("priority", configure_field(server, field::priority, 0));

            worker &client = workers[0];
            require("call", !client.start_call(port, operation::call, blocking()));
            expect_equal("ipc_port.call", "has left no sender at the port", call(port, operation::receive, polling() | preset).mr[2], preset);
            expect_true("ipc_port.call", "waits for a server that has not run yet", !client.is_finished);
            require("remove", call(root, abi::node_operation::remove, scratch + 5));
            expect_error("ipc_port.call", "the server is destroyed", client.result, capability_error::illegal_operation);
        }

        void test_reply_errors()
        {
            // The caller has no IPC buffer: a long reply fails and the caller goes on waiting.
            worker &client = workers[0];
            make(capability_type::generic, 12, scratch + 5);
            require("frame", call(slot(scratch + 5), abi::generic_operation::convert, capability_type::frame, 12, 1, root, scratch + 6));
            require("buffer", configure_field(client.process, field::frame_ipc_buffer, slot(scratch + 6)));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 5));
            require("call", !client.start_call(port, operation::call, blocking()));
            require("receive", call(port, operation::receive, blocking()));
            expect_error("ipc_port.reply", "seven words to a caller without IPC buffer",
                call(port, operation::reply, blocking(7)), capability_error::fatal);
            expect_error("ipc_port.reply_receive", "seven words to a caller without IPC buffer",
                call(port, operation::reply_receive, polling(7)), capability_error::fatal);
            expect_true("ipc_port.reply", "the caller goes on waiting", !client.is_finished);
            expect_success("ipc_port.reply", "again with fewer words", call(port, operation::reply, blocking(1), 0, 1));
            expect_true("ipc_port.reply", "reaches it", client.is_finished);
            require("buffer again", configure_field(client.process, field::frame_ipc_buffer, client.buffer_frame));

            // A failed receive keeps the reply authority, a failed REPLY_RECEIVE has not replied.
            worker &sender = workers[2], &receiver = workers[3];
            constexpr word to_reader = slot(scratch + 7);
            make(capability_type::ipc_port, 0, scratch + 7);
            require("frame", call(slot(scratch + 5), abi::generic_operation::convert, capability_type::frame, 12, 1, root, scratch + 6));
            require("buffer", configure_field(receiver.process, field::frame_ipc_buffer, slot(scratch + 6)));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 5));
            require("call", !client.start_call(port, operation::call, blocking()));
            require("receive", receiver.start_call(port, operation::receive, blocking()));
            require("send", !sender.start_call(to_reader, operation::send, blocking(7)));
            require("receive", receiver.start_call(to_reader, operation::receive, blocking()));
            expect_error("ipc_port.receive", "seven words without IPC buffer", receiver.result, capability_error::fatal);
            expect_true("ipc_port.receive", "that fails drops no caller", !client.is_finished);
            require("reply_receive", receiver.start_call(to_reader, operation::reply_receive, blocking(1), 0, 1));
            expect_error("ipc_port.reply_receive", "that could not receive", receiver.result, capability_error::fatal);
            expect_true("ipc_port.reply_receive", "has not replied either", !client.is_finished);
            require("take it", call(to_reader, operation::receive, blocking()));
            require("reply_receive", receiver.start_call(to_reader, operation::reply_receive, polling(1), 0, 1));
            expect_true("ipc_port.reply_receive", "again with nobody queued", receiver.result.ok() && client.is_finished && client.result.ok());
            require("buffer again", configure_field(receiver.process, field::frame_ipc_buffer, receiver.buffer_frame));
        }

        /// Flags are pending for who has bound the port: what RECEIVE, REPLY_RECEIVE and CALL make of them.
        void test_pending_notification()
        {
            worker &client = workers[0], &server = workers[1], &receiver = workers[2];
            const auto notify = [] { require("notify", call(bell, abi::notification_port_operation::notify)); };

            require("call", !client.start_call(port, operation::call, blocking()));
            require("receive", server.start_call(port, operation::receive, blocking()));
            notify();
            require("reply_receive", server.start_call(port, operation::reply_receive, blocking(1), 0, 9));
            expect_true("ipc_port.reply_receive", "replies before it returns a pending notification",
                server.result.mr[2] == notified.value && server.result.mr[3] == 6 && client.is_finished && client.result.mr[4] == 9);
            expect_equal("ipc_port.reply_receive", "which it takes", call(bell, abi::notification_port_operation::poll).mr[2], 0);

            notify();
            require("receive", server.start_call(port, operation::receive, polling()));
            expect_true("ipc_port.receive", "a pending notification, not blocking",
                server.result.ok() && server.result.mr[2] == notified.value && server.result.mr[3] == 6);
            expect_equal("ipc_port.receive", "takes the flags", call(bell, abi::notification_port_operation::poll).mr[2], 0);

            notify();
            require("call", server.start_call(port, operation::call, polling() | preset));
            expect_equal("ipc_port.call", "not blocking, leaves a notification pending", server.result.mr[2], polling() | preset);
            require("receiver waits", !receiver.start_call(port, operation::receive, blocking()));
            require("call", !server.start_call(port, operation::call, blocking(1), 0, 4));
            expect_true("ipc_port.call", "finds a receiver: is sent though a notification is pending",
                receiver.is_finished && receiver.result.mr[4] == 4);
            expect_true("ipc_port.call", "and waits for the reply", !server.is_finished);
            require("notify", call(bell, abi::notification_port_operation::notify));
            expect_true("notification_port.notify", "does not disturb the bound process that waits for a reply", !server.is_finished);
            require("reply", receiver.start_call(port, operation::reply, blocking()));
            require("replied", server.is_finished && server.result.mr[2] == blocking());
            require("receive", server.start_call(port, operation::receive, blocking()));
            expect_equal("ipc_port.receive", "what was notified during a call", server.result.mr[3], 6);

            notify();
            require("send", !server.start_call(port, operation::send, blocking(1), 0, 5));
            expect_equal("ipc_port.send", "is queued though a notification is pending", call(port, operation::receive, blocking()).mr[4], 5);
            require("take", call(bell, abi::notification_port_operation::poll));
        }

        void test_bound_notification()
        {
            worker &server = workers[1];
            require("identify", call(bell, abi::notification_port_operation::identify, 0x6));
            require("bind", configure_field(server.process, field::notification_port, bell));
            constexpr word notification = notified.value;

            require("notify", call(bell, abi::notification_port_operation::notify));
            require("receive", server.start_call(port, operation::receive, blocking()));
            expect_true("ipc_port.receive", "a pending notification",
                server.result.ok() && server.result.mr[2] == notification && server.result.mr[3] == 6);
            require("notify", call(bell, abi::notification_port_operation::notify));
            require("receive", server.start_call(port, operation::reply_receive, blocking()));
            expect_true("ipc_port.reply_receive", "a pending notification",
                server.result.ok() && server.result.mr[2] == notification && server.result.mr[3] == 6);
            require("notify", call(bell, abi::notification_port_operation::notify));
            require("call", server.start_call(port, operation::call, blocking()));
            expect_true("ipc_port.call", "a pending notification: the call is not sent",
                server.result.ok() && server.result.mr[2] == notification && server.result.mr[3] == 6);
            expect_equal("ipc_port.call", "indeed nobody is queued", call(port, operation::receive, polling() | preset).mr[2], preset);

            require("receive", !server.start_call(port, operation::receive, blocking()));
            require("notify", call(bell, abi::notification_port_operation::notify));
            expect_true("notification_port.notify", "reaches the bound process in a receive",
                server.is_finished && server.result.mr[2] == notification && server.result.mr[3] == 6);
            require("reply_receive", !server.start_call(port, operation::reply_receive, blocking()));
            require("notify", call(bell, abi::notification_port_operation::notify));
            expect_true("notification_port.notify", "reaches the bound process in a reply_receive",
                server.is_finished && server.result.mr[2] == notification && server.result.mr[3] == 6);

            // A message comes first.
            require("notify", call(bell, abi::notification_port_operation::notify));
            require("send", !workers[0].start_call(port, operation::send, blocking(1), 0, 3));
            require("receive", server.start_call(port, operation::receive, blocking()));
            expect_equal("ipc_port.receive", "a queued sender comes before a notification", server.result.mr[4], 3);
            require("receive", server.start_call(port, operation::receive, blocking()));
            expect_equal("ipc_port.receive", "which is kept", server.result.mr[3], 6);
            test_pending_notification();
        }
    }

    void test_ipc_port()
    {
        make(capability_type::ipc_port, 0, port_slot);
        make(capability_type::ipc_port, 0, other_slot);
        make(capability_type::notification_port, 0, bell_slot);
        require("copy", call(root, abi::node_operation::copy, badge_slot, port));
        test_arguments();
        test_polling();
        test_send_receive();
        test_long_messages();
        test_call_reply();
        test_reply_authority();
        test_reply_receive();
        test_dropped_callers();
        test_destroyed_server();
        test_reply_errors();
        test_bound_notification();
        clean_up();
    }
}
