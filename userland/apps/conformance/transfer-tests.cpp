// Capabilities that travel with messages (ABI section 12, "Transfer").
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using operation = abi::ipc_port_operation;

        constexpr word port_slot   = first_free_slot;
        constexpr word port        = slot(port_slot);
        constexpr word target_slot = first_free_slot + 1; ///< node of 8 slots where capabilities arrive
        constexpr word target      = slot(target_slot);
        constexpr word gift_slot   = first_free_slot + 2; ///< 0…2: capabilities that travel
        constexpr word scratch     = first_free_slot + 6;
        constexpr word radix       = 3;

        word gift(word index)
        {
            return slot(gift_slot + index);
        }

        word arrived(word index)
        {
            return slot_in(target_slot, radix, index);
        }

        constexpr word with_transfer(word count, word length = 0)
        {
            return message_info { true, length, count }.value;
        }

        void offer(abi::ipc_buffer &buffer, word first, word second)
        {
            buffer.transfer_source_descriptors[0] = first;
            buffer.transfer_source_descriptors[1] = second;
        }

        void expect_at(abi::ipc_buffer &buffer, word node, word index)
        {
            buffer.transfer_destination_node  = node;
            buffer.transfer_destination_index = index;
        }

        bool is_port(word descriptor)
        {
            return call(descriptor, operation::send, message_info { false, 0 }.value).ok();
        }

        void test_success()
        {
            worker &sender = workers[0];
            offer(*sender.buffer, gift(0), gift(1));
            require("send", !sender.start_call(port, operation::send, with_transfer(2, 1), 0, 42));
            expect_at(*ipc_buffer, target, 3);
            const reply got = call(port, operation::receive, 1);
            expect_success("ipc_port.receive", "two capabilities", got);
            expect_equal("ipc_port.receive", "message_info tells their number", got.mr[2], with_transfer(2, 1));
            expect_true("ipc_port.receive", "they arrive in order", is_port(arrived(3)) && is_port(arrived(4)));
            expect_true("ipc_port.receive", "and have left the sender", !is_port(gift(0)) && !is_port(gift(1)));
            expect_true("ipc_port.send", "the descriptors used are zeroed",
                sender.buffer->transfer_source_descriptors[0] == 0 && sender.buffer->transfer_source_descriptors[1] == 0);

            // Back with a reply; a capability without any right travels, too.
            require("demote", call(target, abi::node_operation::demote, 4, unused_argument, bits(capability_rights::read) | bits(capability_rights::write)));
            expect_at(*sender.buffer, root, gift_slot);
            require("call", !sender.start_call(port, operation::call, 1));
            require("receive", call(port, operation::receive, 1));
            offer(*ipc_buffer, arrived(3), arrived(4));
            expect_success("ipc_port.reply", "two capabilities", call(port, operation::reply, with_transfer(2)));
            expect_true("ipc_port.reply", "they arrive", is_port(gift(0)) && is_port(gift(1)) && sender.is_finished);

            // With a call to a waiting server.
            worker &server = workers[1];
            expect_at(*server.buffer, target, 0);
            require("wait", !server.start_call(port, operation::receive, 1));
            offer(*sender.buffer, gift(0), 0);
            require("call", !sender.start_call(port, operation::call, with_transfer(1)));
            expect_true("ipc_port.call", "one capability", server.is_finished && is_port(arrived(0)));
            // And with REPLY_RECEIVE into the slot that the reply empties.
            offer(*server.buffer, arrived(0), 0);
            expect_at(*sender.buffer, root, gift_slot);
            offer(*workers[2].buffer, gift(2), 0);
            require("queue another", !workers[2].start_call(port, operation::send, with_transfer(1)));
            require("reply_receive", server.start_call(port, operation::reply_receive, with_transfer(1)));
            expect_true("ipc_port.reply_receive", "receives into the slot its reply has emptied",
                server.result.ok() && is_port(arrived(0)) && is_port(gift(0)) && !is_port(gift(2)));
            require("back", call(root, abi::node_operation::move, gift_slot + 2, arrived(0)));
        }

        /// What travels stays what it is.
        void test_what_arrives()
        {
            worker &sender = workers[0];
            const word powerless = mint(gift(0), capability_rights::none);
            offer(*sender.buffer, powerless, gift(1));
            require("send", !sender.start_call(port, operation::send, with_transfer(1)));
            expect_at(*ipc_buffer, target, 0);
            require("receive", call(port, operation::receive, 1));
            expect_success("ipc_port.reply", "a capability without rights has travelled", call(arrived(0), operation::reply, 1));
            expect_error("ipc_port.send", "it has no more rights than before", call(arrived(0), operation::send, 0),
                capability_error::permission_denied);
            expect_error("ipc_port.send", "the slot it has left is empty",
                call(powerless, operation::send, 0), capability_error::invalid_descriptor);
            expect_equal("ipc_port.send", "descriptors that are not used stay",
                sender.buffer->transfer_source_descriptors[1], gift(1));

            // The identifier and the place among derivations travel with it: the port goes when its last capability does.
            require("identify", call(gift(0), operation::identify, 0x1d));
            offer(*sender.buffer, gift(0), 0);
            require("send", !sender.start_call(port, operation::send, with_transfer(1)));
            expect_at(*ipc_buffer, target, 1);
            require("receive", call(port, operation::receive, 1));
            require("send", !sender.start_call(arrived(1), operation::send, 1));
            expect_equal("ipc_port.receive", "a capability keeps its identifier", call(arrived(1), operation::receive, 1).mr[3], 0x1d);
            require("back", call(root, abi::node_operation::move, gift_slot, arrived(1)));

            // As many as fit, and the invoked capability itself.
            constexpr word most = 15, wide_radix = 4;
            const auto in = [](word node, word index) { return slot_in(scratch + node, wide_radix, index); };
            make(capability_type::node, wide_radix, scratch);
            make(capability_type::node, wide_radix, scratch + 1);
            require("gifts", call(slot(memory_slot), abi::generic_operation::convert, capability_type::ipc_port, 0, most, slot(scratch), 0));
            for (word i = 0; i < most; ++i)
            {
                sender.buffer->transfer_source_descriptors[i] = in(0, i);
            }
            require("send", !sender.start_call(port, operation::send, with_transfer(most)));
            expect_at(*ipc_buffer, slot(scratch + 1), 1);
            require("receive", call(port, operation::receive, 1));
            bool all_arrived = true;
            for (word i = 0; i < most; ++i)
            {
                all_arrived &= is_port(in(1, 1 + i)) && sender.buffer->transfer_source_descriptors[i] == 0;
            }
            expect_true("ipc_port.receive", "fifteen capabilities", all_arrived);
            offer(*sender.buffer, gift(0), 0);
            worker &receiver = workers[1];
            expect_at(*receiver.buffer, target, 1);
            require("wait", !receiver.start_call(gift(0), operation::receive, 1));
            require("send", sender.start_call(gift(0), operation::send, with_transfer(1)));
            expect_true("ipc_port.send", "the capability that is used to send travels itself",
                sender.result.ok() && receiver.is_finished && is_port(arrived(1)) && !is_port(gift(0)));
            require("back", call(root, abi::node_operation::move, gift_slot, arrived(1)));
        }

        void test_sender_errors()
        {
            const auto invalid = capability_error::invalid_argument;
            struct
            {
                operation   what;
                const char *name;
            } const each_operation[] = { { operation::send, "ipc_port.send" }, { operation::call, "ipc_port.call" } };
            for (const auto &each : each_operation)
            {
                worker &receiver = workers[1];
                expect_at(*receiver.buffer, target, 0);
                require("wait", !receiver.start_call(port, operation::receive, 1));
                offer(*ipc_buffer, slot(200), 0);
                expect_error(each.name, "a source that is empty", call(port, each.what, with_transfer(1)), invalid);
                offer(*ipc_buffer, gift(0), gift(0));
                expect_error(each.name, "the same source twice", call(port, each.what, with_transfer(2)), invalid);
                offer(*ipc_buffer, gift(0), gift(1));
                expect_at(*receiver.buffer, target, 7);
                expect_error(each.name, "the receiver's index is out of range", call(port, each.what, with_transfer(2)), invalid);
                expect_at(*receiver.buffer, target, ~word { 0 });
                expect_error(each.name, "the receiver's index overflows", call(port, each.what, with_transfer(2)), invalid);
                expect_at(*receiver.buffer, port, 0);
                expect_error(each.name, "the receiver's destination is no node", call(port, each.what, with_transfer(1)), invalid);
                expect_at(*receiver.buffer, slot(200), 0);
                expect_error(each.name, "the receiver's destination leads nowhere", call(port, each.what, with_transfer(1)), invalid);
                expect_at(*receiver.buffer, root, 1);
                expect_error(each.name, "the receiver's slot is in use", call(port, each.what, with_transfer(1)), invalid);
                expect_at(*receiver.buffer, mint(target, without(capability_rights::write)), 0);
                expect_error(each.name, "the receiver's node lacks write", call(port, each.what, with_transfer(1)), invalid);
                expect_true(each.name, "nothing was delivered or moved", !receiver.is_finished && is_port(gift(0)) && is_port(gift(1)));
                expect_true(each.name, "the descriptors are as they were", ipc_buffer->transfer_source_descriptors[0] == gift(0));
                receiver.restart();
            }
        }

        void test_receiver_errors()
        {
            const auto invalid = capability_error::invalid_argument;
            worker &sender = workers[0];
            offer(*sender.buffer, gift(0), gift(1));
            require("send", !sender.start_call(port, operation::send, with_transfer(2)));
            expect_at(*ipc_buffer, target, 7);
            expect_error("ipc_port.receive", "own index is out of range", call(port, operation::receive, 1), invalid);
            expect_error("ipc_port.reply_receive", "own index is out of range", call(port, operation::reply_receive, 1), invalid);
            expect_true("ipc_port.receive", "the sender goes on waiting", !sender.is_finished);

            // A queued sender whose own data goes bad ends; the next one is taken.
            worker &next = workers[2];
            require("next", !next.start_call(port, operation::send, message_info { true, 1 }.value, 0, 5));
            require("take the gift away", call(root, abi::node_operation::move, scratch + 3, gift(0)));
            expect_equal("ipc_port.receive", "a queued sender whose source is gone is passed over",
                call(port, operation::receive, 1).mr[4], 5);
            expect_error("ipc_port.send", "a source that went while it was queued", sender.result, invalid);
            require("give it back", call(root, abi::node_operation::move, gift_slot, slot(scratch + 3)));

            // Reply: own sources, then the caller's destination.
            require("call", !sender.start_call(port, operation::call, 1));
            require("receive", call(port, operation::receive, 1));
            offer(*ipc_buffer, slot(200), 0);
            expect_error("ipc_port.reply", "a source that is empty", call(port, operation::reply, with_transfer(1)), invalid);
            expect_error("ipc_port.reply_receive", "a source that is empty", call(port, operation::reply_receive, with_transfer(1)), invalid);
            offer(*ipc_buffer, gift(0), 0);
            expect_at(*sender.buffer, root, 1);
            expect_error("ipc_port.reply", "the caller's slot is in use", call(port, operation::reply, with_transfer(1)), invalid);
            expect_true("ipc_port.reply", "the caller goes on waiting for a reply", !sender.is_finished && is_port(gift(0)));
            require("reply", call(port, operation::reply, 1));
            require("finished", sender.is_finished);
        }

        /// REPLY_RECEIVE whose reply would make its receive impossible: all or nothing.
        void test_reply_in_the_way()
        {
            const auto invalid = capability_error::invalid_argument;
            worker &client = workers[0], &sender = workers[2];
            constexpr word travelling_node = slot(scratch + 6);
            make(capability_type::node, radix, scratch + 6);
            const auto stays_as_it_was = [&](word offered) {
                return !client.is_finished && !sender.is_finished && ipc_buffer->transfer_source_descriptors[0] == offered;
            };
            require("call", !client.start_call(port, operation::call, 1));
            require("receive", call(port, operation::receive, 1));
            offer(*sender.buffer, gift(1), 0);
            require("queue a sender", !sender.start_call(port, operation::send, with_transfer(1)));

            expect_at(*client.buffer, target, 5);
            expect_at(*ipc_buffer, target, 5);
            offer(*ipc_buffer, gift(0), 0);
            expect_error("ipc_port.reply_receive", "the reply fills the slot that the message is to go to",
                call(port, operation::reply_receive, with_transfer(1)), invalid);
            expect_true("ipc_port.reply_receive", "then nobody gets anything",
                stays_as_it_was(gift(0)) && is_port(gift(0)) && is_port(gift(1)) && !is_port(arrived(5)));

            expect_at(*ipc_buffer, travelling_node, 0);
            offer(*ipc_buffer, travelling_node, 0);
            expect_error("ipc_port.reply_receive", "the reply carries the node that the message is to go to",
                call(port, operation::reply_receive, with_transfer(1)), invalid);
            expect_true("ipc_port.reply_receive", "then the node stays where it is", stays_as_it_was(travelling_node));
            expect_error("ipc_port.reply_receive", "and can be looked up there", call(travelling_node, 0), capability_error::illegal_operation);

            // A reply that makes the receive possible: the node arrives where the message is to go to.
            expect_at(*client.buffer, root, scratch + 7);
            expect_at(*ipc_buffer, slot(scratch + 7), 0);
            expect_success("ipc_port.reply_receive", "the reply brings the node that the message is to go to",
                call(port, operation::reply_receive, with_transfer(1)));
            expect_true("ipc_port.reply_receive", "then both arrive", client.is_finished && sender.is_finished && !is_port(gift(1))
                    && is_port(slot_in(scratch + 7, radix, 0)));
            require("back", call(root, abi::node_operation::move, gift_slot + 1, slot_in(scratch + 7, radix, 0)));
        }

        void test_missing_buffers()
        {
            worker &poor = workers[3];
            make(capability_type::generic, 12, scratch + 4);
            require("frame", call(slot(scratch + 4), abi::generic_operation::convert, capability_type::frame, 12, 1, root, scratch + 5));
            require("buffer", configure_field(poor.process, abi::configure_field::frame_ipc_buffer, slot(scratch + 5)));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 4));
            require("wait", !poor.start_call(port, operation::receive, 1));
            offer(*ipc_buffer, gift(0), 0);
            const auto illegal = capability_error::illegal_operation;
            expect_error("ipc_port.send", "a transfer to a receiver without IPC buffer", call(port, operation::send, with_transfer(1)), illegal);
            expect_error("ipc_port.call", "a transfer to a receiver without IPC buffer", call(port, operation::call, with_transfer(1)), illegal);
            require("send", call(port, operation::send, 1));

            offer(*workers[0].buffer, gift(0), 0);
            require("send", !workers[0].start_call(port, operation::send, with_transfer(1)));
            poor.start_call(port, operation::receive, 1);
            expect_error("ipc_port.receive", "a transfer without IPC buffer", poor.result, illegal);
            poor.start_call(port, operation::reply_receive, 1);
            expect_error("ipc_port.reply_receive", "a transfer without IPC buffer", poor.result, illegal);
            workers[0].restart();

            poor.start_call(port, operation::send, with_transfer(1));
            expect_error("ipc_port.send", "a transfer without IPC buffer", poor.result, illegal);
            poor.start_call(port, operation::call, with_transfer(1));
            expect_error("ipc_port.call", "a transfer without IPC buffer", poor.result, illegal);
            require("call", !workers[0].start_call(port, operation::call, 1));
            require("receive", poor.start_call(port, operation::receive, 1));
            poor.start_call(port, operation::reply, with_transfer(1));
            expect_error("ipc_port.reply", "a transfer without IPC buffer", poor.result, illegal);
            poor.start_call(port, operation::reply_receive, with_transfer(1));
            expect_error("ipc_port.reply_receive", "a transfer of the reply without IPC buffer", poor.result, illegal);
            require("reply", poor.start_call(port, operation::reply, 1));
            require("replied", workers[0].is_finished);

            require("call", !poor.start_call(port, operation::call, 1));
            require("receive", call(port, operation::receive, 1));
            expect_error("ipc_port.reply", "a transfer to a caller without IPC buffer", call(port, operation::reply, with_transfer(1)), illegal);
            require("reply", call(port, operation::reply, 1));
            require("buffer again", configure_field(poor.process, abi::configure_field::frame_ipc_buffer, poor.buffer_frame));
        }
    }

    void test_transfer()
    {
        make(capability_type::ipc_port, 0, port_slot);
        make(capability_type::node, radix, target_slot);
        require("gifts", convert(capability_type::ipc_port, 0, gift_slot, 3));
        test_success();
        test_what_arrives();
        test_sender_errors();
        test_receiver_errors();
        test_reply_in_the_way();
        test_missing_buffers();
        clean_up();
    }
}
