// The file side by itself, where there is no other system to compare with: waiting, job control, /proc, archives, memory that runs out.
//
//   parts                  everything below but archives from files
//   archive FILE           loads a tar archive and prints the tree
//   mutate FILE SEED       loads the archive with random bytes changed, many times
//   starve FIRST COUNT     random sequences of calls while memory runs out
#include "../native-heap.hpp"
#include "file-call-sequence.hpp"
#include "host-process.hpp"

#include <posix/files/file-server.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <poll.h>
#include <random>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>

namespace
{
    host::console screen;
    int           failures = 0;

    void expect(bool holds, const char *what)
    {
        if (!holds)
        {
            std::printf("FAILED: %s\n", what);
            ++failures;
        }
    }

    constexpr int64_t waiting = host::process::waiting;

    struct first_process : host::process
    {
        explicit first_process(int32_t identifier = 100, uint32_t user = 0) : host::process(identifier, user)
        {
            expect(static_cast<bool>(posix::open_first_files(state)), "the first process gets its files");
        }
    };

    /// A process that has what another has, as after fork.
    struct child : host::process
    {
        child(const host::process &parent, int32_t identifier, bool shares = false) : host::process(identifier, parent.state.who.user)
        {
            state.session = parent.state.session;
            state.group   = parent.state.group;
            expect(static_cast<bool>(posix::inherit_files(parent.state, state, shares, shares)), "a child gets its parent's files");
        }
    };

    std::string contents(host::process &process, const char *path)
    {
        const int64_t file = process(SYS_open, path, O_RDONLY);
        if (file < 0)
        {
            return "error " + std::to_string(-file);
        }
        std::string all;
        char        bytes[97];
        for (int64_t count; (count = process(SYS_read, file, bytes, sizeof(bytes))) > 0;)
        {
            all.append(bytes, static_cast<size_t>(count));
        }
        process(SYS_close, file);
        return all;
    }

    void test_pipes()
    {
        first_process writer;
        int           ends[2];
        expect(writer(SYS_pipe2, ends, 0) == 0, "a pipe");
        child reader { writer, 101 };
        char  bytes[200000] {};

        expect(reader(SYS_read, ends[0], bytes, 10) == waiting, "a read of an empty pipe waits");
        expect(reader.resume() == waiting, "and goes on waiting");
        expect(writer(SYS_write, ends[1], "abc", 3) == 3 && reader.resume() == 3 && bytes[2] == 'c', "until something comes");

        expect(writer(SYS_write, ends[1], bytes, 100000) == waiting && writer.wait.progress == 65536, "a write beyond the pipe's size waits");
        expect(reader(SYS_read, ends[0], bytes, 50000) == 50000, "what is there can be read");
        int64_t written = writer.resume();
        expect(written == 100000 || written == waiting, "then the write goes on");
        expect(reader(SYS_read, ends[0], bytes, 200000) > 0 && (written == 100000 || writer.resume() == 100000), "to its end");
        while (reader(SYS_read, ends[0], bytes, 200000) > 0)
        {
        }

        reader.interrupt();
        expect(writer(SYS_write, ends[1], bytes, 65536 - 100) == 65536 - 100, "a pipe nearly full");
        expect(writer(SYS_write, ends[1], bytes, 4096) == waiting && writer.wait.progress == 0, "a write of PIPE_BUF bytes is whole or waits");
        writer.interrupt();

        expect(reader(SYS_close, ends[1]) == 0 && writer(SYS_close, ends[1]) == 0, "the writers go");
        expect(reader(SYS_read, ends[0], bytes, 200000) == 65536 - 100 && reader(SYS_read, ends[0], bytes, 10) == 0, "then a read ends");
        expect(writer(SYS_pipe2, ends, 0) == 0 && writer(SYS_close, ends[0]) == 0, "a pipe that nobody reads");
        host::others.caller_signals.clear();
        expect(writer(SYS_write, ends[1], bytes, 1) == -EPIPE && host::others.caller_signals == std::vector { 13 }, "is broken: SIGPIPE, EPIPE");
    }

    void test_fifos()
    {
        first_process reader;
        child         writer { reader, 101 };
        char          bytes[10];
        expect(reader(SYS_mknod, "/tmp/fifo", S_IFIFO | 0600, 0) == 0, "a FIFO");
        expect(reader(SYS_open, "/tmp/fifo", O_RDONLY) == waiting, "who opens it to read waits");
        expect(writer(SYS_open, "/tmp/fifo", O_WRONLY) == 3 && reader.resume() == 3, "for who writes");
        expect(writer(SYS_write, 3, "x", 1) == 1 && reader(SYS_read, 3, bytes, 10) == 1, "and reads from it");
        expect(writer(SYS_close, 3) == 0 && reader(SYS_read, 3, bytes, 10) == 0 && reader(SYS_close, 3) == 0, "until it goes");

        expect(writer(SYS_open, "/tmp/fifo", O_WRONLY) == waiting, "who opens it to write waits");
        writer.interrupt();
        expect(reader(SYS_open, "/tmp/fifo", O_RDONLY) == waiting, "but not when interrupted");
        reader.interrupt();
    }

    void test_waiting_for_several()
    {
        first_process process;
        int           ends[2];
        process(SYS_pipe2, ends, 0);
        pollfd polled[] { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 }, { 77, POLLIN, 0 }, { -1, POLLIN, 0 } };
        expect(process(SYS_poll, polled, 4, -1) == 2 && polled[0].revents == 0 && polled[1].revents == POLLOUT && polled[2].revents == POLLNVAL, "poll tells who is ready");

        const uint64_t before = host::others.now;
        expect(process(SYS_poll, polled, 1, 50) == waiting && process.wait.deadline == before + 50'000'000, "poll waits as long as it is told");
        host::others.now += 30'000'000;
        process.wait.wake();
        expect(process.resume() == waiting && process.wait.deadline == before + 50'000'000, "and not longer if it is woken for nothing");
        host::others.now += 30'000'000;
        expect(process.resume() == 0, "then there is nobody ready");
        expect(process(SYS_poll, polled, 1, -1) == waiting && process.last.what == posix::outcome::kind::wait_once, "a handler always ends a poll");

        child other { process, 101 };
        expect(other(SYS_write, ends[1], "x", 1) == 1 && process.resume() == 1 && polled[0].revents == POLLIN, "poll wakes when something comes");

        fd_set readers;
        fd_set writers;
        FD_ZERO(&readers);
        FD_ZERO(&writers);
        FD_SET(ends[0], &readers);
        FD_SET(ends[1], &writers);
        FD_SET(ends[0], &writers);
        expect(process(SYS_select, 10, &readers, &writers, nullptr, nullptr) == 2 && FD_ISSET(ends[0], &readers) && !FD_ISSET(ends[0], &writers), "select, too");
        FD_SET(70, &readers);
        expect(process(SYS_select, 71, &readers, nullptr, nullptr, nullptr) == -EBADF, "select refuses what is not open");

        const int64_t counter = process(SYS_eventfd2, 0, 0);
        uint64_t      number  = 0;
        expect(process(SYS_read, counter, &number, 8) == waiting, "an event counter of nothing waits");
        uint64_t added = 5;
        expect(other(SYS_write, 0, &added, 8) == 8, "");
        posix::descriptor_table &table = *other.state.descriptors;
        expect(static_cast<bool>(table.put(9, process.state.descriptors->get(static_cast<int32_t>(counter)), false)), "");
        expect(other(SYS_write, 9, &added, 8) == 8 && process.resume() == 8 && number == 5, "until something is added");
    }

    void test_locks()
    {
        first_process one;
        expect(one(SYS_open, "/tmp/locked", O_RDWR | O_CREAT, 0600) == 3, "");
        child        two { one, 101 };
        struct flock lock {};
        lock.l_type  = F_WRLCK;
        lock.l_start = 10;
        lock.l_len   = 5;
        expect(one(SYS_fcntl, 3, F_SETLK, &lock) == 0, "a lock");
        expect(two(SYS_fcntl, 3, F_SETLK, &lock) == -EAGAIN && two(SYS_fcntl, 3, F_SETLKW, &lock) == waiting, "is not another's at the same time");
        struct flock asked = lock;
        child        three { one, 102 };
        expect(three(SYS_fcntl, 3, F_GETLK, &asked) == 0 && asked.l_pid == 100 && asked.l_type == F_WRLCK, "who holds it is told");
        expect(one(SYS_dup, 3) == 4 && one(SYS_close, 4) == 0 && two.resume() == 0, "any close of the file gives it up");
    }

    void test_inheritance()
    {
        first_process parent;
        expect(parent(SYS_open, "/dev/null", O_RDONLY | O_CLOEXEC) == 3 && parent(SYS_dup, 3) == 4, "");
        child copied { parent, 101 };
        child sharing { parent, 102, true };
        expect(copied(SYS_close, 4) == 0 && parent(SYS_fcntl, 4, F_GETFD) == 0, "a copy of descriptors is its own");
        expect(sharing(SYS_close, 4) == 0 && parent(SYS_fcntl, 4, F_GETFD) == -EBADF, "shared ones are not");
        expect(sharing(SYS_chdir, "/tmp") == 0, "");
        char path[20];
        expect(parent(SYS_getcwd, path, 20) == 5 && std::strcmp(path, "/tmp") == 0, "a shared working directory changes for both");
        expect(static_cast<bool>(posix::unshare_files(sharing.state)), "");
        posix::close_on_exec(sharing.state);
        expect(sharing(SYS_fcntl, 3, F_GETFD) == -EBADF && parent(SYS_fcntl, 3, F_GETFD) == 1, "execve closes what is marked, for itself");
    }

    void type(const char *bytes)
    {
        posix::console_input(reinterpret_cast<const uint8_t *>(bytes), std::strlen(bytes));
    }

    void test_job_control()
    {
        auto         &others = host::others;
        first_process shell;
        child         job { shell, 101 };
        job.state.group = 101;
        char bytes[100];
        screen.shown.clear();
        others.group_signals.clear();

        expect(shell(SYS_read, 0, bytes, 100) == waiting, "a read of the terminal waits");
        type("ls");
        expect(shell.resume() == waiting, "for a whole line");
        type("\r");
        expect(shell.resume() == 3 && std::memcmp(bytes, "ls\n", 3) == 0 && screen.shown == "ls\r\n", "which is echoed");

        const int32_t group = 101;
        int32_t       told  = 0;
        expect(shell(SYS_ioctl, 0, TIOCSPGRP, &group) == 0 && shell(SYS_ioctl, 0, TIOCGPGRP, &told) == 0 && told == 101, "another group comes to the foreground");
        type("\x03");
        expect(others.group_signals == std::vector { std::pair { 101, 2 } }, "Ctrl-C is a signal to it");

        others.group_signals.clear();
        expect(shell(SYS_read, 0, bytes, 100) == waiting && others.group_signals == std::vector { std::pair { 100, 21 } }, "a background read stops its group: SIGTTIN");
        others.ignored = { 21 };
        expect(shell(SYS_read, 0, bytes, 100) == -EIO, "or is an error if that is ignored");
        others.ignored = {};
        others.is_orphaned = true;
        expect(shell(SYS_read, 0, bytes, 100) == -EIO, "or if nobody could continue it");
        others.is_orphaned = false;
        expect(shell(SYS_write, 1, "x", 1) == 1, "a background write goes on");
        others.group_signals.clear();
        const int32_t own = 100;
        expect(shell(SYS_ioctl, 0, TIOCSPGRP, &own) == waiting && others.group_signals == std::vector { std::pair { 100, 22 } }, "taking the foreground from the background: SIGTTOU");
        others.ignored = { 22 };
        expect(shell(SYS_ioctl, 0, TIOCSPGRP, &own) == 0, "is done if that is ignored, as a shell does");
        others.ignored = {};
        const int32_t strange = 999;
        expect(shell(SYS_ioctl, 0, TIOCSPGRP, &strange) == -EPERM, "a group of another session is refused");

        posix::window_size size { 24, 80, 0, 0 };
        others.group_signals.clear();
        expect(shell(SYS_ioctl, 0, TIOCSWINSZ, &size) == 0 && others.group_signals == std::vector { std::pair { 100, 28 } }, "a new window size is a signal");

        screen.room = 10;
        std::string much(6000, 'x');
        expect(shell(SYS_write, 1, much.data(), much.size()) == waiting, "a console that is slow makes writers wait");
        screen.room = ~posix::word { 0 };
        posix::console_writable();
        expect(shell.resume() == 6000 && screen.shown.ends_with(much), "until it has taken everything");

        others.group_signals.clear();
        posix::release_files(shell.state);
        expect(others.group_signals == std::vector { std::pair { 100, 1 }, std::pair { 100, 18 } }, "the session leader's end hangs up the foreground");
        expect(job(SYS_read, 0, bytes, 10) == 0 && job(SYS_write, 1, "x", 1) == -EIO, "and the terminal is gone for all others");
        expect(job(SYS_open, "/dev/tty", O_RDWR) == -ENXIO, "nor is it anybody's any more");
        expect(static_cast<bool>(posix::open_first_files(shell.state)), "");
    }

    void test_terminal_times()
    {
        first_process process;
        posix::terminal_settings settings {};
        char                     bytes[100];
        const auto               set = [&](uint8_t minimum, uint8_t time) {
            process(SYS_ioctl, 0, TCGETS, &settings);
            settings.local         &= ~2u;
            settings.characters[6]  = minimum;
            settings.characters[5]  = time;
            expect(process(SYS_ioctl, 0, TCSETS, &settings) == 0, "settings");
        };
        set(0, 0);
        expect(process(SYS_read, 0, bytes, 10) == 0, "MIN 0, TIME 0: what is there");
        set(0, 2);
        expect(process(SYS_read, 0, bytes, 10) == waiting, "MIN 0, TIME 2: waits for the first");
        host::others.now += 200'000'000;
        expect(process.resume() == 0, "but not longer");
        set(3, 0);
        expect(process(SYS_read, 0, bytes, 10) == waiting, "MIN 3");
        type("ab");
        expect(process.resume() == waiting, "two are too few");
        type("c");
        expect(process.resume() == 3, "three are enough");
        set(3, 1);
        expect(process(SYS_read, 0, bytes, 10) == waiting && process.wait.deadline == posix::never, "MIN 3, TIME 1: any time for the first");
        type("a");
        expect(process.resume() == waiting, "");
        host::others.now += 100'000'000;
        expect(process.resume() == 1, "a tenth of a second for each after it");
    }

    void test_process_files()
    {
        first_process process;
        expect(contents(process, "/proc/self/cmdline") == std::string("/bin/program\0-x\0", 16), "cmdline");
        expect(contents(process, "/proc/100/comm") == "a program\n", "comm");
        expect(contents(process, "/proc/100/stat").starts_with("100 (a program) S 1 100 100 1281 "), "stat");
        expect(contents(process, "/proc/self/maps") == "00400000-00402000 r-xp 00000000 00:00 0" + std::string(26, ' ') + "/bin/program\n", "maps");
        expect(contents(process, "/proc/meminfo").starts_with("MemTotal:       65536 kB\nMemFree:        32768 kB\n"), "meminfo");
        expect(contents(process, "/proc/uptime").ends_with(" 0.00\n") && contents(process, "/proc/mounts").find("proc /proc proc") != std::string::npos, "uptime, mounts");
        expect(contents(process, "/proc/101/stat") == "error 2" && contents(process, "/proc/0100/stat") == "error 2", "nobody has no files");
        char link[100] {};
        process(SYS_chdir, "/tmp");
        expect(process(SYS_readlink, "/proc/self/cwd", link, 100) == 4 && std::strcmp(link, "/tmp") == 0, "cwd");
        expect(process(SYS_open, "/tmp/gone", O_RDWR | O_CREAT, 0600) == 3 && process(SYS_write, 3, "text", 4) == 4 && process(SYS_unlink, "/tmp/gone") == 0, "");
        expect(process(SYS_readlink, "/proc/self/fd/3", link, 100) == 11 && std::string(link) == "/ (deleted)", "fd tells that a file was removed");
        expect(contents(process, "/proc/self/fd/3") == "text" && contents(process, "/dev/fd/3") == "text", "and opens it still");
        expect(process(SYS_chdir, "/proc/self/fd") == 0 && process(SYS_getcwd, link, 100) == 13 && std::string(link) == "/proc/100/fd", "directories there have paths");
        expect(process(SYS_mkdir, "/proc/x", 0700) == -EPERM && process(SYS_unlink, "/proc/version") == -EPERM, "nothing can be made or removed there");

        first_process stranger { 200, 1000 };
        expect(stranger(SYS_readlink, "/proc/100/cwd", link, 100) == -EACCES && contents(stranger, "/proc/100/environ") == "error 13", "others' secrets are kept");

        std::string names;
        const int64_t folder = process(SYS_open, "/proc", O_RDONLY | O_DIRECTORY);
        char          bytes[64];
        for (int64_t count; (count = process(SYS_getdents64, folder, bytes, sizeof(bytes))) > 0;)
        {
            for (int64_t at = 0; at < count; at += static_cast<uint8_t>(bytes[at + 16]))
            {
                names += std::string(bytes + at + 19) + " ";
            }
        }
        expect(names == ". .. cpuinfo filesystems loadavg meminfo mounts stat uptime version self 100 200 ", "all are listed, however small the buffer");
    }

    void test_devices()
    {
        first_process process;
        char          bytes[64];
        expect(process(SYS_open, "/dev/zero", O_RDWR) == 3 && process(SYS_read, 3, bytes, 64) == 64 && bytes[63] == 0, "zero");
        expect(process(SYS_open, "/dev/full", O_RDWR) == 4 && process(SYS_write, 4, bytes, 1) == -ENOSPC, "full");
        expect(process(SYS_open, "/dev/null", O_RDWR) == 5 && process(SYS_read, 5, bytes, 1) == 0 && process(SYS_write, 5, bytes, 9) == 9, "null");
        char random[64] {};
        expect(process(SYS_open, "/dev/urandom", O_RDONLY) == 6 && process(SYS_read, 6, random, 64) == 64 && std::memcmp(random, bytes, 64) != 0, "random");
    }

    void test_limits()
    {
        first_process process;
        const auto    used = native::heap_in_use();
        expect(process(SYS_open, "/tmp/large", O_RDWR | O_CREAT, 0600) == 3, "");
        std::vector<char> bytes(1 << 20, 'x');
        int64_t           last  = 0;
        int               count = 0;
        while ((last = process(SYS_write, 3, bytes.data(), bytes.size())) == 1 << 20 && count < 100)
        {
            ++count;
        }
        expect(count == 32 || last >= 0 || last == -ENOSPC, "a file system is full at its limit");
        expect(count <= 32 && process(SYS_write, 3, "x", 1) <= 0, "and not before nothing more can be had");
        expect(process(SYS_ftruncate, 3, 0) == 0 && process(SYS_write, 3, "x", 1) == 1, "a shorter file makes room");
        expect(process(SYS_close, 3) == 0 && process(SYS_unlink, "/tmp/large") == 0 && native::heap_in_use() <= used + 4096, "a removed one gives all back");

        process.state.limits[static_cast<size_t>(posix::resource::file_size)].current = 10;
        host::others.caller_signals.clear();
        expect(process(SYS_open, "/tmp/short", O_RDWR | O_CREAT, 0600) == 3 && process(SYS_write, 3, "0123456789ab", 12) == 10, "RLIMIT_FSIZE cuts a write");
        expect(process(SYS_write, 3, "c", 1) == -EFBIG && host::others.caller_signals == std::vector { 25 }, "and refuses the next: SIGXFSZ");
    }

    void with_files(const std::vector<uint8_t> &archive, const std::function<void(posix::status)> &use)
    {
        host::others = {};
        const posix::status started = posix::start_files(archive.data(), archive.size(), screen);
        use(started);
        host::stop_files();
        expect(native::heap_in_use() == 0, "all memory is given back");
    }

    std::vector<uint8_t> read_file(const char *path)
    {
        std::ifstream file { path, std::ios::binary };
        return { std::istreambuf_iterator<char>(file), {} };
    }

    void print_tree(host::process &process, const std::string &path)
    {
        const int64_t            folder = process(SYS_open, path.c_str(), O_RDONLY | O_DIRECTORY);
        std::vector<std::string> names;
        char                     bytes[4096];
        for (int64_t count; (count = process(SYS_getdents64, folder, bytes, sizeof(bytes))) > 0;)
        {
            for (int64_t at = 0; at < count;)
            {
                names.emplace_back(bytes + at + 19);
                uint16_t length;
                std::memcpy(&length, bytes + at + 16, sizeof(length));
                at += length;
            }
        }
        process(SYS_close, folder);
        for (const std::string &name : names)
        {
            const std::string full = (path == "/" ? "" : path) + "/" + name;
            if (name == "." || name == ".." || full == "/dev" || full == "/proc" || full == "/tmp")
            {
                continue;
            }
            struct stat found {};
            process(SYS_lstat, full.c_str(), &found);
            std::printf("%s %o %u:%u %lu %ld", full.c_str(), found.st_mode, found.st_uid, found.st_gid, found.st_nlink, found.st_mtime);
            if (S_ISLNK(found.st_mode))
            {
                const int64_t length = process(SYS_readlink, full.c_str(), bytes, sizeof(bytes));
                std::printf(" -> %.*s", static_cast<int>(length), bytes);
            }
            else if (S_ISREG(found.st_mode))
            {
                std::printf(" '%.40s'", contents(process, full.c_str()).c_str());
            }
            std::printf("\n");
            if (S_ISDIR(found.st_mode))
            {
                print_tree(process, full);
            }
        }
    }

    void mutate(const std::vector<uint8_t> &archive, uint64_t seed)
    {
        std::mt19937_64 random { seed };
        for (int round = 0; round < 300; ++round)
        {
            std::vector<uint8_t> damaged = archive;
            for (size_t count = 1 + random() % 4; count != 0; --count)
            {
                damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
            }
            // A header whose checksum is right again gets further.
            const size_t header = random() % (damaged.size() / 512) * 512;
            std::memset(damaged.data() + header + 148, ' ', 8);
            unsigned sum = 0;
            for (size_t i = 0; i < 512; ++i)
            {
                sum += damaged[header + i];
            }
            std::snprintf(reinterpret_cast<char *>(damaged.data() + header + 148), 8, "%06o", sum);
            damaged.resize(random() % 4 == 0 ? random() % damaged.size() : damaged.size());
            damaged.shrink_to_fit();
            with_files(damaged, [](posix::status started) {
                if (started)
                {
                    first_process process;
                    contents(process, "/file");
                }
            });
        }
    }

    /// Calls with arguments that are good enough to get far; results do not matter, only that nothing breaks and nothing is kept.
    void starve(uint64_t first, uint64_t count)
    {
        static uint8_t area[1 << 16];
        for (uint64_t seed = first; seed < first + count; ++seed)
        {
            std::mt19937_64 random { seed };
            with_files({}, [&](posix::status started) {
                expect(static_cast<bool>(started), "the system starts");
                first_process process;
                for (const sequence::operation &call : sequence::generate(seed, 200, true))
                {
                    std::vector<std::string> strings;
                    strings.reserve(6);
                    uint64_t arguments[6] {};
                    size_t   index = 0;
                    for (const sequence::argument &each : call.arguments)
                    {
                        if (const auto *number = std::get_if<sequence::number>(&each))
                        {
                            arguments[index] = static_cast<uint64_t>(number->value);
                        }
                        else if (const auto *path = std::get_if<sequence::path>(&each))
                        {
                            strings.push_back(path->value);
                            arguments[index] = reinterpret_cast<uint64_t>(strings.back().c_str());
                        }
                        else
                        {
                            arguments[index] = reinterpret_cast<uint64_t>(area + index * 10000);
                        }
                        ++index;
                    }
                    native::set_heap_limit(native::heap_in_use() + random() % 3 * (random() % 6000));
                    process.begin(static_cast<posix::word>(*sequence::number_of(call.name)), arguments);
                    native::set_heap_limit(SIZE_MAX);
                }
            });
        }
    }
}

int main(int count, char **arguments)
{
    const std::string mode = count > 1 ? arguments[1] : "";
    if (mode == "parts")
    {
        for (void (*test)() : { test_pipes, test_fifos, test_waiting_for_several, test_locks, test_inheritance, test_job_control,
                 test_terminal_times, test_process_files, test_devices, test_limits })
        {
            with_files({}, [&](posix::status started) {
                expect(static_cast<bool>(started), "the system starts");
                test();
            });
        }
    }
    else if (mode == "archive" && count == 3)
    {
        const std::vector<uint8_t> archive = read_file(arguments[2]);
        with_files(archive, [](posix::status started) {
            if (!started)
            {
                std::printf("error %d\n", static_cast<int>(started.reason));
                return;
            }
            first_process process;
            print_tree(process, "/");
        });
        return failures;
    }
    else if (mode == "mutate" && count == 4)
    {
        mutate(read_file(arguments[2]), std::strtoull(arguments[3], nullptr, 0));
    }
    else if (mode == "starve" && count == 4)
    {
        starve(std::strtoull(arguments[2], nullptr, 0), std::strtoull(arguments[3], nullptr, 0));
    }
    else
    {
        std::printf("usage: parts | archive FILE | mutate FILE SEED | starve FIRST COUNT\n");
        return 2;
    }
    std::printf("%s", failures == 0 ? "all passed\n" : "");
    return failures == 0 ? 0 : 1;
}
