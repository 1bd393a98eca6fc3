// The three kernel calls (ABI section 1). An undefined call is a fault: fault-tests.cpp.
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        constexpr word port_slot = first_free_slot;
        constexpr word node_slot = first_free_slot + 1;
        constexpr word memory    = first_free_slot + 2;

        /// A call that is not about message registers changes none of them.
        void expect_untouched(const char *operation, const char *detail, abi::kernel_call type, word mr0)
        {
            word mr[abi::hardware_message_registers];
            for (word &value : mr)
            {
                value = unused_argument;
            }
            mr[0]           = mr0;
            const reply got = perform(to_registers(type, mr));
            bool same       = got.preserved;
            for (word i = 0; i < abi::hardware_message_registers; ++i)
            {
                same &= got.mr[i] == mr[i];
            }
            expect_true(operation, detail, same);
        }

        void test_vector_state()
        {
            alignas(16) word before[2] { 0x0123'4567'89ab'cdef, 0xfedc'ba98'7654'3210 };
            alignas(16) word after[2] {};
            asm volatile("movdqa %1, %%xmm7\n\tmovq $-2, %%rax\n\tsyscall\n\tmovdqa %%xmm7, %0"
                         : "=m"(after)
                         : "m"(before)
                         : "rax", "rcx", "r11", "xmm7", "memory");
            expect_true("kernel_call.yield", "vector state is preserved", before[0] == after[0] && before[1] == after[1]);
        }

        void test_direction_flag()
        {
            word after;
            asm volatile("std\n\tmovq $-2, %%rax\n\tsyscall\n\tpushfq\n\tcld\n\tpopq %0" : "=r"(after) : : "rax", "rcx", "r11", "memory", "cc");
            expect_equal("kernel_call.yield", "works with the direction flag set, which stays so", after & 0x400, 0x400);
        }

        void test_destroyed_registers()
        {
            word rcx, r11, behind, flags;
            asm volatile("movq $-2, %%rax\n\tsyscall\n1:\tpushfq\n\tpopq %[flags]\n\tleaq 1b(%%rip), %[behind]\n\t"
                         "movq %%r11, %[r11]"
                         : "=c"(rcx), [r11] "=&r"(r11), [behind] "=&r"(behind), [flags] "=&r"(flags)
                         :
                         : "rax", "r11", "memory");
            expect_true("kernel_call.yield", "RCX is the return address, R11 is RFLAGS", rcx == behind && r11 == flags);
        }

        void test_results()
        {
            const reply got = call(own_space, abi::address_space_operation::can_map_frame_size_bits, abi::page_size_bits);
            expect_true("kernel_call.capability_call", "success: MR0 is 1, MR1 is left as it is", got.mr[0] == 1
                    && got.mr[1] == static_cast<word>(abi::address_space_operation::can_map_frame_size_bits));
            const reply missing = call(0, 99);
            expect_true("kernel_call.capability_call", "failure: MR0 is 0, MR1 the error", missing.mr[0] == 0 && missing.mr[1] == 2);

            // The registers of a process that waits are those of its call.
            worker &waiter = workers[0];
            make(capability_type::ipc_port, 0, port_slot);
            require("receive", !waiter.start_call(slot(port_slot), abi::ipc_port_operation::receive, 1));
            word values[abi::context_register_count];
            read_registers(waiter.process, index_of(abi::context_register::rsi) + 1, values);
            expect_true("kernel_call.capability_call", "the result of a blocking call is written when it ends",
                values[index_of(abi::context_register::rdi)] == slot(port_slot)
                    && values[index_of(abi::context_register::rsi)] == 2);
            waiter.restart();
            clean_up();
        }

        /// A worker without root node cannot suspend itself: it makes its call, then faults and waits for a resolver.
        void call_and_trap(worker &self)
        {
            self.result = perform(self.request);
            asm volatile("ud2");
        }

        void test_without_root_node()
        {
            worker &orphan = workers[0];
            make(capability_type::ipc_port, 0, port_slot);
            require("resolver",
                configure_field(orphan.process, abi::configure_field::ipc_port_resolver, slot(port_slot)));
            make(capability_type::generic, 12, memory);
            require("node", call(slot(memory), abi::generic_operation::convert, capability_type::node, 1, 1, root, node_slot));
            require("root node", configure_field(orphan.process, abi::configure_field::root_node, slot(node_slot)));
            require("revoke", call(root, abi::node_operation::revoke, memory)); // the process's copy goes, too
            orphan.request = prepare(root, 99);
            orphan.start(call_and_trap);
            expect_error("capability_call", "no root node", orphan.result, capability_error::invalid_descriptor);
            require("root node again", configure_field(orphan.process, abi::configure_field::root_node, root));
            orphan.restart();
        }
    }

    void test_kernel_calls()
    {
        expect_untouched("kernel_call.yield", "no message register changes", abi::kernel_call::yield, 1);
        expect_untouched("kernel_call.debug", "prints only the low byte of MR0", abi::kernel_call::debug, 0xffff'ff00 + ' ');
        print("\n");
        test_vector_state();
        test_direction_flag();
        test_destroyed_registers();
        test_results();
        test_without_root_node();
        clean_up();
    }
}
