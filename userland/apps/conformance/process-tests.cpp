// PROCESS_CONTROL_BLOCK (ABI section 11).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using operation = abi::process_control_block_operation;
        using field     = abi::configure_field;
        using which     = abi::context_register;

        constexpr word process_slot = first_free_slot;
        constexpr word process      = slot(process_slot);
        constexpr word port_slot    = first_free_slot + 1;
        constexpr word port         = slot(port_slot);
        constexpr word bell_slot    = first_free_slot + 2;
        constexpr word bell         = slot(bell_slot);
        constexpr word scratch      = first_free_slot + 3;

        constexpr word user_end = abi::user_address_end;

        void test_new_process()
        {
            word values[abi::context_register_count];
            read_registers(process, abi::context_register_count, values);
            bool zero = true;
            for (word i = 0; i < index_of(which::cs); ++i)
            {
                zero &= values[i] == 0;
            }
            expect_true("process_control_block.read_register", "a new process has zero registers", zero);
            expect_equal("process_control_block.read_register", "RFLAGS 0x202", values[index_of(which::rflags)], 0x202);
            expect_equal("process_control_block.read_register", "user code selector", values[index_of(which::cs)], 0x2b);
            expect_equal("process_control_block.read_register", "user stack selector", values[index_of(which::ss)], 0x23);
            expect_error("process_control_block.resume", "without address space", call(process, operation::resume),
                capability_error::illegal_operation);
        }

        /// What FXSAVE stores (Intel SDM volume 1, section 10.5.1).
        struct alignas(16) vector_image
        {
            uint16_t control;
            uint8_t  between[22];
            uint32_t mxcsr;
            uint32_t mxcsr_mask;
            word     x87[16];
            word     xmm[32];
            uint8_t  rest[96];
        };

        extern "C" char save_vector_state[]; ///< FXSAVE to (RBX), then UD2

        /// How a new process runs, and what becomes of it when it faults.
        void test_first_run()
        {
            static vector_image image;
            constexpr word      one = slot(scratch);
            make(capability_type::process_control_block, 0, scratch);
            require("space", configure_field(one, field::address_space, own_space));
            require("resolver", configure_field(one, field::ipc_port_resolver, port));
            require("program counter", configure_field(one, field::instruction_pointer, reinterpret_cast<word>(save_vector_state)));
            const word registers[] = { 0, reinterpret_cast<word>(&image) }; // RAX, RBX
            require("registers", write_registers(one, 2, registers));
            image.xmm[0] = 1;

            require("priority", configure_field(own_process, field::priority, 1));
            expect_success("process_control_block.resume", "a new process", call(one, operation::resume));
            yield();
            const bool was_less_important = image.mxcsr == 0;
            require("priority", configure_field(own_process, field::priority, 0));
            yield();
            expect_true("process_control_block.resume", "a new process has priority 0", was_less_important && image.mxcsr != 0);
            bool is_zero = true;
            for (const word value : image.xmm)
            {
                is_zero &= value == 0;
            }
            expect_true("process_control_block.resume", "a new process has FCW 0x37f, MXCSR 0x1f80 and zero vector registers",
                image.control == 0x37f && image.mxcsr == 0x1f80 && is_zero);

            expect_error("process_control_block.resume", "a faulter in its resolver's queue", call(one, operation::resume),
                capability_error::illegal_operation);
            require("suspend", call(one, operation::suspend));
            require("resume", call(one, operation::resume));
            yield();
            expect_equal("process_control_block.suspend", "a faulter executes again when it is resumed",
                call(port, abi::ipc_port_operation::receive, word { 1 } << 63).mr[5], reinterpret_cast<word>(save_vector_state) + 4);
            require("priority", configure_field(own_process, field::priority, own_priority));
            require("revoke", call(root, abi::node_operation::revoke, scratch));
            require("remove", call(root, abi::node_operation::remove, scratch));
        }

        void test_registers()
        {
            word values[abi::context_register_count];
            for (word i = 0; i < abi::context_register_count; ++i)
            {
                values[i] = 0x1000 + i;
            }
            values[index_of(which::rflags)] = ~word { 0 };
            word before[abi::context_register_count];
            read_registers(process, abi::context_register_count, before);
            expect_success("process_control_block.write_register", "all 23 words", write_registers(process, 23, values));
            word got[abi::context_register_count];
            read_registers(process, abi::context_register_count, got);
            bool same = true;
            for (word i = 0; i <= index_of(which::fs_base); ++i)
            {
                const bool fixed = i == index_of(which::cs) || i == index_of(which::ss) || i == index_of(which::rflags);
                same &= fixed || got[i] == values[i];
            }
            expect_true("process_control_block.write_register", "general registers, RIP, RSP and bases are written", same);
            expect_true("process_control_block.write_register", "CS and SS are ignored",
                got[index_of(which::cs)] == 0x2b && got[index_of(which::ss)] == 0x23);
            expect_equal("process_control_block.write_register", "RFLAGS: only what a user may choose",
                got[index_of(which::rflags)], 0x250fd7);

            expect_equal("process_control_block.write_register", "ENTER_FROM is ignored",
                got[index_of(which::enter_from)], before[index_of(which::enter_from)]);

            const auto invalid = capability_error::invalid_argument;
            struct
            {
                which       index;
                const char *detail;
            } const addresses[] = {
                { which::rip, "RIP is no user address" },
                { which::rsp, "RSP is no user address" },
                { which::gs_base, "GS base is no user address" },
                { which::fs_base, "FS base is no user address" },
            };
            for (const auto &each : addresses)
            {
                word bad[abi::context_register_count] {};
                bad[0]                    = 0xbad;
                bad[index_of(each.index)] = user_end;
                expect_error("process_control_block.write_register", each.detail, write_registers(process, 23, bad), invalid);
            }
            read_registers(process, 1, got);
            expect_equal("process_control_block.write_register", "a failed write changes nothing", got[0], 0x1000);
            expect_error("process_control_block.write_register", "count 24", call(process, operation::write_register, 24), invalid);
            expect_error("process_control_block.read_register", "count 24", call(process, operation::read_register, 24), invalid);
            expect_success("process_control_block.read_register", "count 0", call(process, operation::read_register, 0));

            const word unreadable = mint(process, without(capability_rights::read));
            expect_error("process_control_block.read_register", "without read", call(unreadable, operation::read_register, 1),
                capability_error::permission_denied);

            const word unwritable = mint(process, without(capability_rights::write));
            const auto denied = capability_error::permission_denied;
            expect_error("process_control_block.configure", "without write", call(unwritable, operation::configure, 0), denied);
            expect_error("process_control_block.write_register", "without write", call(unwritable, operation::write_register, 0), denied);
            expect_error("process_control_block.resume", "without write", call(unwritable, operation::resume), denied);
            expect_error("process_control_block.suspend", "without write", call(unwritable, operation::suspend), denied);
            expect_error("process_control_block", "unknown operation", call(process, 0), capability_error::illegal_operation);
            expect_error("process_control_block", "unknown operation 6", call(process, 6), capability_error::illegal_operation);

            // Every word is the register of that name: this call has something else in each.
            register_file mine = prepare(own_process, operation::read_register, 23, 3, 4, 5, 6, 7, 8, 9);
            mine.rbx           = 0xb1;
            mine.rbp           = 0xb2;
            const reply self   = require("own registers", perform(mine));
            word named[abi::context_register_count];
            for (word i = 0; i < abi::context_register_count; ++i)
            {
                named[i] = 3 + i < abi::hardware_message_registers ? self.mr[3 + i] : ipc_buffer->messages[3 + i];
            }
            const word stack = reinterpret_cast<word>(&mine);
            expect_true("process_control_block.read_register", "words 0 to 15 and 18: RAX RBX RCX RDX RDI RSI RBP R8-R15 RIP RSP",
                named[0] == ~word { 0 } && named[1] == 0xb1 && named[3] == 23 && named[4] == own_process && named[5] == 2
                    && named[6] == 0xb2 && named[7] == 3 && named[8] == 4 && named[9] == 5 && named[11] == 6 && named[12] == 7
                    && named[13] == 8 && named[14] == 9 && named[15] == reinterpret_cast<word>(raw_call_return)
                    && named[18] < stack && named[18] > stack - 4096);

            // The caller's own registers are those before the call.
            const reply own = require("own registers", call(own_process, operation::read_register, 7));
            expect_equal("process_control_block.read_register", "of the caller: RAX is the call type", own.mr[3], ~word { 0 });
            expect_equal("process_control_block.read_register", "of the caller: RDI is the descriptor", own.mr[7], own_process);
            require("own registers", call(own_process, operation::read_register, 16));
            expect_equal("process_control_block.read_register", "of the caller: RIP is behind the syscall",
                ipc_buffer->messages[3 + index_of(which::rip)], reinterpret_cast<word>(raw_call_return));
        }

        void test_configure()
        {
            const auto wrong = capability_error::invalid_descriptor;
            struct
            {
                field       what;
                word        good;
                const char *detail;
            } const capabilities[] = {
                { field::address_space, own_space, "address space" },
                { field::root_node, root, "root node" },
                { field::frame_ipc_buffer, own_buffer, "IPC buffer" },
                { field::notification_port, bell, "notification port" },
                { field::ipc_port_resolver, port, "resolver port" },
            };
            for (const auto &each : capabilities)
            {
                expect_success("process_control_block.configure", each.detail, configure_field(process, each.what, each.good));
                expect_error("process_control_block.configure", "wrong type", configure_field(process, each.what, process), wrong);
                expect_error("process_control_block.configure", "descriptor leads nowhere",
                    configure_field(process, each.what, slot(200)), wrong);
            }
            expect_success("process_control_block.configure", "the source keeps its capability",
                call(port, abi::ipc_port_operation::identify, 1));
            expect_success("process_control_block.configure", "the same port again",
                configure_field(process, field::notification_port, bell));

            const word read_only = mint(own_buffer, capability_rights::read);
            expect_error("process_control_block.configure", "buffer frame without write",
                configure_field(process, field::frame_ipc_buffer, read_only), capability_error::permission_denied);
            const word write_only = mint(own_buffer, capability_rights::write);
            expect_error("process_control_block.configure", "buffer frame without read",
                configure_field(process, field::frame_ipc_buffer, write_only), capability_error::permission_denied);
            const word unreadable = mint(bell, without(capability_rights::read));
            expect_error("process_control_block.configure", "notification port without read",
                configure_field(process, field::notification_port, unreadable), capability_error::permission_denied);
            const word powerless = mint(port, capability_rights::none);
            expect_success("process_control_block.configure", "no copy right is needed",
                configure_field(process, field::ipc_port_resolver, powerless));
            expect_error("process_control_block.configure", "notification port bound to another process",
                configure_field(workers[0].process, field::notification_port, bell), capability_error::fatal);

            const auto illegal = capability_error::illegal_operation;
            expect_error("process_control_block.configure", "instruction pointer is no user address",
                configure_field(process, field::instruction_pointer, user_end), illegal);
            expect_error("process_control_block.configure", "stack pointer is no user address",
                configure_field(process, field::stack_pointer, ~word { 0 }), illegal);
            expect_error("process_control_block.configure", "thread-local base is no user address",
                configure_field(process, field::thread_local_base, 0x8000'0000'0000), illegal);
            expect_success("process_control_block.configure", "thread-local base", configure_field(process, field::thread_local_base, 0x1230));
            word values[abi::context_register_count];
            read_registers(process, 23, values);
            expect_equal("process_control_block.configure", "the thread-local base is GS_BASE", values[index_of(which::gs_base)], 0x1230);
            expect_success("process_control_block.configure", "instruction pointer", configure_field(process, field::instruction_pointer, 0x4560));
            expect_success("process_control_block.configure", "stack pointer: the last user address",
                configure_field(process, field::stack_pointer, user_end - 1));
            read_registers(process, 23, values);
            expect_true("process_control_block.configure", "both are RIP and RSP",
                values[index_of(which::rip)] == 0x4560 && values[index_of(which::rsp)] == user_end - 1);
            expect_success("process_control_block.configure", "priority 31", configure_field(process, field::priority, 31));
            expect_error("process_control_block.configure", "priority 32", configure_field(process, field::priority, 32),
                capability_error::invalid_argument);
            expect_success("process_control_block.configure", "priority 0", configure_field(process, field::priority, 0));
            expect_error("process_control_block.configure", "affinity 1", configure_field(process, field::affinity, 1),
                capability_error::invalid_argument);
            expect_success("process_control_block.configure", "affinity 0", configure_field(process, field::affinity, 0));
            expect_success("process_control_block.configure", "unknown fields are ignored",
                call(process, operation::configure, word { 1 } << 40));

            constexpr word two_fields = static_cast<word>(field::instruction_pointer) | static_cast<word>(field::stack_pointer);
            expect_error("process_control_block.configure", "one field of two is bad",
                call(process, operation::configure, two_fields, 0, 0, 0, 0, 0, 0x7777, user_end), illegal);
            read_registers(process, 23, values);
            expect_true("process_control_block.configure", "all or nothing", values[index_of(which::rip)] != 0x7777);
        }

        void test_missing_buffer()
        {
            // Of a large frame the first page becomes the buffer.
            constexpr word window = 0x1020'0000; // in the page directory of the workers' buffers
            make(capability_type::frame, abi::large_page_size_bits, scratch + 7);
            require("map", call(own_space, abi::address_space_operation::map, slot(scratch + 7), window, 3));
            require("buffer", configure_field(workers[1].process, field::frame_ipc_buffer, slot(scratch + 7)));
            workers[1].start_call(process, operation::read_register, 16);
            expect_equal("process_control_block.configure", "the first page of a frame of 2 MiB is the IPC buffer",
                reinterpret_cast<abi::ipc_buffer *>(window)->messages[3 + index_of(which::rip)], 0x4560);
            require("unmap", call(own_space, abi::address_space_operation::unmap, slot(scratch + 7), window));

            // A worker whose buffer frame is revoked has no message registers above 9.
            make(capability_type::generic, 12, scratch + 5);
            require("frame", call(slot(scratch + 5), abi::generic_operation::convert, capability_type::frame, 12, 1, root, scratch + 6));
            worker &poor = workers[1];
            require("buffer", configure_field(poor.process, field::frame_ipc_buffer, slot(scratch + 6)));
            require("revoke", call(root, abi::node_operation::revoke, scratch + 5));
            const auto fatal = capability_error::fatal;
            poor.start_call(process, operation::read_register, 8);
            expect_error("process_control_block.read_register", "MR10 without IPC buffer", poor.result, fatal);
            poor.start_call(process, operation::write_register, 8);
            expect_error("process_control_block.write_register", "MR10 without IPC buffer", poor.result, fatal);
            poor.start_call(process, operation::configure, field::thread_local_base);
            expect_error("process_control_block.configure", "MR10 without IPC buffer", poor.result, fatal);
            word base[abi::context_register_count];
            read_registers(process, 23, base);
            expect_equal("process_control_block.configure", "and nothing was changed", base[index_of(which::gs_base)], 0x1230);
            poor.start_call(process, operation::read_register, 7);
            expect_success("process_control_block.read_register", "MR9 without IPC buffer", poor.result);
            poor.start_call(port, abi::ipc_port_operation::send, message_info { false, 7 }.value);
            expect_error("ipc_port.send", "seven words without IPC buffer", poor.result, fatal);
            poor.start_call(port, abi::ipc_port_operation::call, message_info { false, 7 }.value);
            expect_error("ipc_port.call", "seven words without IPC buffer", poor.result, fatal);
            poor.start_call(port, abi::ipc_port_operation::send, message_info { false, 0, 1 }.value);
            expect_error("ipc_port.send", "a transfer without IPC buffer", poor.result, capability_error::illegal_operation);
            poor.start_call(port, abi::ipc_port_operation::call, message_info { false, 0, 1 }.value);
            expect_error("ipc_port.call", "a transfer without IPC buffer", poor.result, capability_error::illegal_operation);

            // A receiver without buffer: the active caller gets the error.
            require("wait", !poor.start_call(port, abi::ipc_port_operation::receive, 1));
            expect_error("ipc_port.send", "seven words to a receiver without IPC buffer",
                call(port, abi::ipc_port_operation::send, message_info { true, 7 }.value), fatal);
            expect_true("ipc_port.send", "the receiver goes on waiting", !poor.is_finished);
            expect_success("ipc_port.send", "six words to a receiver without IPC buffer",
                call(port, abi::ipc_port_operation::send, message_info { true, 6 }.value, 0, 1, 2, 3, 4, 5, 6));
            expect_equal("ipc_port.receive", "the sixth word", poor.result.mr[9], 6);

            require("worker 2 sends", !workers[2].start_call(port, abi::ipc_port_operation::send, message_info { true, 7 }.value));
            poor.start_call(port, abi::ipc_port_operation::receive, 1);
            expect_error("ipc_port.receive", "seven words without IPC buffer", poor.result, fatal);
            poor.start_call(port, abi::ipc_port_operation::reply_receive, 1);
            expect_error("ipc_port.reply_receive", "seven words without IPC buffer", poor.result, fatal);
            expect_true("ipc_port.receive", "the sender goes on waiting", !workers[2].is_finished);
            require("take", call(port, abi::ipc_port_operation::receive, 1));
            require("buffer again", configure_field(poor.process, field::frame_ipc_buffer, poor.buffer_frame));
        }

        void test_states()
        {
            worker &other = workers[0];
            expect_success("process_control_block.resume", "the caller itself, which runs", call(own_process, operation::resume));
            expect_true("process_control_block.suspend", "of oneself returns after RESUME with success",
                other.start_call(other.process, operation::suspend) == false && other.resume().ok() && other.is_finished
                    && other.result.ok());
            require("blocks", !other.start_call(port, abi::ipc_port_operation::receive, 1));
            expect_error("process_control_block.resume", "a process blocked in a receive", other.resume(),
                capability_error::illegal_operation);
            expect_success("process_control_block.suspend", "a process blocked in a receive", call(other.process, operation::suspend));
            expect_success("process_control_block.suspend", "a suspended process", call(other.process, operation::suspend));
            expect_success("ipc_port.send", "it has left the port's queue",
                call(port, abi::ipc_port_operation::send, message_info { false, 0 }.value));
            expect_success("process_control_block.resume", "a process suspended in a receive", other.resume());
            expect_error("ipc_port.receive", "suspended and resumed", other.result, capability_error::illegal_operation);

            require("blocks", !other.start_call(port, abi::ipc_port_operation::send, 1));
            require("suspend", call(other.process, operation::suspend));
            require("resume", other.resume());
            expect_error("ipc_port.send", "suspended and resumed", other.result, capability_error::illegal_operation);
            require("blocks", !other.start_call(bell, abi::notification_port_operation::wait));
            require("suspend", call(other.process, operation::suspend));
            require("resume", other.resume());
            expect_error("notification_port.wait", "suspended and resumed", other.result, capability_error::illegal_operation);

            // A ready process that is suspended does not run; one that waits for a notification is passed over.
            require("equal", configure_field(other.process, field::priority, own_priority));
            other.start_call(bell, abi::notification_port_operation::poll);
            require("suspend", call(other.process, operation::suspend));
            yield();
            expect_true("process_control_block.suspend", "a ready process does not run", !other.is_finished);
            require("priority", configure_field(other.process, field::priority, worker_priority));
            expect_true("process_control_block.resume", "lets it go on with the priority it has", other.resume().ok() && other.is_finished);
            require("blocks", !other.start_call(bell, abi::notification_port_operation::wait));
            require("suspend", call(other.process, operation::suspend));
            require("identify", call(bell, abi::notification_port_operation::identify, 2));
            require("notify", call(bell, abi::notification_port_operation::notify));
            expect_equal("process_control_block.suspend", "a process that waits for a notification leaves the port's queue",
                call(bell, abi::notification_port_operation::poll).mr[2], 2);
            require("resume", other.resume());

            // The last capability to a process goes: the process stops.
            require("process", configure_field(process, field::address_space, own_space));
            require("resume", call(process, operation::resume));
            expect_success("process_control_block.resume", "a process that is ready", call(process, operation::resume));
            expect_success("node.revoke", "a ready process", call(root, abi::node_operation::revoke, process_slot));
            expect_error("process_control_block.resume", "it has lost its address space", call(process, operation::resume),
                capability_error::illegal_operation);
        }
    }

    void test_process()
    {
        make(capability_type::process_control_block, 0, process_slot);
        make(capability_type::ipc_port, 0, port_slot);
        make(capability_type::notification_port, 0, bell_slot);
        test_new_process();
        test_first_run();
        test_registers();
        test_configure();
        test_missing_buffer();
        test_states();
        clean_up();
    }
}
