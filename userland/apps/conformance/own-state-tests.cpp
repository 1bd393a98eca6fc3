// What a process has for itself, whoever runs in between: vector state, segment bases, address space (ABI sections 1, 8
// and 11).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using field = abi::configure_field;
        using which = abi::context_register;

        constexpr word slots       = first_free_slot;
        constexpr word port        = slot(slots);
        constexpr word own_frame   = slot(slots + 1);
        constexpr word data_frame  = slot(slots + 2);
        constexpr word code_frame  = slot(slots + 3);
        constexpr word space       = slot(slots + 4);
        constexpr word process     = slot(slots + 5);
        constexpr word first_table = slots + 6;

        // In the page table of the workers' buffers.
        constexpr word data_address = 0x1001'0000;
        constexpr word code_address = 0x1001'1000;

        constexpr word read = 1, write = 2, execute = 4;

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

        static_assert(sizeof(vector_image) == 512);

        vector_image wanted[2], got[2];

        void set_worker_priorities(word priority)
        {
            for (word i = 0; i < 2; ++i)
            {
                require("priority", configure_field(workers[i].process, field::priority, priority));
            }
        }

        /// Two workers do it up to the yield in it, one after the other, and then the rest.
        bool take_turns(void (*what)(worker &))
        {
            set_worker_priorities(own_priority);
            bool is_right = true, is_between = false;
            while (is_right && !is_between) // again if a quantum ends at such a moment that one is done before the other begins
            {
                for (word i = 0; i < 2; ++i)
                {
                    workers[i].value = i;
                    workers[i].start(what);
                }
                yield();
                is_between = !workers[0].is_finished && !workers[1].is_finished;
                workers[0].let_finish();
                workers[1].let_finish();
                is_right = workers[0].value != 0 && workers[1].value != 0;
            }
            set_worker_priorities(worker_priority);
            return is_right;
        }

        void keep_vector_state(worker &self)
        {
            const word    number  = self.value;
            vector_image &image   = wanted[number];
            vector_image  initial;
            asm volatile("fxsave64 %0" : "=m"(initial));
            image         = initial;
            image.control = number == 0 ? 0x37f : 0xf7f; // rounds to nearest, to zero
            image.mxcsr   = number == 0 ? 0x1f80 : 0x7f80;
            for (word i = 0; i < 32; ++i)
            {
                image.xmm[i] = 0x0101'0101'0101'0101 * (i + 1) + number;
            }
            asm volatile("fxrstor64 %1\n\tmovq $-2, %%rax\n\tsyscall\n\tfxsave64 %0\n\tfxrstor64 %2"
                         : "=m"(got[number])
                         : "m"(image), "m"(initial)
                         : "rax", "rcx", "r11", "memory");
            bool same = got[number].control == image.control && got[number].mxcsr == image.mxcsr;
            for (word i = 0; i < 32; ++i)
            {
                same &= got[number].xmm[i] == image.xmm[i];
            }
            self.value = same;
        }

        /// Starts it over with other segment bases.
        void set_bases(worker &self, const volatile void *fs, const volatile void *gs)
        {
            self.restart();
            word values[abi::context_register_count];
            read_registers(self.process, abi::context_register_count, values);
            values[index_of(which::fs_base)] = reinterpret_cast<word>(fs);
            values[index_of(which::gs_base)] = reinterpret_cast<word>(gs);
            require("bases", write_registers(self.process, index_of(which::fs_base) + 1, values));
        }

        constexpr word  fs_word = 0xf5, gs_word = 0x65;
        volatile word   words_of[2][2] = { { fs_word, gs_word }, { fs_word + 1, gs_word + 1 } };

        void read_segments(word &fs, word &gs)
        {
            asm volatile("movq %%fs:0, %0\n\tmovq %%gs:0, %1" : "=&r"(fs), "=r"(gs));
        }

        void keep_bases(worker &self)
        {
            const word number = self.value;
            word       fs[2], gs[2];
            read_segments(fs[0], gs[0]);
            yield();
            read_segments(fs[1], gs[1]);
            self.value = fs[0] == fs_word + number && gs[0] == gs_word + number && fs[1] == fs[0] && gs[1] == gs[0];
        }

        void test_registers()
        {
            expect_true("kernel_call.yield", "each process keeps its own vector state, MXCSR and FCW",
                take_turns(keep_vector_state));

            for (word i = 0; i < 2; ++i)
            {
                set_bases(workers[i], &words_of[i][0], &words_of[i][1]);
            }
            expect_true("process_control_block.write_register", "each process runs with its own FS and GS base",
                take_turns(keep_bases));

            set_bases(workers[0], &words_of[0][0], nullptr);
            require("thread-local base",
                configure_field(workers[0].process, field::thread_local_base, reinterpret_cast<word>(&words_of[1][1])));
            workers[0].start([](worker &self) {
                word fs;
                read_segments(fs, self.value);
            });
            expect_equal("process_control_block.configure", "a process runs with the thread-local base as GS base",
                workers[0].value, gs_word + 1);
            for (word i = 0; i < 2; ++i)
            {
                set_bases(workers[i], nullptr, nullptr);
            }
        }

        void map(word where, word what, word address, word attributes)
        {
            require("map", call(where, abi::address_space_operation::map, what, address, attributes));
        }

        void unmap(word what, word address)
        {
            require("unmap", call(own_space, abi::address_space_operation::unmap, what, address));
        }

        volatile word &at(word address)
        {
            return *reinterpret_cast<volatile word *>(address);
        }

        /// Writes a word into a frame that is not mapped.
        void fill(word frame, word value)
        {
            map(own_space, frame, data_address, read | write);
            at(data_address) = value;
            unmap(frame, data_address);
        }

        /// A process in a space of its own that has another frame at the same address.
        void test_other_space()
        {
            make(capability_type::ipc_port, 0, slots);
            for (word i = 0; i < 3; ++i)
            {
                make(capability_type::frame, abi::page_size_bits, slots + 1 + i);
            }
            make(capability_type::address_space, 0, slots + 4);
            make(capability_type::process_control_block, 0, slots + 5);
            for (word depth = 3; depth > 0; --depth)
            {
                map(space, make(capability_type::page_table, depth, first_table + depth), data_address, 0);
            }

            // movq (%rbx), %rax; movb $0x33, (%rbx); ud2
            constexpr word code = 0x0b0f'3303'c603'8b48;
            fill(code_frame, code);
            fill(data_frame, 0x2222);
            map(own_space, own_frame, data_address, read | write);
            at(data_address) = 0x1111;
            map(space, data_frame, data_address, read | write);
            map(space, code_frame, code_address, read | execute);

            require("space", configure_field(process, field::address_space, space));
            require("resolver", configure_field(process, field::ipc_port_resolver, port));
            require("program counter", configure_field(process, field::instruction_pointer, code_address));
            require("priority", configure_field(process, field::priority, worker_priority));
            const word values[] = { 0, data_address }; // RAX, RBX
            require("registers", write_registers(process, 2, values));
            require("resume", call(process, abi::process_control_block_operation::resume));

            const reply fault = call(port, abi::ipc_port_operation::receive, 1);
            expect_true("fault.invalid_instruction", "in another address space",
                fault.mr[4] == static_cast<word>(abi::fault_type::invalid_instruction)
                    && fault.mr[5] == code_address + 6);
            word registers[1];
            read_registers(process, 1, registers);
            expect_equal("address_space.map", "a process reads what is in its own address space", registers[0], 0x2222);
            expect_equal("address_space.map", "and its writes are not seen in others", at(data_address), 0x1111);
            unmap(own_frame, data_address);
            map(own_space, data_frame, data_address, read);
            expect_equal("address_space.map", "unless they have the frame, too", at(data_address), 0x2233);
            unmap(data_frame, data_address);
        }
    }

    void test_own_state()
    {
        test_registers();
        test_other_space();
        clean_up();
    }
}
