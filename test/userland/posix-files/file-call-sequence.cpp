#include "file-call-sequence.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <sys/syscall.h>

namespace sequence
{
    namespace
    {
        const std::map<std::string, long> numbers {
            { "read", SYS_read }, { "write", SYS_write }, { "open", SYS_open }, { "close", SYS_close }, { "stat", SYS_stat },
            { "fstat", SYS_fstat }, { "lstat", SYS_lstat }, { "lseek", SYS_lseek }, { "pread64", SYS_pread64 },
            { "pwrite64", SYS_pwrite64 }, { "access", SYS_access }, { "pipe2", SYS_pipe2 }, { "dup", SYS_dup }, { "dup2", SYS_dup2 },
            { "sendfile", SYS_sendfile }, { "fcntl", SYS_fcntl }, { "truncate", SYS_truncate }, { "ftruncate", SYS_ftruncate },
            { "getcwd", SYS_getcwd }, { "chdir", SYS_chdir }, { "fchdir", SYS_fchdir }, { "rename", SYS_rename }, { "mkdir", SYS_mkdir },
            { "rmdir", SYS_rmdir }, { "creat", SYS_creat }, { "link", SYS_link }, { "unlink", SYS_unlink }, { "symlink", SYS_symlink },
            { "readlink", SYS_readlink }, { "chmod", SYS_chmod }, { "fchmod", SYS_fchmod }, { "chown", SYS_chown },
            { "lchown", SYS_lchown }, { "fchown", SYS_fchown }, { "umask", SYS_umask }, { "mknod", SYS_mknod }, { "openat", SYS_openat },
            { "mkdirat", SYS_mkdirat }, { "newfstatat", SYS_newfstatat }, { "unlinkat", SYS_unlinkat }, { "renameat2", SYS_renameat2 },
            { "linkat", SYS_linkat }, { "symlinkat", SYS_symlinkat }, { "readlinkat", SYS_readlinkat }, { "faccessat", SYS_faccessat },
            { "faccessat2", 439 }, { "utimensat", SYS_utimensat }, { "fallocate", SYS_fallocate }, { "dup3", SYS_dup3 },
            { "copy_file_range", SYS_copy_file_range }, { "close_range", 436 }, { "eventfd2", SYS_eventfd2 }, { "poll", SYS_poll },
            { "fsync", SYS_fsync }, { "getdents64", SYS_getdents64 }, { "flock", SYS_flock }, { "ioctl", SYS_ioctl },
            { "memfd_create", SYS_memfd_create }, { "statx", SYS_statx }, { "fchownat", SYS_fchownat },
        };

        [[noreturn]] void refuse(const std::string &line)
        {
            std::printf("no call: %s\n", line.c_str());
            std::exit(2);
        }

        struct generator
        {
            std::mt19937_64 random;
            bool            as_root;

            size_t below(size_t bound)
            {
                return random() % bound;
            }

            bool once_in(size_t count)
            {
                return below(count) == 0;
            }

            template<typename T, size_t N>
            T one_of(const T (&choices)[N])
            {
                return choices[below(N)];
            }

            std::string name()
            {
                if (once_in(60))
                {
                    return std::string(once_in(2) ? 255 : 256, 'n');
                }
                static const char *const names[] { "a", "a", "b", "b", "c", "d", "e", ".", "..", "..", "l", "m" };
                return one_of(names);
            }

            path any_path()
            {
                if (once_in(50))
                {
                    return { "" };
                }
                if (once_in(200))
                {
                    return { std::string(4095 + below(2), 'x') };
                }
                std::string made = once_in(8) ? (once_in(4) ? "//" : "/") : "";
                const size_t parts = 1 + (once_in(2) ? 0 : below(3));
                for (size_t i = 0; i < parts; ++i)
                {
                    made += (i == 0 ? "" : once_in(10) ? "//" : "/") + name();
                }
                return { made + (once_in(10) ? (once_in(3) ? "//" : "/") : "") };
            }

            argument any_string()
            {
                return once_in(150) ? argument { bad_address {} } : argument { any_path() };
            }

            number descriptor()
            {
                static const int64_t rare[] { -1, 30, 31, 32, 1000000, -100, 3 };
                return { once_in(25) ? one_of(rare) : static_cast<int64_t>(below(8)) };
            }

            number base()
            {
                return once_in(3) ? descriptor() : number { -100 };
            }

            number open_flags()
            {
                int64_t flags = static_cast<int64_t>(once_in(30) ? 3 : below(3));
                static const int64_t extra[] { 0100, 0100, 0100, 0200, 01000, 02000, 0200000, 0400000, 010000000, 01000000 };
                for (size_t count = below(4); count != 0; --count)
                {
                    flags |= one_of(extra);
                }
                if (once_in(40))
                {
                    flags |= 020200000; // O_TMPFILE
                }
                return { flags | 04000 }; // non-blocking: nothing here may wait
            }

            number mode()
            {
                static const int64_t modes[] { 0, 0400, 0200, 0100, 0600, 0644, 0666, 0700, 0755, 0777, 0500, 0300, 01777, 02755, 04755, 02644, 070 };
                return { one_of(modes) };
            }

            number size()
            {
                static const int64_t sizes[] { 0, 1, 3, 10, 100, 1000, 4095, 4096, 4097, 9000 };
                return { one_of(sizes) };
            }

            number position()
            {
                static const int64_t positions[] { 0, 0, 1, 5, 100, 4000, 4096, 5000, 8192, 100000, -1, -5, 1 << 20 };
                return { one_of(positions) };
            }

            argument transfer(bool out, int64_t count)
            {
                if (once_in(100))
                {
                    return bad_address {};
                }
                const auto bytes = static_cast<uint32_t>(count);
                return out ? argument { output { bytes } } : argument { input { bytes } };
            }

            argument stat_room()
            {
                return once_in(150) ? argument { bad_address {} } : argument { output { 144 } };
            }

            structure lock()
            {
                static const uint64_t starts[] { 0, 0, 1, 5, 10, 100 };
                static const uint64_t lengths[] { 0, 1, 5, 10, 100, static_cast<uint64_t>(-3) };
                const uint64_t        type   = below(once_in(30) ? 4 : 3);
                const uint64_t        whence = once_in(6) ? below(4) : 0;
                return { { type | whence << 16, one_of(starts), one_of(lengths), 0 } };
            }

            structure times()
            {
                static const uint64_t parts[] { 0, 5, 999999999, 1000000000, (1 << 30) - 1, (1 << 30) - 2 };
                return { { below(2000000000), one_of(parts), below(2000000000), one_of(parts) } };
            }

            operation next();
        };

        operation generator::next()
        {
            const number count = size();
            switch (below(100))
            {
                case 0 : case 1 : case 2 : case 3 : case 4 : case 5 : return { "open", { any_string(), open_flags(), mode() } };
                case 6 : case 7 : case 8 : case 9 : return { "openat", { base(), any_string(), open_flags(), mode() } };
                case 10 : return { "fsync", { descriptor() } }; // not creat: of a FIFO it waits
                case 11 : case 12 : case 13 : case 14 : return { "write", { descriptor(), transfer(false, count.value), count } };
                case 15 : case 16 : case 17 : case 18 : return { "read", { descriptor(), transfer(true, count.value), count } };
                case 19 : case 20 : return { "pwrite64", { descriptor(), transfer(false, count.value), count, position() } };
                case 21 : case 22 : return { "pread64", { descriptor(), transfer(true, count.value), count, position() } };
                case 23 : case 24 : case 25 : return { "lseek", { descriptor(), position(), number { static_cast<int64_t>(below(once_in(8) ? 7 : 3)) } } };
                case 26 : case 27 : case 28 : return { "close", { descriptor() } };
                case 29 : return { "dup", { descriptor() } };
                case 30 : case 31 : return { "dup2", { descriptor(), descriptor() } };
                case 32 : return { "dup3", { descriptor(), descriptor(), number { once_in(3) ? 02000000 : once_in(4) ? 1 : 0 } } };
                case 33 : case 34 : case 35 : return { "pipe2", { argument { output { 8 } }, number { once_in(10) ? 1 : 04000 | (once_in(3) ? 02000000 : 0) } } };
                case 36 : case 37 : case 38 : case 39 : return { "mkdir", { any_string(), mode() } };
                case 40 : return { "mkdirat", { base(), any_string(), mode() } };
                case 41 : case 42 : return { "rmdir", { any_string() } };
                case 43 : case 44 : return { "unlink", { any_string() } };
                case 45 : return { "unlinkat", { base(), any_string(), number { once_in(10) ? 1 : once_in(2) ? 0x200 : 0 } } };
                case 46 : case 47 : case 48 : case 49 : return { "rename", { any_string(), any_string() } };
                case 50 : case 51 : case 52 : return { "renameat2", { base(), any_string(), base(), any_string(), number { static_cast<int64_t>(below(4)) } } };
                case 53 : case 54 : case 55 : return { "link", { any_string(), any_string() } };
                case 56 : return { "linkat", { base(), any_string(), base(), any_string(), number { once_in(2) ? 0x400 : once_in(3) ? 1 : 0 } } };
                case 57 : case 58 : case 59 : return { "symlink", { any_string(), any_string() } };
                case 60 : return { "symlinkat", { any_string(), base(), any_string() } };
                case 61 : case 62 : return { "readlink", { any_string(), argument { output { 100 } }, number { once_in(5) ? static_cast<int64_t>(below(3)) : 100 } } };
                case 63 : return { "readlinkat", { base(), any_string(), argument { output { 100 } }, number { 100 } } };
                case 64 : case 65 : case 66 : return { "stat", { any_string(), stat_room() } };
                case 67 : case 68 : return { "lstat", { any_string(), stat_room() } };
                case 69 : case 70 : return { "fstat", { descriptor(), stat_room() } };
                case 71 : return { "newfstatat", { base(), any_string(), stat_room(), number { once_in(3) ? 0x100 : once_in(3) ? 0x1000 : once_in(5) ? 1 : 0 } } };
                case 72 : return { "access", { any_string(), number { static_cast<int64_t>(below(once_in(10) ? 20 : 8)) } } };
                case 73 : return { "faccessat2", { base(), any_string(), number { static_cast<int64_t>(below(8)) }, number { once_in(3) ? 0x200 : once_in(4) ? 0x100 : 0 } } };
                case 74 : case 75 : return { "chdir", { any_string() } };
                case 76 : return { "fchdir", { descriptor() } };
                case 77 : return { "getcwd", { argument { output { 200 } }, number { once_in(5) ? static_cast<int64_t>(below(10)) : 200 } } };
                case 78 : case 79 : return { "chmod", { any_string(), mode() } };
                case 80 : return { "fchmod", { descriptor(), mode() } };
                case 81 : return { once_in(2) ? "chown" : "lchown", { any_string(), number { once_in(2) ? -1 : 1000 + static_cast<int64_t>(below(2)) }, number { once_in(2) ? -1 : 1000 + static_cast<int64_t>(below(2)) } } };
                case 82 : return { "fchown", { descriptor(), number { -1 }, number { 1000 } } };
                case 83 : return { "umask", { mode() } };
                case 84 : return { "mknod", { any_string(), number { (once_in(2) ? 0010000 : once_in(2) ? 0100000 : once_in(3) ? 0040000 : !as_root && once_in(3) ? 0020000 : 0140000) | mode().value }, number { once_in(2) ? 0 : 259 } } };
                case 85 : case 86 : return { "truncate", { any_string(), position() } };
                case 87 : case 88 : return { "ftruncate", { descriptor(), position() } };
                case 89 : case 90 : case 91 :
                {
                    static const int64_t commands[] { 0, 1, 2, 3, 4, 1030, 1032, 99 };
                    static const int64_t values[] { 0, 1, 2, 7, 31, 32, 02000, 04000, 06000 };
                    const int64_t        command = one_of(commands);
                    // No file may become one that waits.
                    return { "fcntl", { descriptor(), number { command }, number { command == 4 ? one_of(values) | 04000 : one_of(values) } } };
                }
                case 92 :
                {
                    static const int64_t commands[] { 5, 6, 6, 36, 37, 37 };
                    return { "fcntl", { descriptor(), number { one_of(commands) }, lock() } };
                }
                case 93 : return { "utimensat", { base(), any_string(), once_in(4) ? argument { number { 0 } } : argument { times() }, number { once_in(3) ? 0x100 : 0 } } };
                case 94 : return { "fallocate", { descriptor(), number { once_in(3) ? 3 : static_cast<int64_t>(below(3)) }, position(), size() } };
                case 95 : return { "sendfile", { descriptor(), descriptor(), number { 0 }, size() } };
                case 96 : return { "copy_file_range", { descriptor(), number { 0 }, descriptor(), number { 0 }, size(), number { 0 } } };
                case 97 : return { "close_range", { descriptor(), descriptor(), number { once_in(2) ? 4 : 0 } } };
                case 98 :
                {
                    const uint64_t first  = static_cast<uint32_t>(descriptor().value);
                    const uint64_t second = static_cast<uint32_t>(descriptor().value);
                    return { "poll", { structure { { first | uint64_t { 0x2147 } << 32, second | uint64_t { 0x5 } << 32 } }, number { 2 }, number { 0 } } };
                }
                default : return { "flock", { descriptor(), number { (once_in(8) ? static_cast<int64_t>(below(10)) : one_of({ 1, 2, 8 })) | 4 } } };
            }
        }
    }

    std::optional<long> number_of(const std::string &name)
    {
        const auto found = numbers.find(name);
        return found == numbers.end() ? std::nullopt : std::optional { found->second };
    }

    std::string to_text(const operation &call)
    {
        struct writer
        {
            std::string operator()(const number &each) const
            {
                return std::to_string(each.value);
            }
            std::string operator()(const path &each) const
            {
                std::string text = "'";
                for (const unsigned char byte : each.value)
                {
                    char escaped[5];
                    std::snprintf(escaped, sizeof(escaped), byte < 0x21 || byte > 0x7e || byte == '\'' || byte == '\\' ? "\\x%02x" : "%c", byte);
                    text += escaped;
                }
                return text + "'";
            }
            std::string operator()(const input &each) const
            {
                return "<" + std::to_string(each.size);
            }
            std::string operator()(const output &each) const
            {
                return ">" + std::to_string(each.size);
            }
            std::string operator()(const structure &each) const
            {
                std::string text = "{";
                for (const uint64_t word : each.words)
                {
                    text += (text.size() == 1 ? "" : ",") + std::to_string(static_cast<int64_t>(word));
                }
                return text + "}";
            }
            std::string operator()(bad_address) const
            {
                return "!";
            }
        };
        std::string text = call.name;
        for (const argument &each : call.arguments)
        {
            text += " " + std::visit(writer {}, each);
        }
        return text;
    }

    operation parse(const std::string &line)
    {
        operation call;
        size_t    at = 0;
        while (at < line.size())
        {
            const size_t      end  = std::min(line.find(' ', at), line.size());
            const std::string part = line.substr(at, end - at);
            at                     = end + 1;
            if (call.name.empty())
            {
                call.name = part;
                continue;
            }
            char *rest = nullptr;
            switch (part.empty() ? 0 : part[0])
            {
                case '!' : call.arguments.emplace_back(bad_address {}); break;
                case '<' : call.arguments.emplace_back(input { static_cast<uint32_t>(std::strtoul(part.c_str() + 1, &rest, 0)) }); break;
                case '>' : call.arguments.emplace_back(output { static_cast<uint32_t>(std::strtoul(part.c_str() + 1, &rest, 0)) }); break;
                case '{' :
                {
                    structure   made;
                    const char *cursor = part.c_str();
                    do
                    {
                        made.words.push_back(static_cast<uint64_t>(std::strtoll(cursor + 1, &rest, 0)));
                        cursor = rest;
                    } while (*cursor == ',');
                    call.arguments.emplace_back(made);
                    break;
                }
                case '\'' :
                {
                    path made;
                    for (size_t i = 1; i + 1 < part.size(); ++i)
                    {
                        if (part[i] == '\\')
                        {
                            made.value += static_cast<char>(std::stoul(part.substr(i + 2, 2), nullptr, 16));
                            i          += 3;
                        }
                        else
                        {
                            made.value += part[i];
                        }
                    }
                    call.arguments.emplace_back(made);
                    break;
                }
                default :
                    call.arguments.emplace_back(number { std::strtoll(part.c_str(), &rest, 0) });
                    if (rest == part.c_str() || *rest != 0)
                    {
                        refuse(line);
                    }
            }
        }
        if (!number_of(call.name))
        {
            refuse(line);
        }
        return call;
    }

    std::vector<operation> generate(uint64_t seed, size_t length, bool as_root)
    {
        generator              from { std::mt19937_64 { seed }, as_root };
        std::vector<operation> made;
        while (made.size() < length)
        {
            made.push_back(from.next());
        }
        return made;
    }
}
