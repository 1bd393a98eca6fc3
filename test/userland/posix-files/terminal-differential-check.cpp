// Random typing at a pseudo-terminal of the POSIX server and at one of this host's Linux, under random settings: what is echoed, what
// programs read and what they show must be alike.
//
//   compare FIRST COUNT LENGTH   sequences of seeds FIRST…; one that differs is shortened and printed
//   replay FILE…                 sequences as printed
#include "../native-heap.hpp"
#include "host-process.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <poll.h>
#include <random>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{
    struct settings
    {
        uint32_t input;
        uint32_t output;
        uint32_t control;
        uint32_t local;
        uint8_t  line;
        uint8_t  characters[19];
    };
    static_assert(sizeof(settings) == 36);

    // Linux's bits, not the host library's names for them.
    constexpr uint32_t input_flags[]  = { 010, 040, 0100, 0200, 0400, 01000, 02000, 04000, 040000 };
    constexpr uint32_t output_flags[] = { 1, 2, 4, 010, 020, 040, 014000 };
    constexpr uint32_t local_flags[]  = { 1, 2, 010, 020, 040, 0100, 0200, 01000, 02000, 04000, 0100000 };

    constexpr long set_now   = 0x5402;
    constexpr long get_state = 0x5401;

    struct step
    {
        enum class kind { type, show, read, set, count, poll } what;
        std::string bytes {};              ///< typed or shown
        long        number = 0;            ///< size of a read; how settings are set
        uint32_t    flags[3] {};           ///< input, output, local
        int         end_of_line[2] {};     ///< VEOL, VEOL2
        int         minimum = 1;
    };

    std::string to_hexadecimal(const std::string &bytes)
    {
        std::string text;
        for (const unsigned char byte : bytes)
        {
            char digits[3];
            std::snprintf(digits, sizeof(digits), "%02x", byte);
            text += digits;
        }
        return text.empty() ? "-" : text;
    }

    std::string from_hexadecimal(const std::string &text)
    {
        std::string bytes;
        for (size_t i = 0; i + 1 < text.size(); i += 2)
        {
            bytes += static_cast<char>(std::stoul(text.substr(i, 2), nullptr, 16));
        }
        return bytes;
    }

    std::string to_text(const step &each)
    {
        std::ostringstream text;
        switch (each.what)
        {
            case step::kind::type : text << "type " << to_hexadecimal(each.bytes); break;
            case step::kind::show : text << "show " << to_hexadecimal(each.bytes); break;
            case step::kind::read : text << "read " << each.number; break;
            case step::kind::count : text << "count"; break;
            case step::kind::poll : text << "poll"; break;
            case step::kind::set :
                text << "set " << each.number << std::oct << " " << each.flags[0] << " " << each.flags[1] << " " << each.flags[2] << std::dec
                     << " " << each.end_of_line[0] << " " << each.end_of_line[1] << " " << each.minimum;
        }
        return text.str();
    }

    step parse(const std::string &line)
    {
        std::istringstream text { line };
        std::string        name;
        std::string        bytes;
        text >> name;
        if (name == "type" || name == "show")
        {
            text >> bytes;
            return { name == "type" ? step::kind::type : step::kind::show, from_hexadecimal(bytes) };
        }
        step parsed { name == "read" ? step::kind::read : name == "count" ? step::kind::count : name == "poll" ? step::kind::poll : step::kind::set };
        text >> parsed.number;
        if (parsed.what == step::kind::set)
        {
            text >> std::oct >> parsed.flags[0] >> parsed.flags[1] >> parsed.flags[2] >> std::dec >> parsed.end_of_line[0]
                >> parsed.end_of_line[1] >> parsed.minimum;
        }
        return parsed;
    }

    std::vector<step> generate(uint64_t seed, size_t length)
    {
        std::mt19937_64 random { seed };
        const auto      below  = [&](size_t bound) { return random() % bound; };
        const auto      string = [&] {
            static const std::string alphabet[] { "a", "b", "word", " ", "_9", "\t", "\n", "\r", "\x7f", "\x7f", "\x7f\x7f", "\x15", "\x17",
                "\x16", "\x12", "\x04", "\x04", "\x03", "\x1c", "\x1a", "\x11", "\x11", "\x13", "\xc3\xa9", "\xc3", "\xff", std::string(1, 0), "\x01",
                "\x1b[A", "Q", "x", "\b", "\\" };
            std::string text;
            for (size_t count = 1 + below(6); count != 0; --count)
            {
                text += alphabet[below(std::size(alphabet))];
            }
            return text;
        };
        const auto flags = [&](const auto &all, uint32_t usual) {
            uint32_t chosen = usual;
            for (const uint32_t flag : all)
            {
                chosen ^= below(5) == 0 ? flag : 0;
            }
            return chosen;
        };
        std::vector<step> steps;
        while (steps.size() < length)
        {
            switch (below(10))
            {
                case 0 :
                {
                    step made { step::kind::set };
                    made.number         = set_now + static_cast<long>(below(3));
                    made.flags[0]       = flags(input_flags, 02400);
                    made.flags[1]       = flags(output_flags, 5);
                    made.flags[2]       = flags(local_flags, 0105073);
                    made.end_of_line[0] = below(3) == 0 ? 'x' : 0;
                    made.end_of_line[1] = below(4) == 0 ? 'Q' : 0;
                    made.minimum        = static_cast<int>(below(4));
                    steps.push_back(made);
                    break;
                }
                case 1 : steps.push_back({ step::kind::show, string() }); break;
                case 2 :
                case 3 :
                {
                    static const long sizes[] { 1, 2, 3, 10, 100 };
                    steps.push_back({ step::kind::read, "", sizes[below(std::size(sizes))] });
                    break;
                }
                case 4 : steps.push_back({ step::kind::count }); break;
                case 5 : steps.push_back({ step::kind::poll }); break;
                default : steps.push_back({ step::kind::type, string() });
            }
        }
        return steps;
    }

    using caller = std::function<int64_t(long number, std::vector<uint64_t> arguments)>;

    uint64_t to_word(const void *pointer)
    {
        return reinterpret_cast<uint64_t>(pointer);
    }

    void must(bool holds, const char *what)
    {
        if (!holds)
        {
            std::printf("cannot %s\n", what);
            std::exit(3);
        }
    }

    /// Both sides of a pseudo-terminal, in one system.
    struct terminal_pair
    {
        caller   make;
        uint64_t master = 0;
        uint64_t slave  = 0;

        explicit terminal_pair(caller make_call) : make(std::move(make_call))
        {
            const int64_t opened = make(SYS_open, { to_word("/dev/ptmx"), O_RDWR | O_NOCTTY | O_NONBLOCK, 0 });
            must(opened >= 0, "open /dev/ptmx");
            master           = static_cast<uint64_t>(opened);
            int32_t unlocked = 0;
            int32_t number   = -1;
            must(make(SYS_ioctl, { master, TIOCSPTLCK, to_word(&unlocked) }) == 0, "unlock");
            must(make(SYS_ioctl, { master, TIOCGPTN, to_word(&number) }) == 0, "get the number");
            const std::string path = "/dev/pts/" + std::to_string(number);
            const int64_t     peer = make(SYS_open, { to_word(path.c_str()), O_RDWR | O_NOCTTY | O_NONBLOCK, 0 });
            must(peer >= 0, path.c_str());
            slave = static_cast<uint64_t>(peer);
        }

        ~terminal_pair()
        {
            make(SYS_close, { slave });
            make(SYS_close, { master });
        }

        std::string read_all(uint64_t file)
        {
            std::string all;
            char        bytes[4096];
            for (int64_t count; (count = make(SYS_read, { file, to_word(bytes), sizeof(bytes) })) > 0;)
            {
                all.append(bytes, static_cast<size_t>(count));
            }
            return all;
        }

        std::string run(const step &each)
        {
            switch (each.what)
            {
                case step::kind::type : return std::to_string(make(SYS_write, { master, to_word(each.bytes.data()), each.bytes.size() }));
                case step::kind::show : return std::to_string(make(SYS_write, { slave, to_word(each.bytes.data()), each.bytes.size() }));
                case step::kind::read :
                {
                    char          bytes[128];
                    const int64_t count = make(SYS_read, { slave, to_word(bytes), static_cast<uint64_t>(each.number) });
                    return std::to_string(count) + " " + (count > 0 ? to_hexadecimal({ bytes, static_cast<size_t>(count) }) : "");
                }
                case step::kind::count :
                {
                    int32_t count = -1;
                    make(SYS_ioctl, { slave, FIONREAD, to_word(&count) });
                    return std::to_string(count);
                }
                case step::kind::poll :
                {
                    pollfd both[] { { static_cast<int>(slave), POLLIN | POLLOUT, 0 }, { static_cast<int>(master), POLLOUT, 0 } };
                    make(SYS_poll, { to_word(both), 2, 0 });
                    return std::to_string(both[0].revents) + " " + std::to_string(both[1].revents);
                }
                case step::kind::set :
                {
                    settings changed {};
                    make(SYS_ioctl, { slave, get_state, to_word(&changed) });
                    changed.input          = each.flags[0];
                    changed.output         = each.flags[1];
                    changed.local          = each.flags[2];
                    changed.characters[11] = static_cast<uint8_t>(each.end_of_line[0]);
                    changed.characters[16] = static_cast<uint8_t>(each.end_of_line[1]);
                    changed.characters[6]  = static_cast<uint8_t>(each.minimum);
                    return std::to_string(make(SYS_ioctl, { slave, static_cast<uint64_t>(each.number), to_word(&changed) }));
                }
            }
            return "";
        }
    };

    int64_t host_call(long number, const std::vector<uint64_t> &arguments)
    {
        uint64_t all[6] {};
        std::copy(arguments.begin(), arguments.end(), all);
        const long result = syscall(number, all[0], all[1], all[2], all[3], all[4], all[5]);
        return result == -1 ? -errno : result;
    }

    /// Each step's result and what the master reads after it.
    struct told
    {
        std::string result;
        std::string shown;

        bool operator==(const told &) const = default;
    };

    std::vector<told> run_on_server(const std::vector<step> &steps)
    {
        static host::console console;
        must(static_cast<bool>(posix::start_files(nullptr, 0, console)), "start_files");
        std::vector<told> all;
        {
            host::process process { 100, 0 };
            must(static_cast<bool>(posix::open_first_files(process.state)), "open_first_files");
            terminal_pair pair { [&](long number, const std::vector<uint64_t> &arguments) {
                uint64_t words[6] {};
                std::copy(arguments.begin(), arguments.end(), words);
                return process.begin(static_cast<uint64_t>(number), words);
            } };
            for (const step &each : steps)
            {
                std::string result = pair.run(each);
                all.push_back({ result, to_hexadecimal(pair.read_all(pair.master)) });
            }
        }
        host::stop_files();
        must(native::heap_in_use() == 0, "end without memory in use");
        return all;
    }

    /// Linux handles what is typed in its own time: a step is given some until what it shows is what is expected, and always `pause`.
    std::vector<told> run_on_host(const std::vector<step> &steps, const std::vector<told> &expected, useconds_t pause)
    {
        constexpr int     patience = 200;
        std::vector<told> all;
        terminal_pair     pair { host_call };
        for (size_t i = 0; i < steps.size(); ++i)
        {
            std::string result = pair.run(steps[i]);
            usleep(pause);
            std::string shown = pair.read_all(pair.master);
            for (int tries = 0; to_hexadecimal(shown) != expected[i].shown && tries < patience; ++tries)
            {
                usleep(1000);
                shown += pair.read_all(pair.master);
            }
            // Nothing may be under way when the next step comes. Polling for input that is not there waits for it.
            pollfd both[] { { static_cast<int>(pair.slave), POLLIN, 0 }, { static_cast<int>(pair.master), POLLIN, 0 } };
            poll(both, 2, 0);
            shown += pair.read_all(pair.master);
            all.push_back({ result, to_hexadecimal(shown) });
        }
        return all;
    }

    /// A difference counts if it stays when Linux is given more time.
    bool agrees(const std::vector<step> &steps)
    {
        const std::vector<told> expected = run_on_server(steps);
        for (const useconds_t pause : { 200, 3000, 20000 })
        {
            if (run_on_host(steps, expected, pause) == expected)
            {
                return true;
            }
        }
        return false;
    }

    std::vector<step> shorten(std::vector<step> steps)
    {
        for (size_t piece = steps.size() / 2; piece != 0; piece /= 2)
        {
            for (size_t at = 0; at + piece <= steps.size();)
            {
                std::vector<step> shorter = steps;
                shorter.erase(shorter.begin() + static_cast<long>(at), shorter.begin() + static_cast<long>(at + piece));
                if (agrees(shorter))
                {
                    at += piece;
                }
                else
                {
                    steps = shorter;
                }
            }
        }
        return steps;
    }

    void show(const std::vector<step> &steps)
    {
        const std::vector<told> ours   = run_on_server(steps);
        const std::vector<told> theirs = run_on_host(steps, ours, 20000);
        for (size_t i = 0; i < steps.size(); ++i)
        {
            std::printf("%s\n# %s, shown %s", to_text(steps[i]).c_str(), theirs[i].result.c_str(), theirs[i].shown.c_str());
            if (ours[i] != theirs[i])
            {
                std::printf("; here %s, shown %s", ours[i].result.c_str(), ours[i].shown.c_str());
            }
            std::printf("\n");
        }
    }
}

int main(int count, char **arguments)
{
    const std::string mode = count > 1 ? arguments[1] : "";
    if (mode == "compare" && count == 5)
    {
        const uint64_t first  = std::strtoull(arguments[2], nullptr, 0);
        const uint64_t number = std::strtoull(arguments[3], nullptr, 0);
        const size_t   length = std::strtoull(arguments[4], nullptr, 0);
        for (uint64_t seed = first; seed < first + number; ++seed)
        {
            const std::vector<step> steps = generate(seed, length);
            if (!agrees(steps))
            {
                std::printf("seed %lu differs\n", seed);
                show(shorten(steps));
                return 1;
            }
        }
        std::printf("%lu sequences of %zu steps agree\n", number, length);
        return 0;
    }
    if (mode != "replay")
    {
        std::printf("usage: compare FIRST COUNT LENGTH | replay FILE...\n");
        return 2;
    }
    bool all_agree = true;
    for (int i = 2; i < count; ++i)
    {
        std::ifstream     file { arguments[i] };
        std::vector<step> steps;
        for (std::string line; std::getline(file, line);)
        {
            if (!line.empty() && line[0] != '#')
            {
                steps.push_back(parse(line));
            }
        }
        if (!agrees(steps))
        {
            std::printf("%s differs\n", arguments[i]);
            show(steps);
            all_agree = false;
        }
    }
    std::printf("%s", all_agree ? "all agree\n" : "");
    return all_agree ? 0 : 1;
}
