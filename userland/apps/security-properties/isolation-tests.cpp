// A process reaches only what is mapped for it, and only the processor's unprivileged part.
#include "full-call.hpp"
#include "properties.hpp"
#include "sandbox.hpp"

#include <report.hpp>
#include <workbench.hpp>

namespace properties
{
    using conformance::word;

    /// Kernel addresses to try. A debugger writes those of the kernel that runs into the image before it starts.
    struct probe_list
    {
        word count;
        word addresses[4095];
    };

    extern "C" probe_list probe_addresses;
    probe_list            probe_addresses { 8,
                   { 0xffff'8000'0000'0000, 0xffff'8000'0010'0000, 0xffff'ffff'8000'0000, 0xffff'ffff'8010'0000,
                       0xffff'ffff'c000'0000, 0xffff'ffff'ffff'fff8, 0xffff'8800'0000'0000, 0xffff'9000'1234'5678 } };

    namespace
    {
        using namespace conformance;
        using operation = abi::ipc_port_operation;

        constexpr word port_slot = first_free_slot;
        constexpr word port      = slot(port_slot);

        worker &prober = workers[0];

        void read_value(worker &self)
        {
            self.value = *reinterpret_cast<volatile word *>(self.value);
        }

        void write_value(worker &self)
        {
            *reinterpret_cast<volatile word *>(self.value) = 0;
        }

        void jump_to_value(worker &self)
        {
            reinterpret_cast<void (*)()>(self.value)();
        }

        /// Has the prober do it; the fault message, or MR0 = 0 if there was no fault.
        reply provoke(void (*what)(worker &), word value)
        {
            prober.value = value;
            if (prober.start(what))
            {
                return {};
            }
            const reply got = call(port, operation::receive, 1);
            prober.restart();
            return got;
        }

        bool is_fault(const reply &got, abi::fault_type type, word code_register, word code)
        {
            return got.ok() && message_info { got.mr[2] }.source() == message_source::fault
                && got.mr[4] == static_cast<word>(type) && got.mr[code_register] == code;
        }

        constexpr word general_protection = word { 13 } << 32;

        // Page-fault error codes of user accesses. For every kernel address they are the same: whether something is there is
        // no user's business.
        constexpr word user_read = 5, user_write = 7, user_fetch = 0x15;

        void test_kernel_addresses()
        {
            bool faults = true, says_nothing = true;
            for (word i = 0; i < probe_addresses.count; ++i)
            {
                const word address = probe_addresses.addresses[i];
                struct
                {
                    void (*action)(worker &);
                    abi::fault_type type;
                    word            code;
                } const attempts[] = { { read_value, abi::fault_type::memory, user_read },
                    { write_value, abi::fault_type::memory, user_write },
                    { jump_to_value, abi::fault_type::memory_instruction_fetch, user_fetch } };
                for (const auto &attempt : attempts)
                {
                    const reply got = provoke(attempt.action, address);
                    const bool failed = got.ok();
                    const bool silent = failed && is_fault(got, attempt.type, 7, attempt.code);
                    if (!silent)
                    {
                        print("at ");
                        print(address);
                        print(": fault type ");
                        print(got.mr[4]);
                        print(", code ");
                        print(got.mr[7]);
                        print("\n");
                    }
                    faults &= failed;
                    says_nothing &= silent;
                }
            }
            expect_true("isolation", "no kernel address can be read, written or executed", faults);
            expect_true("isolation", "faults at kernel addresses do not tell whether something is there", says_nothing);

            const word borders[] = { 0x8000'0000'0000, 0xffff'7fff'ffff'fff8, 0x1234'5678'9abc'def0 };
            bool stopped = true;
            for (const word address : borders)
            {
                stopped &= is_fault(provoke(read_value, address), abi::fault_type::architecture, 6, general_protection);
                stopped &= is_fault(provoke(write_value, address), abi::fault_type::architecture, 6, general_protection);
                stopped &= is_fault(provoke(jump_to_value, address), abi::fault_type::architecture, 6, general_protection);
            }
            expect_true("isolation", "addresses between the halves are no addresses", stopped);
            stopped = provoke(read_value, 0x7fff'ffff'fff8).ok() && provoke(jump_to_value, 0x7fff'ffff'fffe).ok();
            expect_true("isolation", "the last page of the lower half is never mapped", stopped);
        }

        // ---- Instructions --------------------------------------------------------------------------------------------

        alignas(16) volatile unsigned char code[32];

        void run_code(worker &)
        {
            asm volatile("subq $64, %%rsp\n\tmovq %%rsp, %%rbx\n\txorl %%eax, %%eax\n\txorl %%ecx, %%ecx\n\txorl %%edx, %%edx\n\t"
                         "call *%0\n\taddq $64, %%rsp"
                         :
                         : "r"(code)
                         : "rax", "rbx", "rcx", "rdx", "memory", "cc");
        }

        struct instruction
        {
            const char   *name;
            unsigned char length;
            unsigned char bytes[12];
        };

        // All registers they use are 0; memory is at RBX.
        constexpr instruction privileged[] = {
            { "HLT", 1, { 0xf4 } },
            { "CLI", 1, { 0xfa } },
            { "STI", 1, { 0xfb } },
            { "CLTS", 2, { 0x0f, 0x06 } },
            { "INVD", 2, { 0x0f, 0x08 } },
            { "WBINVD", 2, { 0x0f, 0x09 } },
            { "MOV RAX, CR0", 3, { 0x0f, 0x20, 0xc0 } },
            { "MOV CR0, RAX", 3, { 0x0f, 0x22, 0xc0 } },
            { "MOV RAX, CR2", 3, { 0x0f, 0x20, 0xd0 } },
            { "MOV CR2, RAX", 3, { 0x0f, 0x22, 0xd0 } },
            { "MOV RAX, CR3", 3, { 0x0f, 0x20, 0xd8 } },
            { "MOV CR3, RAX", 3, { 0x0f, 0x22, 0xd8 } },
            { "MOV RAX, CR4", 3, { 0x0f, 0x20, 0xe0 } },
            { "MOV CR4, RAX", 3, { 0x0f, 0x22, 0xe0 } },
            { "MOV RAX, CR8", 4, { 0x44, 0x0f, 0x20, 0xc0 } },
            { "MOV CR8, RAX", 4, { 0x44, 0x0f, 0x22, 0xc0 } },
            { "MOV RAX, DR0", 3, { 0x0f, 0x21, 0xc0 } },
            { "MOV DR0, RAX", 3, { 0x0f, 0x23, 0xc0 } },
            { "MOV RAX, DR7", 3, { 0x0f, 0x21, 0xf8 } },
            { "MOV DR7, RAX", 3, { 0x0f, 0x23, 0xf8 } },
            { "LGDT", 3, { 0x0f, 0x01, 0x13 } },
            { "LIDT", 3, { 0x0f, 0x01, 0x1b } },
            { "LLDT", 3, { 0x0f, 0x00, 0xd0 } },
            { "LTR", 3, { 0x0f, 0x00, 0xd8 } },
            { "LMSW", 3, { 0x0f, 0x01, 0xf0 } },
            { "INVLPG", 3, { 0x0f, 0x01, 0x3b } },
            { "SWAPGS", 3, { 0x0f, 0x01, 0xf8 } },
            { "RDMSR", 2, { 0x0f, 0x32 } },
            { "WRMSR", 2, { 0x0f, 0x30 } },
            { "RDPMC", 2, { 0x0f, 0x33 } },
            { "SYSRET", 3, { 0x48, 0x0f, 0x07 } },
            { "SYSENTER", 2, { 0x0f, 0x34 } },
            { "SYSEXIT", 3, { 0x48, 0x0f, 0x35 } },
            { "XSETBV", 3, { 0x0f, 0x01, 0xd1 } },
            { "XGETBV", 3, { 0x0f, 0x01, 0xd0 } },
            { "VMCALL", 3, { 0x0f, 0x01, 0xc1 } },
            { "RSM", 2, { 0x0f, 0xaa } },
            { "RDFSBASE", 5, { 0xf3, 0x48, 0x0f, 0xae, 0xc0 } },
            { "WRFSBASE", 5, { 0xf3, 0x48, 0x0f, 0xae, 0xd0 } },
            { "RDGSBASE", 5, { 0xf3, 0x48, 0x0f, 0xae, 0xc8 } },
            { "WRGSBASE", 5, { 0xf3, 0x48, 0x0f, 0xae, 0xd8 } },
            { "IN AL, DX", 1, { 0xec } },
            { "IN AX, DX", 2, { 0x66, 0xed } },
            { "IN EAX, DX", 1, { 0xed } },
            { "OUT DX, AL", 1, { 0xee } },
            { "OUT DX, AX", 2, { 0x66, 0xef } },
            { "OUT DX, EAX", 1, { 0xef } },
            { "IN AL, 0x60", 2, { 0xe4, 0x60 } },
            { "OUT 0x80, AL", 2, { 0xe6, 0x80 } },
            { "INSB", 5, { 0x48, 0x89, 0xdf, 0x6c, 0x90 } },
            { "OUTSB", 5, { 0x48, 0x89, 0xde, 0x6e, 0x90 } },
            { "MOV SS, kernel data", 6, { 0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd0 } },
            { "MOV DS, kernel data", 6, { 0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8 } },
            { "MOV GS, kernel data", 6, { 0x66, 0xb8, 0x10, 0x00, 0x8e, 0xe8 } },
            { "far return to kernel code", 6, { 0x6a, 0x08, 0x6a, 0x00, 0x48, 0xcb } },
            { "IRET to kernel code", 12, { 0x6a, 0x10, 0x53, 0x6a, 0x02, 0x6a, 0x08, 0x6a, 0x00, 0x48, 0xcf, 0x90 } },
        };

        // Where CR4.UMIP can be set.
        constexpr instruction telling[] = {
            { "SGDT", 3, { 0x0f, 0x01, 0x03 } },
            { "SIDT", 3, { 0x0f, 0x01, 0x0b } },
            { "SLDT", 3, { 0x0f, 0x00, 0xc0 } },
            { "STR", 3, { 0x0f, 0x00, 0xc8 } },
            { "SMSW", 3, { 0x0f, 0x01, 0xe0 } },
        };

        bool faults(const instruction &what)
        {
            for (word i = 0; i < what.length; ++i)
            {
                code[i] = what.bytes[i];
            }
            code[what.length] = 0xc3; // RET
            const bool faulted = provoke(run_code, 0).ok();
            if (!faulted)
            {
                print(what.name);
                print(" is not stopped\n");
            }
            return faulted;
        }

        bool has_umip()
        {
            word a = 7, b, c = 0, d;
            asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
            return (c & 4) != 0;
        }

        void test_instructions()
        {
            bool stopped = true;
            for (const instruction &each : privileged)
            {
                stopped &= faults(each);
            }
            expect_true("isolation", "privileged instructions fault, I/O ports are reached by capability only", stopped);

            stopped = true;
            for (const instruction &each : telling)
            {
                stopped &= !has_umip() || faults(each);
            }
            expect_true("isolation", "no instruction tells where the kernel's tables are, if the processor can refuse", stopped);

            stopped = true;
            for (word vector = 0; vector < 256; ++vector)
            {
                stopped &= faults({ "INT n", 2, { 0xcd, static_cast<unsigned char>(vector) } });
            }
            expect_true("isolation", "no software interrupt reaches the kernel other than as a fault", stopped);

            word before, after;
            asm volatile("pushfq\n\tpopq %0\n\tpushq $0x3000\n\tpopfq\n\tpushfq\n\tpopq %1" : "=&r"(before), "=r"(after) : : "cc");
            expect_equal("isolation", "POPF changes neither the interrupt flag nor the I/O privilege level", after & 0x3200,
                before & 0x3200);
        }

        // ---- Other address spaces --------------------------------------------------------------------------------------

        void test_other_address_space()
        {
            make(capability_type::generic, sandbox_memory_bits, sandbox_memory);
            build_sandbox();
            const word secret = reinterpret_cast<word>(sandbox); // mapped here, not there
            sandbox->value    = 0x5ec7'e7;
            run_sandbox(sandbox_action::read, secret);
            const reply got = call(sandbox_faults, operation::receive, message_info { false, 0 }.value);
            expect_true("isolation", "a page of one address space is not in another",
                got.ok() && got.mr[4] == static_cast<word>(abi::fault_type::memory) && got.mr[6] == secret);
            expect_equal("isolation", "nothing was read", sandbox->result, 0);
            remove_sandbox();
            expect_true("isolation", "what a process leaves is unmapped when its memory is revoked",
                provoke(read_value, secret).ok());
        }
    }

    void test_isolation()
    {
        make(capability_type::ipc_port, 0, port_slot);
        require("resolver", configure_field(prober.process, abi::configure_field::ipc_port_resolver, port));
        test_kernel_addresses();
        test_instructions();
        test_other_address_space();
        clean_up();
    }
}
