// Random sequences of calls on files, run against the POSIX server's file side and against this host's Linux, in an empty
// directory that is the root. Every result and every byte handed back must be alike, and in the end the whole tree.
//
//   compare FIRST COUNT LENGTH   sequences of seeds FIRST…; one that differs is shortened and printed
//   replay FILE…                 sequences as printed
#include "../native-heap.hpp"
#include "file-call-sequence.hpp"
#include "host-process.hpp"

#include <posix/files/file-server.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <grp.h>
#include <iostream>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{
    using sequence::operation;

    constexpr uint32_t ordinary_user    = 1000;
    constexpr size_t   descriptor_limit = 32;
    constexpr size_t   arena_size       = 64 * 1024;
    constexpr size_t   record_size      = 1 << 20;

    struct test_case
    {
        bool                   as_root;
        std::vector<operation> calls;
    };

    /// One line per call, then the tree.
    using record = std::vector<std::string>;

    using caller = std::function<int64_t(long number, const std::vector<uint64_t> &arguments)>;

    uint64_t hash(const uint8_t *bytes, size_t count)
    {
        uint64_t value = 0xcbf29ce484222325;
        for (size_t i = 0; i < count; ++i)
        {
            value = (value ^ bytes[i]) * 0x100000001b3;
        }
        return value;
    }

    uint64_t to_word(const void *pointer)
    {
        return reinterpret_cast<uint64_t>(pointer);
    }

    /// What may differ between two systems: numbers of devices and inodes, times, how memory is counted.
    void blank_incomparable(const std::string &name, uint8_t *bytes, size_t count)
    {
        if (name.ends_with("stat") || name == "newfstatat")
        {
            struct stat *filled = reinterpret_cast<struct stat *>(bytes);
            filled->st_dev      = 0;
            filled->st_ino      = 0;
            filled->st_blocks   = 0;
            filled->st_blksize  = 0;
            filled->st_size     = S_ISDIR(filled->st_mode) || S_ISFIFO(filled->st_mode) ? 0 : filled->st_size;
            filled->st_atim     = {};
            filled->st_mtim     = {};
            filled->st_ctim     = {};
        }
        else if (name == "fcntl" && count == 32)
        {
            int32_t process;
            std::memcpy(&process, bytes + 24, sizeof(process));
            process = process > 0 ? 1 : process;
            std::memcpy(bytes + 24, &process, sizeof(process));
        }
    }

    std::string run_call(const operation &call, size_t index, uint8_t *arena, const caller &make)
    {
        struct region
        {
            uint8_t *start;
            size_t   size;
        };
        std::vector<uint64_t> arguments;
        std::vector<region>   handed_back;
        uint8_t              *free = arena;
        const auto            take = [&](size_t size) {
            uint8_t *taken  = free;
            free           += (size + 16) / 16 * 16;
            return taken;
        };
        for (const sequence::argument &each : call.arguments)
        {
            if (const auto *number = std::get_if<sequence::number>(&each))
            {
                arguments.push_back(static_cast<uint64_t>(number->value));
            }
            else if (const auto *path = std::get_if<sequence::path>(&each))
            {
                uint8_t *copy = take(path->value.size() + 1);
                std::memcpy(copy, path->value.c_str(), path->value.size() + 1);
                arguments.push_back(to_word(copy));
            }
            else if (const auto *input = std::get_if<sequence::input>(&each))
            {
                uint8_t *bytes = take(input->size);
                for (size_t i = 0; i < input->size; ++i)
                {
                    bytes[i] = static_cast<uint8_t>(index * 31 + i * 7 + i / 256);
                }
                arguments.push_back(to_word(bytes));
            }
            else if (const auto *output = std::get_if<sequence::output>(&each))
            {
                uint8_t *bytes = take(output->size);
                std::memset(bytes, 0xee, output->size);
                handed_back.push_back({ bytes, output->size });
                arguments.push_back(to_word(bytes));
            }
            else if (const auto *structure = std::get_if<sequence::structure>(&each))
            {
                const size_t size  = structure->words.size() * sizeof(uint64_t);
                uint8_t     *bytes = take(size);
                std::memcpy(bytes, structure->words.data(), size);
                handed_back.push_back({ bytes, size });
                arguments.push_back(to_word(bytes));
            }
            else
            {
                arguments.push_back(8);
            }
        }
        arguments.resize(6);
        const int64_t result = make(*sequence::number_of(call.name), arguments);
        std::string   line   = std::to_string(result);
        for (const region &each : handed_back)
        {
            if (result >= 0)
            {
                blank_incomparable(call.name, each.start, each.size);
            }
            char text[64];
            int  used = std::snprintf(text, sizeof(text), " %016lx:", hash(each.start, each.size));
            for (size_t i = 0; i < std::min<size_t>(each.size, 12); ++i)
            {
                used += std::snprintf(text + used, sizeof(text) - static_cast<size_t>(used), " %02x", each.start[i]);
            }
            line += text;
        }
        return line;
    }

    struct tree_walk
    {
        const caller &make;
        record       &told;
        uint8_t       bytes[32768];

        void walk(int64_t folder, const std::string &path)
        {
            std::vector<std::string> names;
            for (int64_t count; (count = make(SYS_getdents64, { static_cast<uint64_t>(folder), to_word(bytes), sizeof(bytes) })) > 0;)
            {
                for (int64_t at = 0; at < count;)
                {
                    uint16_t length;
                    std::memcpy(&length, bytes + at + 16, sizeof(length));
                    const std::string name = reinterpret_cast<const char *>(bytes + at + 19);
                    if (name != "." && name != "..")
                    {
                        names.push_back(name);
                    }
                    at += length;
                }
            }
            std::sort(names.begin(), names.end());
            for (const std::string &name : names)
            {
                tell(folder, path + "/" + name, name);
            }
        }

        void tell(int64_t folder, const std::string &path, const std::string &name)
        {
            const auto  base = static_cast<uint64_t>(folder);
            struct stat found {};
            make(SYS_newfstatat, { base, to_word(name.c_str()), to_word(&found), AT_SYMLINK_NOFOLLOW });
            char line[200];
            std::snprintf(line, sizeof(line), " %o links %lu owner %u:%u", found.st_mode, found.st_nlink, found.st_uid, found.st_gid);
            std::string text = path + line;
            if (S_ISREG(found.st_mode))
            {
                const int64_t file  = make(SYS_openat, { base, to_word(name.c_str()), O_RDONLY });
                uint64_t      value = 0;
                for (int64_t count; (count = make(SYS_read, { static_cast<uint64_t>(file), to_word(bytes), sizeof(bytes) })) > 0;)
                {
                    value = value * 31 + hash(bytes, static_cast<size_t>(count));
                }
                make(SYS_close, { static_cast<uint64_t>(file) });
                text += " size " + std::to_string(found.st_size) + " bytes " + std::to_string(value);
            }
            else if (S_ISLNK(found.st_mode))
            {
                const int64_t length = make(SYS_readlinkat, { base, to_word(name.c_str()), to_word(bytes), sizeof(bytes) });
                text += " -> " + std::string(reinterpret_cast<const char *>(bytes), static_cast<size_t>(length));
            }
            told.push_back(text);
            if (S_ISDIR(found.st_mode))
            {
                const int64_t below = make(SYS_openat, { base, to_word(name.c_str()), O_RDONLY | O_DIRECTORY });
                walk(below, path);
                make(SYS_close, { static_cast<uint64_t>(below) });
            }
        }
    };

    void walk_tree(const caller &make, record &told)
    {
        tree_walk     walking { make, told, {} };
        const int64_t root = make(SYS_openat, { static_cast<uint64_t>(AT_FDCWD), to_word("/"), O_RDONLY | O_DIRECTORY });
        walking.walk(root, "");
        make(SYS_close, { static_cast<uint64_t>(root) });
    }

    uint8_t *the_arena()
    {
        static uint8_t arena[arena_size] __attribute__((aligned(4096)));
        return arena;
    }

    // This host.

    void must(bool holds, const char *what)
    {
        if (!holds)
        {
            std::perror(what);
            std::_Exit(3);
        }
    }

    void write_file(const char *path, const std::string &text)
    {
        const int file = open(path, O_WRONLY);
        must(file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()), path);
        close(file);
    }

    /// Into a world whose root is the directory. Without root's rights that needs a user namespace, and there is only root there.
    void enter(const char *folder)
    {
        if (geteuid() != 0)
        {
            const auto user = std::to_string(geteuid());
            must(unshare(CLONE_NEWUSER) == 0, "unshare");
            write_file("/proc/self/uid_map", "0 " + user + " 1");
        }
        must(chroot(folder) == 0 && chdir("/") == 0, "chroot");
    }

    int64_t host_call(long number, const std::vector<uint64_t> &arguments)
    {
        uint64_t all[6] {};
        std::copy(arguments.begin(), arguments.end(), all);
        const long result = syscall(number, all[0], all[1], all[2], all[3], all[4], all[5]);
        return result == -1 ? -errno : result;
    }

    [[noreturn]] void run_in_child(const test_case &test, const char *folder, char *shared)
    {
        signal(SIGPIPE, SIG_IGN);
        alarm(20); // a call that waits
        enter(folder);
        if (!test.as_root)
        {
            must(setgroups(0, nullptr) == 0 && setresgid(ordinary_user, ordinary_user, 0) == 0 && setresuid(ordinary_user, ordinary_user, 0) == 0, "setresuid");
        }
        umask(022);
        const rlimit limit { descriptor_limit, descriptor_limit };
        must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
        for (int i = 0; i < 64; ++i)
        {
            close(i);
        }
        record told;
        for (size_t i = 0; i < test.calls.size(); ++i)
        {
            told.push_back(run_call(test.calls[i], i, the_arena(), host_call));
        }
        for (int i = 0; i < 64; ++i)
        {
            close(i);
        }
        if (!test.as_root && (setresuid(0, 0, 0) != 0 || setresgid(0, 0, 0) != 0))
        {
            std::_Exit(3);
        }
        walk_tree(host_call, told);
        std::string all;
        for (const std::string &line : told)
        {
            all += line + "\n";
        }
        if (all.size() >= record_size)
        {
            std::_Exit(4);
        }
        std::memcpy(shared, all.c_str(), all.size() + 1);
        std::_Exit(0);
    }

    record run_on_host(const test_case &test)
    {
        static char *shared = static_cast<char *>(mmap(nullptr, record_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
        char         folder[] = "/dev/shm/posix-files-XXXXXX";
        must(mkdtemp(folder) != nullptr, folder);
        must(chmod(folder, 0755) == 0, folder);
        if (geteuid() == 0 && !test.as_root)
        {
            must(chown(folder, ordinary_user, ordinary_user) == 0, folder);
        }
        const pid_t child = fork();
        if (child == 0)
        {
            run_in_child(test, folder, shared);
        }
        int status = 0;
        waitpid(child, &status, 0);
        std::error_code refused;
        std::filesystem::remove_all(folder, refused);
        if (refused)
        {
            const std::string removal = std::string("chmod -R u+rwx ") + folder + "; rm -rf " + folder;
            must(std::system(removal.c_str()) == 0, "rm");
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        {
            std::printf("the host's side ended with status %d\n", status);
            std::exit(3);
        }
        record      told;
        std::string line;
        for (const char *at = shared; *at != 0; ++at)
        {
            if (*at == '\n')
            {
                told.push_back(line);
                line.clear();
            }
            else
            {
                line += *at;
            }
        }
        return told;
    }

    // The file side.

    record run_on_server(const test_case &test)
    {
        static host::console console;
        must(static_cast<bool>(posix::start_files(nullptr, 0, console)), "start_files");
        record told;
        {
            const uint32_t user = test.as_root ? 0 : ordinary_user;
            auto           root = posix::make_directory(posix::files->root_system, host::boot_time);
            root->permissions   = 0755;
            root->user          = user;
            root->group         = user;
            must(static_cast<bool>(static_cast<posix::memory_directory &>(*posix::files->root).add("world", posix::reference<posix::inode> { root.get() })), "root");

            const auto start = [&](host::process &started) {
                must(static_cast<bool>(posix::open_first_files(started.state)), "open_first_files");
                started.state.descriptors->close_all();
                started.state.directories->root    = posix::reference<posix::directory> { root.get() };
                started.state.directories->working = posix::reference<posix::directory> { root.get() };
            };
            const auto caller_for = [](host::process &process) {
                return [&process](long number, const std::vector<uint64_t> &arguments) {
                    uint64_t all[6] {};
                    std::copy(arguments.begin(), arguments.end(), all);
                    return process.begin(static_cast<posix::word>(number), all);
                };
            };
            {
                host::process process { 100, user };
                start(process);
                process.state.limits[static_cast<size_t>(posix::resource::open_files)] = { descriptor_limit, descriptor_limit };
                for (size_t i = 0; i < test.calls.size(); ++i)
                {
                    told.push_back(run_call(test.calls[i], i, the_arena(), caller_for(process)));
                }
            }
            host::process viewer { 101, 0 };
            start(viewer);
            walk_tree(caller_for(viewer), told);
        }
        host::stop_files();
        if (native::heap_in_use() != 0)
        {
            told.push_back("the server keeps " + std::to_string(native::heap_in_use()) + " bytes");
        }
        return told;
    }

    bool agrees(const test_case &test)
    {
        return run_on_server(test) == run_on_host(test);
    }

    /// Leaves out what it can while the difference stays.
    test_case shorten(test_case test)
    {
        for (size_t piece = test.calls.size() / 2; piece != 0; piece /= 2)
        {
            for (size_t at = 0; at + piece <= test.calls.size();)
            {
                test_case   shorter = test;
                const auto from    = shorter.calls.begin() + static_cast<long>(at);
                shorter.calls.erase(from, from + static_cast<long>(piece));
                if (agrees(shorter))
                {
                    at += piece;
                }
                else
                {
                    test = shorter;
                }
            }
        }
        return test;
    }

    void show(const test_case &test)
    {
        const record server = run_on_server(test);
        const record host   = run_on_host(test);
        std::printf("%s\n", test.as_root ? "root" : "user");
        for (const operation &call : test.calls)
        {
            std::printf("%s\n", sequence::to_text(call).c_str());
        }
        for (size_t i = 0; i < std::max(server.size(), host.size()); ++i)
        {
            const std::string ours   = i < server.size() ? server[i] : "nothing";
            const std::string theirs = i < host.size() ? host[i] : "nothing";
            std::printf("# %s%s\n", theirs.c_str(), ours == theirs ? "" : (", here " + ours).c_str());
        }
    }

    int compare(uint64_t first, uint64_t count, size_t length)
    {
        const bool only_root = geteuid() != 0;
        for (uint64_t seed = first; seed < first + count; ++seed)
        {
            const bool      as_root = only_root || seed % 4 == 0;
            const test_case test { as_root, sequence::generate(seed, length, as_root) };
            if (!agrees(test))
            {
                std::printf("seed %lu differs\n", seed);
                show(shorten(test));
                return 1;
            }
        }
        std::printf("%lu sequences of %zu calls agree%s\n", count, length, only_root ? ", as root only" : "");
        return 0;
    }

    int replay(const char *path)
    {
        std::ifstream file { path };
        std::string   line;
        test_case     test {};
        while (std::getline(file, line))
        {
            if (line == "root" || line == "user")
            {
                test.as_root = line == "root";
            }
            else if (!line.empty() && line[0] != '#')
            {
                test.calls.push_back(sequence::parse(line));
            }
        }
        if (!test.as_root && geteuid() != 0)
        {
            std::printf("%s: not replayed, it needs a user other than root\n", path);
            return 0;
        }
        if (agrees(test))
        {
            return 0;
        }
        std::printf("%s differs\n", path);
        show(test);
        return 1;
    }
}

int main(int count, char **arguments)
{
    const std::string mode = count > 1 ? arguments[1] : "";
    if (mode == "compare" && count == 5)
    {
        return compare(std::strtoull(arguments[2], nullptr, 0), std::strtoull(arguments[3], nullptr, 0), std::strtoull(arguments[4], nullptr, 0));
    }
    int failed = 0;
    for (int i = 2; mode == "replay" && i < count; ++i)
    {
        failed |= replay(arguments[i]);
    }
    if (mode == "replay")
    {
        std::printf("%s", failed == 0 ? "all agree\n" : "");
        return failed;
    }
    std::printf("usage: compare FIRST COUNT LENGTH | replay FILE...\n");
    return 2;
}
