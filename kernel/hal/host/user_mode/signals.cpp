// Signals as kernel entries.
#include "../processor.hpp"
#include "devices.hpp"
#include "pages.hpp"
#include "registers.hpp"
#include "user_mode.hpp"

#include <hal/interface/memory.hpp>
#include <hal/x86_64/exception.hpp>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <linux/audit.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#error "user mode needs the headers of Linux 5.11 or later (linux/prctl.h: PR_SET_SYSCALL_USER_DISPATCH)"
#endif

extern "C"
{
    void enter_by_signal(int number, siginfo_t* info, void* frame);
    void leave_by_signal();
    extern char leave_by_signal_end[];

    a9n::word host_fs_base = 0;
}

namespace a9n::host
{
    namespace
    {
        using abi::context_register;

        /// Sent once, to get the first signal frame.
        constexpr int start_signal = SIGUSR1;
        constexpr int exceptions[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };

        /// Read by Linux at every system call: user code runs, so it is a kernel call.
        volatile uint8_t dispatch = SYSCALL_DISPATCH_FILTER_ALLOW;

        constexpr word     system_call_size = 2;    ///< bytes, of SYSCALL as of INT 0x80
        constexpr uint16_t code_selector    = 0x33; ///< of Linux for 64-bit code

        physical_address boot_information = 0;

        alignas(16) uint8_t kernel_stack[256 * 1024];

        // Linux's own structure for the system call; the C library would put in a way back of its own.
        struct signal_action
        {
            void (*handler)(int, siginfo_t*, void*);
            word flags;
            void (*restorer)();
            word mask;
        };

        constexpr word restorer_given = 0x0400'0000; // SA_RESTORER

        /// What happened on a signal before user mode took it, a sanitizer's report perhaps.
        signal_action former_actions[NSIG];

        void set_action(int number, const signal_action& action, signal_action* former = nullptr)
        {
            if (syscall(SYS_rt_sigaction, number, &action, former, sizeof(action.mask)) != 0)
            {
                give_up("Linux takes no handler of signal %d: %s", number, strerror(errno));
            }
        }

        void install_handlers()
        {
            stack_t stack {};
            stack.ss_sp   = kernel_stack;
            stack.ss_size = sizeof(kernel_stack);
            if (sigaltstack(&stack, nullptr) != 0)
            {
                give_up("Linux takes no signal stack: %s", strerror(errno));
            }
            // Exceptions stay possible in the handler, so that one of the kernel itself is reported.
            signal_action action { enter_by_signal, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | restorer_given,
                leave_by_signal, word { 1 } << (SIGALRM - 1) };
            set_action(SIGALRM, action);
            for (const int number : exceptions)
            {
                set_action(number, action, &former_actions[number]);
            }
            action.flags |= SA_RESETHAND;
            set_action(start_signal, action);
        }

        void catch_kernel_calls()
        {
            const word start = reinterpret_cast<word>(leave_by_signal);
            const word size  = reinterpret_cast<word>(leave_by_signal_end) - start;
            if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, start, size, &dispatch) != 0)
            {
                give_up("Linux does not dispatch system calls to user mode: %s", strerror(errno));
            }
        }

        void handle_system_call(const siginfo_t& info)
        {
            hal::process_context& context = *running.context;
            word& program_counter         = at(context, context_register::rip);
            program_counter               = reinterpret_cast<word>(info.si_call_addr);
            if (info.si_arch == AUDIT_ARCH_X86_64)
            {
                // Linux changes RAX if it holds one of its internal error numbers.
                const auto number = static_cast<uint32_t>(info.si_syscall);
                word& call_type   = at(context, context_register::rax);
                if (static_cast<uint32_t>(call_type) != number)
                {
                    call_type = static_cast<word>(static_cast<int64_t>(static_cast<int32_t>(number)));
                }
                at(context, context_register::rcx) = program_counter;
                at(context, context_register::r11) = at(context, context_register::rflags);
                make_kernel_call();
                return;
            }
            // INT 0x80, which A9N forbids.
            constexpr word vector = 0x80, is_in_interrupt_table = 1 << 1;
            program_counter -= system_call_size;
            fault(hal::describe_exception(hal::general_protection, vector << 3 | is_in_interrupt_table, 0));
        }

        void handle_exception(const ucontext_t& frame)
        {
            const greg_t* const registers = frame.uc_mcontext.gregs;
            fault(hal::describe_exception(static_cast<word>(registers[REG_TRAPNO]),
                static_cast<word>(registers[REG_ERR]), static_cast<word>(registers[REG_CR2])));
        }

        /// A page fault that is none to A9N, or its error code as A9N's page tables have it.
        bool resolve_page_fault(ucontext_t& frame)
        {
            greg_t* const registers = frame.uc_mcontext.gregs;
            greg_t&       error     = registers[REG_ERR];
            const auto    access    = (error & hal::page_fault_fetch) != 0 ? access_kind::execute
                                      : (error & hal::page_fault_write) != 0 ? access_kind::write
                                                                             : access_kind::read;
            const auto address = static_cast<virtual_address>(registers[REG_CR2]);
            if (!hal::is_user_address(address))
            {
                return false; // Linux sets the present bit, as describe_exception does
            }
            const access_verdict verdict = mirror_page(address, access);
            error &= ~greg_t { hal::page_fault_present };
            if (verdict == access_verdict::forbidden)
            {
                error |= hal::page_fault_present;
            }
            return verdict == access_verdict::allowed;
        }

        void enter_kernel(int number, const siginfo_t& info, const ucontext_t& frame)
        {
            switch (number)
            {
                case SIGALRM:
                    tick();
                    break;
                case SIGSYS:
                    handle_system_call(info);
                    break;
                default:
                    handle_exception(frame);
                    break;
            }
        }

        /// What a processor does between kernel entry and user code: interrupts come first.
        void run_until_user_mode()
        {
            while (!running.is_halted)
            {
                word irq = 0;
                update_devices();
                if (find_pending_interrupt(irq))
                {
                    interrupt(irq);
                }
                else if (running.context != nullptr)
                {
                    return;
                }
                else if (take_timer_tick())
                {
                    tick();
                }
                else
                {
                    wait_for_devices();
                }
            }
            _exit(halted_status);
        }
    }

    /// `bases` are the user's. Returns those of the process that goes on.
    extern "C" segment_bases handle_signal(int number, const siginfo_t* info, ucontext_t* frame, segment_bases bases)
    {
        const bool was_in_user_mode = dispatch == SYSCALL_DISPATCH_FILTER_BLOCK;
        dispatch                    = SYSCALL_DISPATCH_FILTER_ALLOW;

        const hal::process_context* const interrupted = running.context;
        const greg_t* const               registers   = frame->uc_mcontext.gregs;
        if (number == start_signal)
        {
            start(boot_information);
        }
        else if (!was_in_user_mode)
        {
            fprintf(stderr, "user mode: signal %d in the kernel itself, at %#llx, address %p\n", number,
                registers[REG_RIP], info->si_addr);
            set_action(number, former_actions[number]); // the instruction is tried again
            return bases;
        }
        else if (number == SIGSEGV && registers[REG_TRAPNO] == hal::page_fault && resolve_page_fault(*frame))
        {
            dispatch = SYSCALL_DISPATCH_FILTER_BLOCK;
            return bases;
        }
        else
        {
            if (static_cast<uint16_t>(registers[REG_CSGSFS]) != code_selector)
            {
                give_up("a process left 64-bit mode by SYSENTER or a far jump: Linux has segments for it, A9N none");
            }
            save_registers(*running.context, *frame, bases);
            enter_kernel(number, *info, *frame);
        }
        run_until_user_mode();
        if (running.context->repeats_call)
        {
            at(*running.context, context_register::rip) -= system_call_size;
            running.context->repeats_call = false;
        }
        activate_pages(running.address_space);
        bases    = load_registers(*running.context, *frame, running.context != interrupted);
        dispatch = SYSCALL_DISPATCH_FILTER_BLOCK;
        return bases;
    }

    const char* find_missing_feature()
    {
        constexpr unsigned long segment_base_instructions = 1 << 1; // Linux: HWCAP2_FSGSBASE
        if ((getauxval(AT_HWCAP2) & segment_base_instructions) == 0)
        {
            return "a processor and a Linux with FSGSBASE (Linux 5.9)";
        }
        if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0) != 0)
        {
            return "a Linux with syscall user dispatch (Linux 5.11)";
        }
        return nullptr;
    }

    void run_machine(physical_address boot_info)
    {
        boot_information = boot_info;
        asm volatile("rdfsbase %0" : "=r"(host_fs_base));
        initialise_pages();
        on_translations_changed = drop_pages;
        install_handlers();
        catch_kernel_calls();
        syscall(SYS_tgkill, getpid(), gettid(), start_signal);
        __builtin_unreachable();
    }

    void give_up(const char* format, ...)
    {
        va_list arguments;
        va_start(arguments, format);
        fputs("user mode: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
        _exit(failed_status);
    }
}
