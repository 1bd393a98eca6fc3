// The POSIX server's process side, natively and under sanitizers: programs are what this file has their threads call.
#include <posix/dispatcher.hpp>
#include <posix/process-calls.hpp>
#include <posix/program-loader.hpp>
#include <posix/run.hpp>
#include <posix/trace.hpp>

#include "../native-heap.hpp"
#include "files-model.hpp"
#include "machine-model.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>

namespace
{
    using namespace posix;
    using which = machine::context_register;

    int failures = 0;

    void expect(bool holds, const char *what)
    {
        if (!holds)
        {
            std::printf("FAILED: %s\n", what);
            ++failures;
        }
    }

    void expect_equal(int64_t value, int64_t wanted, const char *what)
    {
        if (value != wanted)
        {
            std::printf("FAILED: %s: %lld instead of %lld\n", what, static_cast<long long>(value),
                static_cast<long long>(wanted));
            ++failures;
        }
    }

    namespace number
    {
        constexpr word mmap = 9, mprotect = 10, munmap = 11, brk = 12, rt_sigaction = 13, rt_sigprocmask = 14, rt_sigreturn = 15, mremap = 25, pause = 34,
                       nanosleep = 35, getpid = 39, clone = 56, fork = 57, vfork = 58, execve = 59, exit = 60, wait4 = 61, kill = 62, setpgid = 109,
                       getppid = 110, setsid = 112, rt_sigsuspend = 130, sigaltstack = 131, gettid = 186, futex = 202, exit_group = 231, setitimer = 38, tgkill = 234;
    }

    constexpr word code_address = 0x40'0000, data_address = 0x60'0000;

    /// A static executable: code, and data with a page of zeros behind.
    std::string make_program()
    {
        std::string file(0x2000, '\0');
        const auto  put = [&](size_t offset, uint64_t value, size_t size) { std::memcpy(&file[offset], &value, size); };
        std::memcpy(&file[0], "\x7f" "ELF\x02\x01\x01", 7);
        put(16, 2, 2);
        put(18, 62, 2);
        put(20, 1, 4);
        put(24, code_address + 0x200, 8);
        put(32, 64, 8);
        put(52, 64, 2);
        put(54, 56, 2);
        put(56, 2, 2);
        const auto header = [&](size_t at, uint32_t flags, word offset, word address, word size, word memory) {
            put(at, 1, 4);
            put(at + 4, flags, 4);
            put(at + 8, offset, 8);
            put(at + 16, address, 8);
            put(at + 32, size, 8);
            put(at + 40, memory, 8);
        };
        header(64, 5, 0, code_address, 0x1000, 0x1000);
        header(64 + 56, 6, 0x1000, data_address, 0x800, 0x2800);
        std::memset(&file[0x1000], 'd', 0x1000);
        return file;
    }

    model::thread &machine_of(const thread &of)
    {
        return model::threads.at(of.control.slot);
    }

    machine::registers &registers(const thread &of)
    {
        return machine_of(of).registers;
    }

    bool runs(const thread &of)
    {
        return machine_of(of).runs;
    }

    thread *main_thread(int32_t process)
    {
        return table().find_thread(process);
    }

    /// A call through the fault door. Its result if the thread goes on at once.
    std::optional<int64_t> call(thread &caller, word number, word a = 0, word b = 0, word c = 0, word d = 0, word e = 0, word f = 0)
    {
        const uint32_t slot = caller.control.slot;
        machine_of(caller).runs = false;
        machine::registers context = registers(caller);
        context[which::rip] += 2;
        context[which::rax] = number;
        registers(caller)   = context;
        machine::event event;
        event.what       = machine::event::kind::call;
        event.through    = machine::door::fault;
        event.identifier = caller.index;
        event.number     = number;
        const word arguments[] = { a, b, c, d, e, f };
        std::memcpy(event.arguments, arguments, sizeof(arguments));
        caller.registers     = context;
        caller.has_registers = true;
        update_now();
        model::last_answer = model::answer::none;
        // Like the loop: the answer goes out before others are looked at.
        handle_call(caller, event);
        if (model::last_answer == model::answer::registers)
        {
            model::threads.at(slot).registers = model::last_registers;
            model::threads.at(slot).runs      = true;
            model::last_answer                = model::answer::none;
        }
        settle();
        set_next_alarm();
        const auto found = model::threads.find(slot);
        if (found == model::threads.end() || !found->second.runs)
        {
            return std::nullopt;
        }
        return static_cast<int64_t>(found->second.registers[which::rax]);
    }

    void pass_time(instant nanoseconds)
    {
        model::clock += nanoseconds;
        update_now();
        if (model::alarm <= model::clock)
        {
            model::alarm = never;
            handle_timer();
        }
        settle();
        set_next_alarm();
    }

    int64_t result_of(const thread &of)
    {
        return static_cast<int64_t>(registers(of)[which::rax]);
    }

    template<typename T>
    T peek(const thread &of, word address)
    {
        const auto value = of.owner->memory->read<T>(address);
        expect(bool(value), "memory can be read");
        return *value;
    }

    template<typename T>
    void poke(const thread &of, word address, const T &value)
    {
        expect(bool(of.owner->memory->write(address, value)), "memory can be written");
    }

    constexpr word scratch = data_address + 0x1000; ///< free for the tests, in each program

    thread &initial()
    {
        return *main_thread(1);
    }

    // ---- Tests -------------------------------------------------------------------------------------------------------------

    void test_start()
    {
        model::add_file("/bin/program", make_program());
        model::add_file("/bin/script", "#! /bin/program  -x y \nrest\n");
        model::add_file("/bin/text", "no program\n");
        string_list arguments, environment;
        expect(arguments.append("program") && arguments.append("two") && environment.append("A=b"), "lists");
        update_now();
        expect(bool(start_first_process("/bin/program", arguments, environment)), "the first process starts");
        thread &first = initial();
        expect(runs(first), "it runs");
        expect_equal(registers(first)[which::rip], code_address + 0x200, "at the program's entry");
        const word stack = registers(first)[which::rsp];
        expect_equal(stack % 16, 0, "the stack is aligned");
        expect_equal(peek<word>(first, stack), 2, "argc");
        char text[8] {};
        expect(bool(first.owner->memory->copy_string(text, peek<word>(first, stack + 16), sizeof(text))), "argv[1]");
        expect(std::string(text) == "two", "argv[1] is the second argument");
        expect_equal(peek<word>(first, stack + 24), 0, "argv ends");
        expect_equal(peek<word>(first, stack + 40), 0, "envp ends");
        expect_equal(peek<uint8_t>(first, data_address), 'd', "data comes from the file");
        expect_equal(peek<uint8_t>(first, data_address + 0x800), 0, "what follows it in its page is zero");
        expect_equal(*call(first, number::getpid), 1, "getpid");
    }

    void test_fork_and_wait()
    {
        thread    &parent = initial();
        const auto child  = *call(parent, number::fork);
        expect(child > 1, "fork returns the child");
        thread &forked = *main_thread(static_cast<int32_t>(child));
        expect(runs(forked) && result_of(forked) == 0, "the child returns 0");
        poke(forked, scratch, 7);
        expect_equal(peek<int>(parent, scratch), 0, "memory is the child's own");
        expect_equal(*call(forked, number::getppid), 1, "getppid");
        expect_equal(*call(parent, number::wait4, -1ull, scratch, 1, 0), 0, "WNOHANG finds nothing");
        expect(!call(parent, number::wait4, -1ull, scratch, 0, 0), "wait waits");
        expect(!call(forked, number::exit, 3), "exit does not return");
        expect(runs(parent) && result_of(parent) == child, "wait returns the child");
        expect_equal(peek<int>(parent, scratch), 3 << 8, "with its status");
        expect_equal(*call(parent, number::wait4, -1ull, 0, 0, 0), -10, "ECHILD without children");
        expect(table().find(static_cast<int32_t>(child)) == nullptr, "the child is gone");
    }

    void handle(thread &of, int signal, word handler, word flags, signal_set mask = 0)
    {
        poke(of, scratch + 0x100, signal_action { handler, flags | sa_restorer, 0x1111, mask });
        expect_equal(*call(of, number::rt_sigaction, static_cast<word>(signal), scratch + 0x100, 0, 8), 0, "sigaction");
    }

    /// What the signal page does: IRETQ.
    void leave_handler(thread &of)
    {
        const word frame = registers(of)[which::rsp];
        registers(of)[which::rip] = peek<word>(of, frame);
        registers(of)[which::rsp] = peek<word>(of, frame + 24);
    }

    void test_signal_handler()
    {
        thread &self = initial();
        handle(self, sigusr1, 0x40'0300, sa_siginfo);
        const machine::registers before = registers(self);
        expect_equal(*call(self, number::kill, 1, sigusr1), 0, "kill"); // RAX of a handler's start is 0, too
        machine::registers inside = registers(self);
        expect_equal(inside[which::rip], signal_page, "the handler is entered through the signal page");
        expect_equal(inside[which::r11], 0x40'0300, "which has its address");
        expect_equal(inside[which::rdi], sigusr1, "its first argument");
        expect_equal(peek<int>(self, inside[which::rsi]), sigusr1, "siginfo");
        expect_equal(peek<word>(self, inside[which::rsp]), 0x1111, "its return address is the restorer");
        expect_equal((inside[which::rsp] + 8) % 16, 0, "the stack is aligned as after a call");
        expect((self.blocked & only(sigusr1)) != 0, "the signal is blocked meanwhile");
        (void)call(self, number::kill, 1, sigusr1);
        expect_equal(registers(self)[which::rip], signal_page + 2, "so another waits");

        registers(self)[which::rsp] = inside[which::rsp] + 8; // RET
        (void)call(self, number::rt_sigreturn);
        inside = registers(self);
        expect_equal(inside[which::rip], signal_page, "and comes when the handler returns");
        registers(self)[which::rsp] += 8;
        (void)call(self, number::rt_sigreturn);
        expect_equal(registers(self)[which::rip], signal_page + 0x40, "a handler is left through the signal page");
        leave_handler(self);
        expect_equal(registers(self)[which::rip], signal_page + 0x40, "where the second signal had come");
        leave_handler(self);
        expect_equal(registers(self)[which::rip], before[which::rip] + 2, "it goes on after the call");
        expect_equal(registers(self)[which::rsp], before[which::rsp], "with the old stack");
        expect_equal(self.blocked, 0, "the mask is as before");
        registers(self) = before;
    }

    void test_interrupted_calls()
    {
        thread    &parent = initial();
        const auto child  = static_cast<int32_t>(*call(parent, number::fork));
        thread    &forked = *main_thread(child);
        handle(forked, sigusr1, 0x40'0300, 0);
        handle(forked, sigusr2, 0x40'0300, sa_restart);

        poke(forked, scratch, word { 100 });
        poke(forked, scratch + 8, word { 0 });
        const machine::registers before = registers(forked);
        expect(!call(forked, number::nanosleep, scratch, scratch + 16), "nanosleep waits");
        expect_equal(static_cast<int64_t>(model::alarm - model::clock), 100'000'000'000, "until its alarm");
        pass_time(40'000'000'000);
        expect(!runs(forked), "it still waits");
        (void)call(parent, number::kill, static_cast<word>(child), sigusr1);
        expect(runs(forked), "a signal ends it");
        const word frame = registers(forked)[which::rdx]; // ucontext
        expect_equal(static_cast<int64_t>(peek<word>(forked, frame + 40 + 13 * 8)), -4, "with EINTR");
        expect_equal(static_cast<int64_t>(peek<word>(forked, scratch + 16)), 60, "and what was left");
        registers(forked) = before;
        forked.blocked    = 0;

        expect(!call(forked, number::futex, scratch, 0, 100, 0), "a futex wait waits");
        (void)call(parent, number::kill, static_cast<word>(child), sigusr2);
        const word context = registers(forked)[which::rdx];
        expect_equal(static_cast<int64_t>(peek<word>(forked, context + 40 + 16 * 8)), static_cast<int64_t>(before[which::rip]),
            "SA_RESTART makes the call again");
        registers(forked) = before;
        forked.blocked    = 0;

        poke(forked, scratch, only(sigusr2));
        expect(!call(forked, number::rt_sigsuspend, scratch, 8), "sigsuspend waits");
        (void)call(parent, number::kill, static_cast<word>(child), sigusr2);
        expect(!runs(forked), "not for what its mask blocks");
        (void)call(parent, number::kill, static_cast<word>(child), sigusr1);
        expect(runs(forked) && registers(forked)[which::rdi] == sigusr1, "but for others");
        registers(forked)[which::rsp] += 8;
        (void)call(forked, number::rt_sigreturn);
        expect(registers(forked)[which::rdi] == sigusr2, "and then the old mask lets the first in");
        registers(forked) = before;
        forked.blocked    = 0;

        expect(!call(forked, number::pause), "pause waits");
        (void)call(parent, number::kill, static_cast<word>(child), sigterm);
        expect(table().find(child)->is == life::zombie, "the default action ends a process");
        expect_equal(*call(parent, number::wait4, static_cast<word>(child), scratch, 0, 0), child, "wait");
        expect_equal(peek<int>(parent, scratch), sigterm, "says by which signal");
    }

    void test_stop_and_continue()
    {
        thread    &parent = initial();
        const auto child  = static_cast<int32_t>(*call(parent, number::fork));
        thread    &forked = *main_thread(child);
        expect(!call(parent, number::wait4, -1ull, scratch, 2, 0), "waitpid with WUNTRACED waits");
        (void)call(forked, number::kill, static_cast<word>(child), sigstop);
        expect(!runs(forked), "SIGSTOP stops");
        expect_equal(result_of(parent), child, "wait reports it");
        expect_equal(peek<int>(parent, scratch), sigstop << 8 | 0x7f, "as stopped");
        (void)call(parent, number::kill, static_cast<word>(child), sigcont);
        expect(runs(forked) && result_of(forked) == 0, "SIGCONT continues, and kill returns");
        expect_equal(*call(parent, number::wait4, -1ull, scratch, 8, 0), child, "WCONTINUED");
        expect_equal(peek<int>(parent, scratch), 0xffff, "says so");
        (void)call(parent, number::kill, static_cast<word>(child), sigstop);
        expect(!runs(forked), "a running one stops");
        (void)call(parent, number::kill, static_cast<word>(child), sigterm);
        expect(table().find(child)->is == life::alive, "SIGTERM waits for SIGCONT");
        (void)call(parent, number::kill, static_cast<word>(child), sigkill);
        expect(table().find(child)->is == life::zombie, "SIGKILL does not");
        (void)call(parent, number::wait4, -1ull, 0, 0, 0);
    }

    void test_vfork_and_execve()
    {
        thread    &parent = initial();
        expect(!call(parent, number::vfork), "vfork waits");
        const auto child  = table().last_identifier;
        thread    &forked = *main_thread(child);
        poke(forked, scratch, word { data_address + 0x900 });
        poke(forked, scratch + 8, word { 0 });
        (void)forked.owner->memory->copy_out(data_address + 0x900, "/bin/script", 12);
        expect_equal(*call(forked, number::execve, data_address, scratch, 0), -2, "ENOENT");
        expect_equal(*call(forked, number::execve, 0x10, scratch, 0), -14, "EFAULT");
        (void)forked.owner->memory->copy_out(data_address + 0x920, "/bin/text", 10);
        expect_equal(*call(forked, number::execve, data_address + 0x920, scratch, 0), -8, "ENOEXEC");
        expect(!runs(parent), "still waits");
        (void)call(forked, number::execve, data_address + 0x900, scratch, 0);
        expect(runs(parent) && result_of(parent) == child, "execve lets the parent go on");
        const word stack = registers(forked)[which::rsp];
        expect_equal(peek<word>(forked, stack), 3, "a script: interpreter, argument, path");
        char text[16] {};
        (void)forked.owner->memory->copy_string(text, peek<word>(forked, stack + 16), sizeof(text));
        expect(std::string(text) == "-x y", "the rest of its line is one argument");
        expect_equal(peek<word>(parent, scratch), data_address + 0x900, "the parent's memory is untouched by it");
        (void)call(forked, number::exit_group, 0);
        expect_equal(*call(parent, number::wait4, -1ull, 0, 0, 0), child, "wait");
    }

    void test_threads_and_futex()
    {
        constexpr word flags = 0x0035'0f00 | 0x0100'0000 | 0x0020'0000; // as pthread_create
        thread    &parent = initial();
        const auto child  = static_cast<int32_t>(*call(parent, number::fork));
        thread    &first  = *main_thread(child);
        const auto tid    = static_cast<int32_t>(*call(first, number::clone, flags, scratch + 0x800, scratch, scratch + 4, 0x1234));
        thread    &second = *table().find_thread(tid);
        expect_equal(registers(second)[which::rsp], scratch + 0x800, "a thread has its stack");
        expect_equal(peek<int>(first, scratch), tid, "the parent's word has its identifier");
        expect_equal(*call(second, number::getpid), child, "it is of the process");
        expect_equal(*call(second, number::gettid), tid, "with its own identifier");
        poke(second, scratch + 32, 5);
        expect_equal(*call(first, number::futex, scratch + 32, 0, 4, 0), -11, "EAGAIN if the word has changed");
        expect(!call(first, number::futex, scratch + 32, 128, 5, 0), "else it waits");
        expect_equal(*call(second, number::futex, scratch + 32, 129, 9, 0), 1, "wake wakes one");
        expect(runs(first) && result_of(first) == 0, "which returns 0");
        expect(!call(first, number::futex, scratch + 32, 0, 5, 0), "waits again");
        expect_equal(*call(second, number::futex, scratch + 32, 3, 0, 1, scratch + 36), 1, "requeued");
        expect_equal(*call(second, number::futex, scratch + 32, 1, 9), 0, "nobody is left there");
        expect_equal(*call(second, number::futex, scratch + 36, 1, 9), 1, "but here");
        poke(first, scratch + 48, word { 0 });
        poke(first, scratch + 56, word { 1000 });
        expect(!call(first, number::futex, scratch + 32, 0, 5, scratch + 48), "with a timeout");
        pass_time(2000);
        expect_equal(result_of(first), -110, "ETIMEDOUT");

        poke(second, scratch + 4, tid);
        expect(!call(first, number::futex, scratch + 4, 0, static_cast<word>(tid), 0), "join");
        (void)call(second, number::exit, 0);
        expect(runs(first) && peek<int>(first, scratch + 4) == 0, "a thread's end clears its word and wakes");

        const auto other = static_cast<int32_t>(*call(first, number::clone, flags, scratch + 0x800, scratch, scratch + 4, 0));
        (void)call(*table().find_thread(other), number::exit_group, 9);
        expect(table().find_thread(other) == nullptr && table().find_thread(child) == nullptr, "exit_group ends all");
        expect_equal(*call(parent, number::wait4, -1ull, scratch, 0, 0), child, "wait");
        expect_equal(peek<int>(parent, scratch), 9 << 8, "status");
    }

    void test_memory()
    {
        thread    &self    = initial();
        const auto address = *call(self, number::mmap, 0, 0x3000, 3, 0x22, -1ull, 0);
        expect(address > 0, "mmap");
        const auto at = static_cast<word>(address);
        poke(self, at + 0x2000, 5);
        expect_equal(*call(self, number::munmap, at + 0x1000, 0x1000), 0, "a hole");
        expect(self.owner->memory->read<int>(at + 0x1000).reason == error::efault, "is a hole");
        expect_equal(*call(self, number::mprotect, at, 0x3000, 1), -12, "mprotect over it is ENOMEM");
        expect_equal(*call(self, number::mprotect, at + 0x2000, 0x1000, 1), 0, "mprotect");
        expect(self.owner->memory->write(at + 0x2000, 6).reason == error::efault, "is obeyed");
        const auto end = *call(self, number::brk, 0);
        expect_equal(*call(self, number::brk, static_cast<word>(end) + 0x1800), end + 0x1800, "brk grows");
        poke(self, static_cast<word>(end) + 0x1700, 1);
        expect_equal(*call(self, number::brk, static_cast<word>(end)), end, "and shrinks");
        const auto moved = *call(self, number::mremap, at, 0x1000, 0x4000, 1);
        expect(moved > 0 && moved != address, "mremap moves what cannot grow");
        expect_equal(*call(self, number::mmap, 0, ~0ull, 3, 0x22, -1ull, 0), -12, "too large");
        expect_equal(*call(self, number::mmap, 1, 0x1000, 3, 0x32, -1ull, 0), -22, "unaligned");
        expect_equal(*call(self, number::munmap, signal_page, 0x1000), -22, "the signal page stays");
    }

    void test_limits()
    {
        thread      &self    = initial();
        const size_t spaces  = model::spaces.size();
        const size_t heap    = native::heap_in_use();
        model::thread_limit  = model::threads.size();
        expect_equal(*call(self, number::fork), -11, "fork without control blocks is EAGAIN");
        model::thread_limit = 100;
        model::space_limit  = spaces;
        expect_equal(*call(self, number::fork), -12, "fork without memory is ENOMEM");
        model::space_limit = 100;
        for (size_t room = 0; room < 20'000; room += 64)
        {
            native::set_heap_limit(heap + room);
            if (const auto made = *call(self, number::fork); made > 0)
            {
                native::set_heap_limit(SIZE_MAX);
                (void)call(*main_thread(static_cast<int32_t>(made)), number::exit, 0);
                (void)call(self, number::wait4, -1ull, 0, 0, 0);
            }
            else
            {
                expect(made == -11 || made == -12, "fork says why it fails");
            }
        }
        native::set_heap_limit(SIZE_MAX);
        expect_equal(static_cast<int64_t>(model::spaces.size()), static_cast<int64_t>(spaces), "no space is left behind");
        expect_equal(static_cast<int64_t>(native::heap_in_use()), static_cast<int64_t>(heap), "and no memory");
    }

    /// Any call with any words: an answer, a wait or an end, and a server that goes on.
    void test_hostile(unsigned seed, int rounds)
    {
        std::mt19937_64 random { seed };
        const auto      any = [&]() -> word {
            switch (random() % 8)
            {
                case 0 : return random();
                case 1 : return 0;
                case 2 : return -(random() % 4096);
                case 3 : return scratch + random() % 0x800;
                case 4 : return random() % 70;
                case 5 : return (random() % 0x4000) << 12;
                case 6 : return user_address_end - random() % 0x2000;
                default : return word { 1 } << random() % 64;
            }
        };
        for (int i = 0; i < rounds; ++i)
        {
            const auto child = call(initial(), number::fork);
            if (!child || *child <= 1)
            {
                (void)call(initial(), number::kill, -1ull, sigkill);
                while (call(initial(), number::wait4, -1ull, 0, 1, 0).value_or(0) > 0)
                {
                }
                continue;
            }
            for (int calls = 0; calls < 60; ++calls)
            {
                // A thread of any process but the first.
                std::vector<uint32_t> candidates;
                for (size_t index = 1; index < maximum_threads; ++index)
                {
                    thread *each = table().threads[index];
                    if (each != nullptr && each->owner->identifier() != 1 && runs(*each))
                    {
                        candidates.push_back(each->index);
                    }
                }
                if (candidates.empty())
                {
                    break;
                }
                thread    &caller = *table().threads[candidates[random() % candidates.size()]];
                const word number = random() % 3 == 0 ? random() % 450 : std::array { 9ull, 10ull, 11ull, 12ull, 13ull, 14ull, 15ull, 25ull, 28ull, 56ull, 56ull, 58ull, 61ull, 62ull, 109ull, 128ull, 131ull, 202ull, 247ull }[random() % 19];
                (void)call(caller, number, any(), any(), any(), any(), any(), any());
                if (random() % 8 == 0)
                {
                    pass_time(random() % 1'000'000'000);
                }
            }
        }
        for (int i = 0; i < 10; ++i)
        {
            (void)call(initial(), number::kill, -1ull, sigkill);
            while (call(initial(), number::wait4, -1ull, 0, 1, 0).value_or(0) > 0)
            {
            }
        }
        size_t processes = 0;
        for (process &each : table().all)
        {
            processes += each.identifier() != 0 ? 1 : 0;
        }
        expect_equal(static_cast<int64_t>(processes), 1, "only the first process is left");
        expect_equal(static_cast<int64_t>(model::spaces.size()), 1, "and its space");
        expect_equal(static_cast<int64_t>(model::threads.size()), 1, "and its thread");
    }
}

int main(int count, char **arguments)
{
    test_start();
    if (count > 2)
    {
        test_hostile(static_cast<unsigned>(std::atoi(arguments[1])), std::atoi(arguments[2]));
    }
    else
    {
        test_fork_and_wait();
        test_signal_handler();
        test_interrupted_calls();
        test_stop_and_continue();
        test_vfork_and_execve();
        test_threads_and_futex();
        test_memory();
        test_limits();
    }
    std::printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}
