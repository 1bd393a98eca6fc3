// Messages and switches between processes carry what the ABI says and nothing else. Every register and every word of the IPC
// buffer that is not a defined result is compared with what its owner left there.
#include "full-call.hpp"
#include "properties.hpp"

#include <report.hpp>
#include <workbench.hpp>

namespace properties
{
    volatile bool spin_stop = false;

    namespace
    {
        using namespace conformance;
        using operation = abi::ipc_port_operation;
        using which     = abi::context_register;

        constexpr word port_slot = first_free_slot;
        constexpr word port      = slot(port_slot);
        constexpr word badge     = slot(first_free_slot + 1); ///< of the sender
        constexpr word bell_slot = first_free_slot + 2;
        constexpr word bell      = slot(bell_slot);

        constexpr word identifier = 0x1de'4711;
        constexpr word tag_of[]   = { 0x5ec7'e7a1, 0x5ec7'e7b2 };

        constexpr word payload_begin  = 4;
        constexpr word default_mxcsr  = 0x1f80;
        constexpr word default_x87    = 0x037f;
        constexpr word status_flags   = 0x8d5; // what instructions of full_call may have left in RFLAGS
        constexpr word constant_flags = 0x202;

        struct party
        {
            full_state before;
            full_state after;
            word       base_word; ///< where FS and GS base point
            word       through_fs, through_gs;
            word       buffer[abi::message_registers];
        };

        party parties[2];

        word tagged(word who, word what)
        {
            return tag_of[who] << 32 | what;
        }

        void fill(full_state &state, word who)
        {
            for (word i = 0; i < general_count; ++i)
            {
                state.general[i] = tagged(who, i);
            }
            for (word i = 0; i < 32; ++i)
            {
                state.xmm[i] = tagged(who, 0x100 + i);
            }
            state.mxcsr       = default_mxcsr | (who + 1) << 13; // rounding mode
            state.x87_control = default_x87 | (who + 1) << 10;
        }

        void fill_buffer(word who)
        {
            for (word i = abi::hardware_message_registers; i < abi::message_registers; ++i)
            {
                parties[who].buffer[i] = workers[who].buffer->messages[i] = tagged(who, 0x1000 + i);
            }
        }

        void look_at_bases(party &self)
        {
            asm volatile("movq %%fs:0, %0\n\tmovq %%gs:0, %1" : "=r"(self.through_fs), "=r"(self.through_gs));
        }

        void perform_full_call(worker &self)
        {
            party &me = parties[&self - workers];
            full_call(&me.after);
            look_at_bases(me);
        }

        void perform_fault(worker &self)
        {
            party &me = parties[&self - workers];
            full_fault(&me.after);
            look_at_bases(me);
        }

        void perform_spin(worker &self)
        {
            party &me = parties[&self - workers];
            full_spin(&me.after);
            look_at_bases(me);
        }

        /// Has a worker make a call with its tag in every register that is no argument. Returns whether it has ended.
        template<typename Operation>
        bool begin(word who, word descriptor, Operation what, word info)
        {
            party &me = parties[who];
            fill(me.before, who);
            fill_buffer(who);
            me.before[general::rax] = static_cast<word>(abi::kernel_call::capability_call);
            me.before[general::rdi] = descriptor;
            me.before[general::rsi] = static_cast<word>(what);
            me.before[general::rdx] = info;
            me.after                = me.before;
            return workers[who].start(perform_full_call);
        }

        word &expected_register(word who, word index)
        {
            return parties[who].before[message_registers[index]];
        }

        /// What the receiver has to find: a message of `length` words from `sender`.
        void expect_message(word receiver, word sender, word info, word mr3, word length)
        {
            expected_register(receiver, 2) = info;
            expected_register(receiver, 3) = mr3;
            for (word i = payload_begin; i < payload_begin + length; ++i)
            {
                if (i < abi::hardware_message_registers)
                {
                    expected_register(receiver, i) = tagged(sender, static_cast<word>(message_registers[i]));
                }
                else
                {
                    parties[receiver].buffer[i] = tagged(sender, 0x1000 + i);
                }
            }
        }

        /// Compares all that `who` has after its call with what it had, or with what the test expects instead.
        bool is_as_expected(word who, bool is_call = true)
        {
            party &me = parties[who];
            if (is_call)
            {
                me.before[general::rdi] = 1; // MR0: success
                me.before[general::rcx] = reinterpret_cast<word>(full_call_return);
                me.before[general::r11] = constant_flags | (me.after[general::r11] & status_flags);
            }
            bool same = workers[who].is_finished;
            for (word i = 0; i < general_count; ++i)
            {
                same &= me.after.general[i] == me.before.general[i];
            }
            for (word i = 0; i < 32; ++i)
            {
                same &= me.after.xmm[i] == me.before.xmm[i];
            }
            same &= me.after.mxcsr == me.before.mxcsr && me.after.x87_control == me.before.x87_control;
            same &= me.through_fs == me.base_word && me.through_gs == me.base_word;
            for (word i = abi::hardware_message_registers; i < abi::message_registers; ++i)
            {
                same &= workers[who].buffer->messages[i] == me.buffer[i];
            }
            return same;
        }

        constexpr word block(word length)
        {
            return message_info { true, length }.value;
        }

        constexpr word lengths[] = { 0, 1, 5, 6, 7, 20, 255 };
        constexpr word unused_info_bits = ~word { 0x7fff }; ///< 15–63

        void test_send()
        {
            bool waiting = true, queued = true;
            for (const word length : lengths)
            {
                require("receive", !begin(1, port, operation::receive, block(0)));
                require("send", begin(0, badge, operation::send, block(length) | unused_info_bits));
                expect_message(1, 0, block(length), identifier, length);
                waiting &= is_as_expected(0) && is_as_expected(1);

                require("send", !begin(0, badge, operation::send, block(length) | unused_info_bits));
                require("receive", begin(1, port, operation::receive, block(0)));
                expect_message(1, 0, block(length), identifier, length);
                queued &= is_as_expected(0) && is_as_expected(1);
            }
            expect_true("message", "send to a waiting receiver carries info, identifier and payload, nothing else", waiting);
            expect_true("message", "receive from a queued sender carries info, identifier and payload, nothing else", queued);
        }

        void test_call()
        {
            bool call_is_clean = true, reply_is_clean = true, reply_receive_is_clean = true;
            for (const word length : lengths)
            {
                require("receive", !begin(1, port, operation::receive, block(0)));
                require("call", !begin(0, badge, operation::call, block(length)));
                expect_message(1, 0, block(length), identifier, length);
                call_is_clean &= is_as_expected(1);
                require("reply", begin(1, port, operation::reply, block(length) | unused_info_bits));
                expect_message(0, 1, block(length), 0, length);
                reply_is_clean &= is_as_expected(0) && is_as_expected(1);

                require("call", !begin(0, badge, operation::call, block(0)));
                require("receive", begin(1, port, operation::receive, block(0)));
                require("reply_receive", !begin(1, port, operation::reply_receive, block(length)));
                expect_message(0, 1, block(length), 0, length);
                reply_receive_is_clean &= is_as_expected(0);
                require("send", begin(0, badge, operation::send, block(length)));
                expect_message(1, 0, block(length), identifier, length);
                reply_receive_is_clean &= is_as_expected(0) && is_as_expected(1);
            }
            expect_true("message", "call carries info, identifier and payload, nothing else", call_is_clean);
            expect_true("message", "reply carries info and payload, nothing else", reply_is_clean);
            expect_true("message", "reply_receive carries info, identifier and payload, nothing else", reply_receive_is_clean);
        }

        void test_notification()
        {
            require("identify", call(bell, abi::notification_port_operation::identify, 0x40));
            require("wait", !begin(1, bell, abi::notification_port_operation::wait, 0));
            require("notify", begin(0, bell, abi::notification_port_operation::notify, tagged(0, 2)));
            expected_register(1, 2) = 0x40;
            expect_true("message", "notify carries the flags, nothing else", is_as_expected(0) && is_as_expected(1));
        }

        void go_on_behind_fault()
        {
            word values[abi::context_register_count];
            read_registers(workers[0].process, abi::context_register_count, values);
            values[index_of(which::rip)] = reinterpret_cast<word>(full_fault_return);
            require("write registers", write_registers(workers[0].process, abi::context_register_count, values));
        }

        void test_fault()
        {
            require("receive", !begin(1, port, operation::receive, block(0)));
            party &faulter = parties[0];
            fill(faulter.before, 0);
            fill_buffer(0);
            faulter.after = faulter.before;
            require("fault", !workers[0].start(perform_fault));
            expected_register(1, 1) = 0;
            expected_register(1, 2) = message_info { false, 3, 0, message_source::fault }.value;
            expected_register(1, 3) = identifier;
            expected_register(1, 4) = static_cast<word>(abi::fault_type::invalid_instruction);
            expected_register(1, 5) = reinterpret_cast<word>(full_fault_return) - 2; // of UD2
            expected_register(1, 6) = word { 6 } << 32;
            expect_true("message", "a fault carries type, program counter and code, nothing else", is_as_expected(1));
            go_on_behind_fault();
            require("reply", begin(1, port, operation::reply, block(255)));
            expect_true("message", "the reply to a fault changes no register of the faulter", is_as_expected(0, false));
        }

        void test_unknown_call()
        {
            require("receive", !begin(1, port, operation::receive, block(0)));
            party &caller = parties[0];
            fill(caller.before, 0);
            fill_buffer(0);
            caller.after = caller.before;
            require("unknown call", !workers[0].start(perform_full_call));
            word values[abi::context_register_count];
            read_registers(workers[0].process, abi::context_register_count, values);
            expected_register(1, 1) = 0;
            expected_register(1, 2) = message_info { false, 26, 0, message_source::fault }.value;
            expected_register(1, 3) = identifier;
            expected_register(1, 4) = static_cast<word>(abi::fault_type::invalid_kernel_call);
            expected_register(1, 5) = reinterpret_cast<word>(full_call_return);
            expected_register(1, 6) = tagged(0, 0);
            for (word i = 0; i < abi::context_register_count; ++i)
            {
                const word index = 7 + i;
                (index < abi::hardware_message_registers ? expected_register(1, index) : parties[1].buffer[index]) = values[i];
            }
            expect_true("message", "an unknown kernel call carries the 23 words of the context, nothing else", is_as_expected(1));
            workers[0].restart();
            require("forget it", begin(1, port, operation::receive, message_info { false, 0 }.value));
        }

        void test_preemption()
        {
            spin_stop = false;
            for (word who = 0; who < 2; ++who)
            {
                require("priority", configure_field(workers[who].process, abi::configure_field::priority, own_priority));
                fill(parties[who].before, who);
                fill_buffer(who);
                parties[who].after = parties[who].before;
                workers[who].start(perform_spin);
            }
            yield(); // each of them spins until its quantum is used up
            spin_stop = true;
            yield();
            expect_true("message", "preemption changes no register and shows none of another process",
                is_as_expected(0, false) && is_as_expected(1, false));
            for (word who = 0; who < 2; ++who)
            {
                require("priority", configure_field(workers[who].process, abi::configure_field::priority, worker_priority));
            }
        }

        /// Whatever a sender writes into its registers, the receiver sees the capability's identifier and no other source.
        void test_forgery()
        {
            bool genuine = true;
            word random  = 0x2545'f491'4f6c'dd1d;
            for (word i = 0; i < 500; ++i)
            {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                const word info = random | 1;
                const bool allowed = message_info { info }.source() == message_source::normal;
                const word transfers = message_info { info }.transfer_count();
                for (word &descriptor : workers[0].buffer->transfer_source_descriptors)
                {
                    descriptor = 0;
                }
                const bool ended = workers[0].start_call(badge, i % 2 == 0 ? operation::send : operation::call, info, random);
                if (!allowed || transfers != 0)
                {
                    genuine &= ended && !workers[0].result.ok();
                    continue;
                }
                genuine &= !ended;
                const reply got = call(port, operation::receive, 1);
                genuine &= got.ok() && got.mr[2] == (info & 0x1ff) && got.mr[3] == identifier;
                call(port, operation::reply, 0);
            }
            expect_true("forgery", "500 random message_infos: identifier and source are the kernel's", genuine);

            const word plain = mint(badge, without(capability_rights::modify));
            expect_true("forgery", "without MODIFY the identifier stays", !call(plain, operation::identify, 1).ok());
            require("send", !workers[0].start_call(plain, operation::send, 1));
            expect_equal("forgery", "a copy keeps the identifier", call(port, operation::receive, 1).mr[3], identifier);
        }
    }

    void test_messages()
    {
        make(capability_type::ipc_port, 0, port_slot);
        make(capability_type::notification_port, 0, bell_slot);
        require("copy", call(root, abi::node_operation::copy, first_free_slot + 1, port));
        require("identify", call(badge, operation::identify, identifier));
        require("resolver", configure_field(workers[0].process, abi::configure_field::ipc_port_resolver, badge));
        for (word who = 0; who < 2; ++who)
        {
            parties[who].base_word = tagged(who, 0xba5e);
            word values[abi::context_register_count];
            read_registers(workers[who].process, abi::context_register_count, values);
            values[index_of(which::gs_base)] = values[index_of(which::fs_base)]
                = reinterpret_cast<word>(&parties[who].base_word);
            require("bases", write_registers(workers[who].process, abi::context_register_count, values));
        }
        test_send();
        test_call();
        test_notification();
        test_fault();
        test_unknown_call();
        test_preemption();
        test_forgery();
        clean_up();
    }
}
