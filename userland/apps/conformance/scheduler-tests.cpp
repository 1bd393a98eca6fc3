// Scheduling (ABI section 18) and what survives preemption (section 1).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using field = abi::configure_field;

        constexpr word port_slot = first_free_slot;
        constexpr word port      = slot(port_slot);

        /// Rounds of an empty loop: longer than the quanta of three processes, on any processor.
        constexpr word patience = 10'000'000'000;

        volatile word counters[2];
        volatile bool stop = false;
        word          order[8];
        word          order_length = 0;

        void count_until_stopped(worker &self)
        {
            volatile word &own = counters[self.value];
            while (!stop)
            {
                own = own + 1;
            }
        }

        void note_order(worker &self)
        {
            order[order_length++] = self.value;
        }

        /// Fills registers that a kernel call would destroy, then waits to be preempted and looks at them again.
        void keep_registers(worker &self)
        {
            word rcx = 0x1111'2222'3333'4444, r11 = 0x5555'6666'7777'8888, rax = 0x9999;
            alignas(16) word vector[2] { 1, 2 };
            asm volatile("movq %[a], %%rax\n\tmovq %[c], %%rcx\n\tmovq %[d], %%r11\n\tmovdqa %[v], %%xmm9\n"
                         "1:\tcmpb $0, %[stop]\n\tje 1b\n\t"
                         "movq %%rax, %[a]\n\tmovq %%rcx, %[c]\n\tmovq %%r11, %[d]\n\tmovdqa %%xmm9, %[v]"
                         : [a] "+m"(rax), [c] "+m"(rcx), [d] "+m"(r11), [v] "+m"(vector)
                         : [stop] "m"(stop)
                         : "rax", "rcx", "r11", "xmm9", "memory", "cc");
            self.value = rcx == 0x1111'2222'3333'4444 && r11 == 0x5555'6666'7777'8888 && rax == 0x9999 && vector[0] == 1
                && vector[1] == 2;
        }

        void set_priority(worker &which, word priority)
        {
            require("priority", configure_field(which.process, field::priority, priority));
        }

        /// A quantum may end in any trial, and others run then; not in all of them. What a kernel does wrong it does in each.
        bool in_some_trial(bool (*trial)())
        {
            constexpr word trials = 20;
            for (word i = 0; i < trials; ++i)
            {
                if (trial())
                {
                    return true;
                }
            }
            return false;
        }

        /// Two workers of the test's priority become ready.
        bool preempts_no_equal()
        {
            order_length = 0;
            for (word i = 0; i < 2; ++i)
            {
                workers[i].start(note_order);
            }
            const bool is_undisturbed = order_length == 0;
            workers[0].let_finish();
            workers[1].let_finish();
            return is_undisturbed;
        }

        bool yields_in_order()
        {
            order_length = 0;
            for (word i = 0; i < 2; ++i)
            {
                workers[i].start(note_order);
            }
            const bool is_undisturbed = order_length == 0;
            yield();
            const bool in_order = order_length == 2 && order[0] == 0 && order[1] == 1;
            workers[0].let_finish();
            workers[1].let_finish();
            return is_undisturbed && in_order;
        }

        void test_priorities()
        {
            order_length = 0;
            for (word i = 0; i < 3; ++i)
            {
                workers[i].value = i;
                set_priority(workers[i], i == 1 ? own_priority + 2 : own_priority + 1);
            }
            // Above them all while they become ready.
            require("priority", configure_field(own_process, field::priority, 30));
            for (word i = 0; i < 3; ++i)
            {
                workers[i].start(note_order);
            }
            expect_equal("scheduler", "lower priorities do not run", order_length, 0);
            require("priority", configure_field(own_process, field::priority, own_priority));
            expect_equal("scheduler", "they run once they are the most important", order_length, 3);
            expect_true("scheduler", "larger priority first, then first in, first out",
                order[0] == 1 && order[1] == 0 && order[2] == 2);

            for (word i = 0; i < 2; ++i)
            {
                set_priority(workers[i], own_priority);
            }
            expect_true("scheduler", "equal priority does not preempt", in_some_trial(preempts_no_equal));
            expect_true("kernel_call.yield", "lets all of the same priority run, in order", in_some_trial(yields_in_order));
        }

        constexpr word bell = slot(first_free_slot + 1);

        void ring(worker &self)
        {
            call(bell, abi::notification_port_operation::notify);
            self.value = 1;
        }

        /// Nothing here depends on quanta: a ready process of a higher priority always runs first.
        void test_unequal_priorities()
        {
            using operation = abi::ipc_port_operation;
            make(capability_type::notification_port, 0, first_free_slot + 1);
            require("identify", call(bell, abi::notification_port_operation::identify, 1));
            worker &least = workers[0];
            set_priority(least, 0);
            least.value = 0;
            require("a lower priority", !least.start(ring));
            yield();
            expect_true("kernel_call.yield", "gives nothing to lower priorities", !least.is_finished && least.value == 0);
            expect_equal("scheduler", "priority 0 runs when nobody else is ready", call(bell, abi::notification_port_operation::wait).mr[2], 1);
            expect_true("scheduler", "who becomes ready runs before a less important process goes on", least.value == 0);
            set_priority(least, own_priority + 1);
            expect_true("scheduler", "a ready process runs at once when its priority is raised", least.is_finished && least.value == 1);

            // What becomes ready by SEND, REPLY or CALL, and is less important, waits. (NOTIFY: test_notification_port.)
            worker &other = workers[1];
            set_priority(other, own_priority + 1);
            require("receive", !other.start_call(port, operation::receive, 1));
            set_priority(other, own_priority - 1);
            require("send", call(port, operation::send, 0));
            expect_true("ipc_port.send", "to a less important receiver: the sender goes on", !other.is_finished);
            set_priority(other, own_priority + 1);
            expect_true("ipc_port.send", "and the receiver is ready", other.is_finished && other.result.ok());

            require("call", !other.start_call(port, operation::call, 1));
            require("receive", call(port, operation::receive, 1));
            set_priority(other, own_priority - 1);
            require("reply", call(port, operation::reply, 1));
            expect_true("ipc_port.reply", "to a less important caller: the replier goes on", !other.is_finished);
            set_priority(other, own_priority + 1);
            expect_true("ipc_port.reply", "and the caller is ready", other.is_finished && other.result.ok());

            worker &client = workers[2];
            require("receive", !other.start_call(port, operation::receive, 1));
            set_priority(other, own_priority - 1);
            set_priority(client, own_priority + 1);
            require("call", !client.start_call(port, operation::call, 1));
            expect_true("ipc_port.call", "does not switch to a server while somebody more important is ready", !other.is_finished);
            set_priority(other, own_priority + 1);
            expect_true("ipc_port.call", "which is ready", other.is_finished && other.result.ok());
            require("reply", other.start_call(port, operation::reply, 1));
            require("replied", client.is_finished);
        }

        void test_preemption()
        {
            stop        = false;
            counters[0] = 0;
            counters[1] = 0;
            for (word i = 0; i < 2; ++i)
            {
                workers[i].value = i;
                workers[i].start(count_until_stopped);
            }
            for (word rounds = 0; rounds < patience && (counters[0] == 0 || counters[1] == 0); ++rounds)
            {
                // Only the timer takes the processor from this loop and from theirs.
            }
            expect_true("scheduler", "the timer preempts processes of the same priority", counters[0] != 0 && counters[1] != 0);
            stop = true;
            workers[0].let_finish();
            workers[1].let_finish();

            stop = false;
            workers[0].start(keep_registers);
            workers[1].value = 1;
            counters[1]      = 0;
            workers[1].start(count_until_stopped);
            for (word rounds = 0; rounds < patience && counters[1] == 0; ++rounds)
            {
            }
            stop = true;
            workers[0].let_finish();
            workers[1].let_finish();
            expect_true("scheduler", "a preempted process keeps RAX, RCX, R11 and vector state",
                workers[0].is_finished && workers[0].value == 1);
        }

        void execute_undefined(worker &)
        {
            asm volatile("ud2");
        }

        /// A worker that calls or faults, while another of the test's priority is ready and so is the test.
        bool runs_server_at_once(void (*cause)(worker &client))
        {
            worker &server = workers[0], &bystander = workers[1], &client = workers[2];
            set_priority(server, own_priority + 1);
            require("server waits", !server.start_call(port, abi::ipc_port_operation::receive, 1));
            set_priority(server, own_priority);
            set_priority(bystander, own_priority);
            order_length = 0;
            bystander.start(note_order);
            set_priority(client, own_priority + 1);
            cause(client);
            const bool at_once = server.is_finished && order_length == 0;
            server.let_finish();
            bystander.let_finish();
            client.restart();
            return at_once;
        }

        bool call_runs_server_at_once()
        {
            return runs_server_at_once(
                [](worker &client) { require("call", !client.start_call(port, abi::ipc_port_operation::call, 1)); });
        }

        bool fault_runs_resolver_at_once()
        {
            return runs_server_at_once([](worker &client) { require("fault", !client.start(execute_undefined)); });
        }

        void test_direct_switch()
        {
            expect_true("ipc_port.call", "switches directly to a server of the highest ready priority", in_some_trial(call_runs_server_at_once));
            require("resolver", configure_field(workers[2].process, field::ipc_port_resolver, port));
            expect_true("fault", "switches directly to a resolver of the highest ready priority", in_some_trial(fault_runs_resolver_at_once));
        }
    }

    void test_scheduler()
    {
        make(capability_type::ipc_port, 0, port_slot);
        test_priorities();
        test_preemption();
        test_unequal_priorities();
        test_direct_switch();
        for (worker &each : workers)
        {
            set_priority(each, worker_priority);
        }
        clean_up();
    }
}
