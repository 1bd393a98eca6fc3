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

            // Yield goes to the tail of the own queue.
            order_length = 0;
            yield(); // to a whole quantum, so that none ends meanwhile
            for (word i = 0; i < 2; ++i)
            {
                set_priority(workers[i], own_priority);
                workers[i].start(note_order);
            }
            expect_equal("scheduler", "equal priority does not preempt", order_length, 0);
            yield();
            expect_true("kernel_call.yield", "lets all of the same priority run, in order",
                order_length == 2 && order[0] == 0 && order[1] == 1);
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
            yield();
            require("stopped", workers[0].is_finished && workers[1].is_finished);

            stop = false;
            workers[0].start(keep_registers);
            workers[1].value = 1;
            counters[1]      = 0;
            workers[1].start(count_until_stopped);
            for (word rounds = 0; rounds < patience && counters[1] == 0; ++rounds)
            {
            }
            stop = true;
            yield();
            expect_true("scheduler", "a preempted process keeps RAX, RCX, R11 and vector state",
                workers[0].is_finished && workers[0].value == 1);
        }

        void test_direct_switch()
        {
            // A call runs the server at once, before others of the same priority that are ready.
            worker &server = workers[0];
            yield(); // to a whole quantum, so that none ends meanwhile
            set_priority(server, own_priority + 1);
            require("server waits", !server.start_call(port, abi::ipc_port_operation::receive, 1));
            set_priority(server, own_priority);
            set_priority(workers[1], own_priority);
            order_length     = 0;
            workers[1].value = 1;
            workers[1].start(note_order);
            worker &client = workers[2];
            set_priority(client, own_priority + 1);
            require("call", !client.start_call(port, abi::ipc_port_operation::call, 1));
            expect_true("ipc_port.call", "switches directly to a server of the highest ready priority",
                server.is_finished && order_length == 0);
            yield();
            require("note", order_length == 1);
            client.restart();
        }
    }

    void test_scheduler()
    {
        make(capability_type::ipc_port, 0, port_slot);
        test_priorities();
        test_preemption();
        test_direct_switch();
        for (worker &each : workers)
        {
            set_priority(each, worker_priority);
        }
        clean_up();
    }
}
