// Faults (ABI section 19): what the resolver gets and what its reply does.
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using operation = abi::ipc_port_operation;
        using which     = abi::context_register;

        constexpr word port_slot = first_free_slot;
        constexpr word port      = slot(port_slot);
        constexpr word badge_slot = first_free_slot + 1;
        constexpr word badge      = slot(badge_slot); ///< resolver capability of the faulter
        constexpr word scratch    = first_free_slot + 2;

        constexpr word identifier   = 0xfa17;
        constexpr word bad_address  = 0x3000'0000;
        constexpr word page_address = 0x1001'0000; ///< in the page table of the workers' buffers
        constexpr word unknown_call = 0x1234;
        constexpr word preset       = word { 1 } << 63; ///< in MR2: survives if nothing was received

        // What a worker does wrong; `value` of the worker tells what came of it.

        void read_bad_address(worker &self)
        {
            word value = 0;
            asm volatile("movq (%1), %0\n\tnop" : "=a"(value) : "b"(bad_address));
            self.value = value;
        }

        word kernel_address = 0;

        void read_kernel_address(worker &self)
        {
            self.value = *reinterpret_cast<volatile word *>(kernel_address);
        }

        void write_bad_address(worker &self)
        {
            asm volatile("movb $1, (%0)" : : "b"(bad_address) : "memory");
            self.value = 1;
        }

        void jump_to_bad_address(worker &self)
        {
            reinterpret_cast<void (*)()>(bad_address)();
            self.value = 1;
        }

        void execute_undefined(worker &self)
        {
            asm volatile("ud2");
            self.value = 1;
        }

        void divide_by_zero(worker &self)
        {
            word low = 1, high = 0, zero = 0;
            asm volatile("divq %2" : "+a"(low), "+d"(high) : "r"(zero));
            self.value = low;
        }

        void execute_privileged(worker &self)
        {
            asm volatile("hlt");
            self.value = 1;
        }

        void raise_breakpoint(worker &self)
        {
            asm volatile("int3");
            self.value = 1;
        }

        void raise_interrupt(worker &self)
        {
            asm volatile("int $0x80");
            self.value = 1;
        }

        void raise_overflow(worker &self)
        {
            asm volatile("int $4");
            self.value = 1;
        }

        /// 1 / 0 with that exception unmasked; the fault comes with FWAIT, and FNINIT forgets it.
        void divide_by_zero_on_x87(worker &self)
        {
            const uint16_t control = 0x37b;
            asm volatile("fninit\n\tfldcw %0\n\tfldz\n\tfld1\n\tfdiv %%st(1)\n\tfwait\n\tfninit" : : "m"(control));
            self.value = 1;
        }

        void single_step(worker &self)
        {
            asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop" : : : "cc", "memory");
            self.value = 1;
        }

        word call_number = unknown_call;

        void call_unknown(worker &self)
        {
            word mr[abi::hardware_message_registers];
            for (word i = 0; i < abi::hardware_message_registers; ++i)
            {
                mr[i] = 0x100 + i;
            }
            register_file registers = to_registers(abi::kernel_call::capability_call, mr);
            registers.rax           = call_number;
            raw_call(&registers);
            self.value          = registers.rax;
            self.result.mr[0]   = registers.rdi;
            self.result.mr[9]   = registers.r15;
        }

        /// Lets a worker do it and receives the fault.
        reply provoke(worker &faulter, void (*what)(worker &))
        {
            faulter.value = 0;
            require("the fault stops it", !faulter.start(what));
            const reply got = call(port, operation::receive, 1);
            return got;
        }

        word fault_info(word length)
        {
            return message_info { false, length, 0, message_source::fault }.value;
        }

        bool is_fault(const reply &got, abi::fault_type type, word length)
        {
            return got.ok() && got.mr[1] == 0 && got.mr[2] == fault_info(length) && got.mr[3] == identifier
                && got.mr[4] == static_cast<word>(type);
        }

        bool is_fault_of(const reply &got, abi::fault_type type)
        {
            return got.ok() && got.mr[4] == static_cast<word>(type);
        }

        constexpr word code(word vector, word error = 0)
        {
            return vector << 32 | error;
        }

        void test_memory_faults(worker &faulter)
        {
            reply got = provoke(faulter, read_bad_address);
            expect_true("fault.memory", "a read", is_fault(got, abi::fault_type::memory, 4));
            expect_equal("fault.memory", "MR6 is the address", got.mr[6], bad_address);
            expect_equal("fault.memory", "MR7 is the error code: user read, not present", got.mr[7], 4);
            word values[abi::context_register_count];
            read_registers(faulter.process, 23, values);
            expect_equal("fault.memory", "MR5 is the program counter", got.mr[5], values[index_of(which::rip)]);
            expect_error("process_control_block.resume", "a process whose fault is being resolved", faulter.resume(),
                capability_error::illegal_operation);
            // Resolve it as a debugger would: give the load its result and step over it (48 8b 03).
            values[index_of(which::rax)] = 0x600d;
            values[index_of(which::rip)] += 3;
            require("write registers", write_registers(faulter.process, 16, values));
            expect_success("ipc_port.reply", "to a fault", call(port, operation::reply, message_info { true, 3 }.value, 0, 1, 2, 3));
            expect_equal("fault.memory", "the process goes on where it was put", faulter.value, 0x600d);

            got = provoke(faulter, write_bad_address);
            expect_true("fault.memory", "a write", is_fault(got, abi::fault_type::memory, 4) && got.mr[7] == 6);
            require("reply", call(port, operation::reply, 1));
            got = call(port, operation::receive, 1);
            expect_true("fault.memory", "an unresolved fault comes again", is_fault(got, abi::fault_type::memory, 4) && got.mr[6] == bad_address);
            faulter.restart();

            // Kernels have something at the first, and nothing at the second.
            constexpr word kernel_addresses[] = { 0xffff'ffff'8010'0000, 0xffff'9000'0000'0000 };
            for (const word address : kernel_addresses)
            {
                kernel_address = address;
                got            = provoke(faulter, read_kernel_address);
                expect_true("fault.memory", "a read of a kernel address", is_fault(got, abi::fault_type::memory, 4) && got.mr[6] == address);
                expect_equal("fault.memory", "the error code does not tell whether anything is there", got.mr[7], 5);
                faulter.restart();
            }

            got = provoke(faulter, jump_to_bad_address);
            expect_true("fault.memory_instruction_fetch", "a jump", is_fault(got, abi::fault_type::memory_instruction_fetch, 4));
            expect_true("fault.memory_instruction_fetch", "program counter and address are the target",
                got.mr[5] == bad_address && got.mr[6] == bad_address);
            expect_equal("fault.memory_instruction_fetch", "error code: user fetch, not present", got.mr[7], 0x14);
            faulter.restart();
        }

        void write_page(worker &)
        {
            *reinterpret_cast<volatile word *>(page_address) = 1;
        }

        void execute_page(worker &)
        {
            reinterpret_cast<void (*)()>(page_address)();
        }

        void test_protection(worker &faulter)
        {
            using space_operation = abi::address_space_operation;
            const word frame = make(capability_type::frame, abi::page_size_bits, scratch + 6);
            constexpr word read = 1;
            require("map", call(own_space, space_operation::map, frame, page_address, read));
            reply got = provoke(faulter, write_page);
            expect_true("fault.memory", "a write to a read-only page", is_fault(got, abi::fault_type::memory, 4) && got.mr[6] == page_address);
            expect_equal("fault.memory", "error code: user write, present", got.mr[7], 7);
            faulter.restart();
            got = provoke(faulter, execute_page);
            expect_true("fault.memory_instruction_fetch", "in a page without EXECUTE",
                is_fault(got, abi::fault_type::memory_instruction_fetch, 4) && got.mr[6] == page_address);
            expect_equal("fault.memory_instruction_fetch", "error code: user fetch, present", got.mr[7], 0x15);
            faulter.restart();
            require("unmap", call(own_space, space_operation::unmap, frame, page_address));
        }

        void test_exceptions(worker &faulter)
        {
            struct
            {
                void (*action)(worker &);
                abi::fault_type type;
                word            code;
                const char     *name;
                const char     *detail;
            } const cases[] = {
                { execute_undefined, abi::fault_type::invalid_instruction, code(6), "fault.invalid_instruction", "UD2" },
                { divide_by_zero, abi::fault_type::invalid_arithmetic, code(0), "fault.invalid_arithmetic", "division by zero" },
                { execute_privileged, abi::fault_type::architecture, code(13), "fault.architecture", "HLT in user mode" },
                { raise_overflow, abi::fault_type::invalid_arithmetic, code(4), "fault.invalid_arithmetic", "INT 4" },
                { raise_breakpoint, abi::fault_type::architecture, code(3), "fault.architecture", "INT3" },
                { single_step, abi::fault_type::architecture, code(1), "fault.architecture", "single step" },
            };
            for (const auto &each : cases)
            {
                const reply got = provoke(faulter, each.action);
                expect_true(each.name, each.detail, is_fault(got, each.type, 3));
                expect_equal(each.name, "MR6 is vector and error code", got.mr[6], each.code);
                expect_equal(each.name, "nothing is written beyond the payload", got.mr[7], unused_argument);
                word values[index_of(which::rip) + 1];
                read_registers(faulter.process, index_of(which::rip) + 1, values);
                expect_equal(each.name, "MR5 is the saved program counter", got.mr[5], values[index_of(which::rip)]);
                faulter.restart();
            }

            const reply got = provoke(faulter, divide_by_zero_on_x87);
            expect_true("fault.invalid_arithmetic", "an x87 exception",
                is_fault(got, abi::fault_type::invalid_arithmetic, 3) && got.mr[6] == code(16));
            // Past FWAIT, so that the exception does not stay with the process.
            word values[index_of(which::rip) + 1];
            read_registers(faulter.process, index_of(which::rip) + 1, values);
            values[index_of(which::rip)] += 1;
            require("write registers", write_registers(faulter.process, index_of(which::rip) + 1, values));
            require("reply", call(port, operation::reply, 1));
            require("goes on", faulter.is_finished);
        }

        /// All but ENTER_FROM.
        bool has_registers(const worker &of, const word *wanted)
        {
            word values[abi::context_register_count];
            read_registers(of.process, abi::context_register_count, values);
            bool same = true;
            for (word i = 0; i < index_of(which::enter_from); ++i)
            {
                same &= values[i] == wanted[i];
            }
            return same;
        }

        /// Whatever is done to a faulter, it executes the instruction again as if for the first time.
        void test_registers_stay(worker &faulter)
        {
            const auto faults_again = [&](const word *wanted) {
                const reply got = call(port, operation::receive, 1);
                return is_fault(got, abi::fault_type::invalid_instruction, 3) && has_registers(faulter, wanted);
            };
            require("fault", !faulter.start(execute_undefined));
            expect_error("process_control_block.resume", "a process whose fault is queued", faulter.resume(),
                capability_error::illegal_operation);
            word wanted[abi::context_register_count];
            read_registers(faulter.process, abi::context_register_count, wanted);
            expect_true("fault.invalid_instruction", "being delivered changes no register of the faulter", faults_again(wanted));

            require("reply", call(port, operation::reply, message_info { true, 6 }.value, 1, 2, 3, 4, 5, 6, 7));
            expect_true("ipc_port.reply", "to a fault writes no register of the faulter", faults_again(wanted));
            require("reply", call(port, operation::reply, message_info { true, 26 }.value, 1, 2, 3, 4, 5, 6, 7));
            expect_true("ipc_port.reply", "to another fault than an unknown call: a context is not written either", faults_again(wanted));

            require("suspend", call(faulter.process, abi::process_control_block_operation::suspend));
            require("resume", faulter.resume());
            expect_true("process_control_block.resume", "a suspended faulter executes again with its registers", faults_again(wanted));

            // Capabilities travel with the reply as with any other.
            make(capability_type::ipc_port, 0, scratch);
            ipc_buffer->transfer_source_descriptors[0]  = slot(scratch);
            faulter.buffer->transfer_destination_node  = root;
            faulter.buffer->transfer_destination_index = scratch + 1;
            expect_success("ipc_port.reply", "to a fault, with a capability", call(port, operation::reply, message_info { true, 0, 1 }.value));
            expect_success("ipc_port.reply", "it arrives at the faulter", call(slot(scratch + 1), operation::reply, 0));
            expect_true("ipc_port.reply", "and writes no register", faults_again(wanted));
            faulter.restart();
        }

        void test_interrupt_instruction(worker &faulter)
        {
            const reply got = provoke(faulter, raise_interrupt);
            expect_true("fault.architecture", "INT 0x80", is_fault(got, abi::fault_type::architecture, 3));
            // The index in the error code is left out: some versions of QEMU give 16 times the vector instead of 8 times.
            constexpr word without_index = ~word { 0xfff8 };
            expect_equal("fault.architecture", "MR6 says: general protection, by an IDT entry", got.mr[6] & without_index, code(13, 2));
            faulter.restart();
        }

        /// Replies with the faulter's own context, but for RAX; `length` payload words.
        void reply_with_context(worker &faulter, word length, word rax, word rflags, word cs)
        {
            word values[abi::context_register_count];
            read_registers(faulter.process, abi::context_register_count, values); // uses the buffer, too
            values[index_of(which::rflags)] |= rflags;
            values[index_of(which::cs)]      = cs;
            for (word i = 3; i < abi::context_register_count; ++i)
            {
                ipc_buffer->messages[7 + i] = values[i];
            }
            require("reply", perform(prepare(port, operation::reply, message_info { true, length }.value, 0, 0, 0, 0, rax,
                values[1], values[2])));
        }

        void test_context_replies(worker &faulter)
        {
            constexpr word privilege = 0x3000, kernel_code = 0x8, user_code = 0x2b;
            provoke(faulter, call_unknown);
            reply_with_context(faulter, 25, 0xcccc, 0, user_code);
            expect_equal("ipc_port.reply", "to an unknown call with less than a context writes nothing", faulter.value, unknown_call);
            provoke(faulter, call_unknown);
            reply_with_context(faulter, 30, 0xdddd, privilege, kernel_code);
            expect_equal("ipc_port.reply", "to an unknown call with more than a context writes it", faulter.value, 0xdddd);
            word values[abi::context_register_count];
            read_registers(faulter.process, abi::context_register_count, values);
            expect_true("ipc_port.reply", "but neither the I/O privilege level nor selectors",
                (values[index_of(which::rflags)] & privilege) == 0 && values[index_of(which::cs)] == user_code);

            constexpr word numbers[] = { 0, 1, 60, ~word { 3 }, 0xffff'ffff, 0xffff'fffe, word { 1 } << 63 };
            for (const word number : numbers)
            {
                call_number     = number;
                const reply got = provoke(faulter, call_unknown);
                expect_true("fault.invalid_kernel_call", "whatever the number",
                    is_fault(got, abi::fault_type::invalid_kernel_call, 26) && got.mr[6] == number);
                faulter.restart();
            }
            call_number = unknown_call;
        }

        /// A suspended process makes its unknown call again only if nobody has received it.
        void test_suspended_unknown_call(worker &faulter)
        {
            require("fault", !faulter.start(call_unknown));
            require("suspend", call(faulter.process, abi::process_control_block_operation::suspend));
            word values[abi::context_register_count];
            read_registers(faulter.process, abi::context_register_count, values);
            expect_equal("process_control_block.suspend", "of a queued unknown call: MR0 stays", values[index_of(which::rdi)], 0x100);
            require("resume", faulter.resume());
            const reply got = call(port, operation::receive, 1);
            expect_true("fault.invalid_kernel_call", "a call that was suspended before it was received is made again",
                is_fault(got, abi::fault_type::invalid_kernel_call, 26) && got.mr[6] == unknown_call
                    && got.mr[5] == reinterpret_cast<word>(raw_call_return));
            require("suspend", call(faulter.process, abi::process_control_block_operation::suspend));
            expect_success("process_control_block.resume", "a process whose unknown call was received", faulter.resume());
            expect_true("fault.invalid_kernel_call", "a call that was received is not made again",
                faulter.is_finished && faulter.value == unknown_call);
        }

        void test_unknown_call(worker &faulter)
        {
            test_suspended_unknown_call(faulter);
            reply got = provoke(faulter, call_unknown);
            expect_true("fault.invalid_kernel_call", "a call type that does not exist", is_fault(got, abi::fault_type::invalid_kernel_call, 26));
            expect_equal("fault.invalid_kernel_call", "MR5 is behind the syscall", got.mr[5], reinterpret_cast<word>(raw_call_return));
            expect_equal("fault.invalid_kernel_call", "MR6 is the call number", got.mr[6], unknown_call);
            const word rsi = ipc_buffer->messages[7 + index_of(which::rsi)];
            word context[abi::context_register_count];
            for (word i = 0; i < abi::context_register_count; ++i)
            {
                context[i] = 7 + i < abi::hardware_message_registers ? got.mr[7 + i] : ipc_buffer->messages[7 + i];
            }
            const bool is_context = has_registers(faulter, context);
            expect_true("fault.invalid_kernel_call", "MR7 to MR29 are the context", got.mr[7] == unknown_call && rsi == 0x101 && is_context);
            require("reply", call(port, operation::reply, 1));
            expect_true("ipc_port.reply", "to an unknown call without context: no register changes",
                faulter.value == unknown_call && faulter.result.mr[0] == 0x100 && faulter.result.mr[9] == 0x109);

            got = provoke(faulter, call_unknown);
            // MR7…MR29 are still what was received, so the reply only changes RAX and R15. MR10…MR29 are in the buffer.
            ipc_buffer->messages[7 + index_of(which::r15)] = 0xaaaa;
            register_file answer = prepare(port, operation::reply, message_info { true, 26 }.value, 0, 0, 0, 0,
                0xbbbb, got.mr[8], got.mr[9]);
            ipc_buffer->messages[7 + index_of(which::rsp)] = ~word { 0 };
            expect_error("ipc_port.reply", "a context that no user may have", perform(answer), capability_error::invalid_argument);
            expect_true("ipc_port.reply", "the faulter goes on waiting", !faulter.is_finished);
            word values[abi::context_register_count];
            read_registers(faulter.process, 23, values); // uses the buffer, too
            for (word i = 3; i < abi::context_register_count; ++i)
            {
                ipc_buffer->messages[7 + i] = values[i];
            }
            ipc_buffer->messages[7 + index_of(which::r15)] = 0xaaaa;
            answer = prepare(port, operation::reply, message_info { true, 26 }.value, 0, 0, 0, 0, 0xbbbb, values[1], values[2]);
            expect_success("ipc_port.reply", "to an unknown call with a context", perform(answer));
            expect_true("ipc_port.reply", "the context is written back", faulter.value == 0xbbbb && faulter.result.mr[9] == 0xaaaa);

            test_context_replies(faulter);

            // A resolver without IPC buffer gets the short message.
            worker &poor = workers[3];
            make(capability_type::generic, 12, scratch + 4);
            require("frame", call(slot(scratch + 4), abi::generic_operation::convert, capability_type::frame, 12, 1, root, scratch + 5));
            require("buffer", configure_field(poor.process, abi::configure_field::frame_ipc_buffer, slot(scratch + 5)));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 4));
            require("wait", !poor.start_call(port, operation::receive, 1));
            require("fault", !faulter.start(call_unknown));
            expect_true("fault.invalid_kernel_call", "a resolver without IPC buffer gets length 3",
                poor.is_finished && is_fault(poor.result, abi::fault_type::invalid_kernel_call, 3) && poor.result.mr[6] == unknown_call);
            faulter.restart();
            require("buffer again", configure_field(poor.process, abi::configure_field::frame_ipc_buffer, poor.buffer_frame));
        }

        void test_waiting(worker &faulter)
        {
            worker &resolver = workers[1];
            require("resolver waits", !resolver.start_call(port, operation::receive, 1));
            require("fault", !faulter.start(execute_undefined));
            expect_true("fault.invalid_instruction", "a waiting resolver gets it at once",
                resolver.is_finished && is_fault(resolver.result, abi::fault_type::invalid_instruction, 3));
            // The resolver drops it: the faulter stays suspended and faults again when it is resumed.
            require("drop", resolver.start_call(port, operation::receive, 0));
            expect_success("process_control_block.resume", "a faulter that was dropped", faulter.resume());
            const reply got = call(port, operation::receive, 1);
            expect_true("fault.invalid_instruction", "it executes again", is_fault(got, abi::fault_type::invalid_instruction, 3));
            faulter.restart();

            require("fault", !faulter.start(execute_undefined));
            require("suspend", call(faulter.process, abi::process_control_block_operation::suspend));
            expect_equal("process_control_block.suspend", "a faulter leaves the resolver's queue",
                call(port, operation::receive, preset).mr[2], preset);
            faulter.restart();
        }

        void test_no_resolver(worker &faulter)
        {
            // Without READ and WRITE the port is no resolver: the kernel logs one line and suspends.
            const word read_only = mint(badge, capability_rights::read);
            require("resolver", configure_field(faulter.process, abi::configure_field::ipc_port_resolver, read_only));
            require("fault", !faulter.start(jump_to_bad_address));
            expect_equal("fault", "a resolver capability without write gets nothing",
                call(port, operation::receive, preset).mr[2], preset);
            expect_success("process_control_block.resume", "the faulter is suspended", faulter.resume());
            faulter.restart();
            const word write_only = mint(badge, capability_rights::write);
            require("resolver", configure_field(faulter.process, abi::configure_field::ipc_port_resolver, write_only));
            require("fault", !faulter.start(execute_undefined));
            expect_equal("fault", "a resolver capability without read gets nothing", call(port, operation::receive, preset).mr[2], preset);
            expect_success("process_control_block.resume", "the faulter is suspended again", faulter.resume());
            faulter.restart();

            worker &unresolved = workers[2];
            require("fault", !unresolved.start(execute_undefined));
            expect_success("process_control_block.resume", "a process that never had a resolver is suspended by its fault", unresolved.resume());
            unresolved.restart();

            // A resolver port that goes: while a fault waits there, and before.
            make(capability_type::generic, 12, scratch + 9);
            require("port", call(slot(scratch + 9), abi::generic_operation::convert, capability_type::ipc_port, 0, 1, root, scratch + 10));
            require("resolver", configure_field(faulter.process, abi::configure_field::ipc_port_resolver, slot(scratch + 10)));
            require("fault", !faulter.start(execute_undefined));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 10));
            expect_equal("fault", "of a port that was revoked waits there no more", call(slot(scratch + 10), operation::receive, preset).mr[2], preset);
            expect_success("process_control_block.resume", "a faulter whose resolver port was revoked is suspended", faulter.resume());
            expect_true("fault.invalid_instruction", "and executes again",
                is_fault_of(call(slot(scratch + 10), operation::receive, 1), abi::fault_type::invalid_instruction));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 9));
            expect_error("process_control_block.resume", "a faulter whose resolver port is gone still waits for the reply",
                faulter.resume(), capability_error::illegal_operation);
            require("reply", call(port, operation::reply, 1));
            expect_success("process_control_block.resume", "the reply through another port lets it fault again, now without resolver",
                faulter.resume());
            faulter.restart();
            require("resolver", configure_field(faulter.process, abi::configure_field::ipc_port_resolver, badge));
        }
    }

    void test_faults()
    {
        make(capability_type::ipc_port, 0, port_slot);
        require("copy", call(root, abi::node_operation::copy, badge_slot, port));
        require("identify", call(badge, operation::identify, identifier));
        worker &faulter = workers[0];
        require("resolver", configure_field(faulter.process, abi::configure_field::ipc_port_resolver, badge));
        test_memory_faults(faulter);
        test_protection(faulter);
        test_exceptions(faulter);
        test_interrupt_instruction(faulter);
        test_registers_stay(faulter);
        test_unknown_call(faulter);
        test_waiting(faulter);
        test_no_resolver(faulter);
        clean_up();
    }
}
