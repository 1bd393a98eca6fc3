// Reads the manifest in a file (or standard input) and prints what it says, or why it is none. With `fuzz SEED COUNT`, reads
// that many manifests with random mistakes.
#include <koito/manifest.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace
{
    using koito::word;

    std::string to_string(runtime::text part)
    {
        return { part.characters, part.length };
    }

    std::string read_input()
    {
        std::string text;
        for (int character; (character = std::getchar()) != EOF;)
        {
            text.push_back(static_cast<char>(character));
        }
        return text;
    }

    const char *const kinds[] = { "serves", "owns", "calls", "memory", "notification", "io-ports", "interrupt", "node", "generic" };

    void print(const koito::manifest &found)
    {
        for (word i = 0; i < found.entry_count; ++i)
        {
            const koito::manifest_entry &each = found.entries[i];
            std::printf("%s: program %s, priority %lu, restarts %lu", to_string(each.name).c_str(), to_string(each.program).c_str(),
                each.priority, each.restarts);
            const struct
            {
                bool        is;
                const char *name;
            } flags[] = { { each.is_essential, "essential" }, { each.is_main, "main" }, { each.is_template, "template" },
                { each.has_boot_archive, "boot-archive" }, { each.may_shut_down, "shut-down" }, { each.may_start_servers, "start-servers" },
                { each.is_memory_observer, "observer" }, { each.is_memory_administrator, "administrator" } };
            for (const auto &flag : flags)
            {
                if (flag.is)
                {
                    std::printf(", %s", flag.name);
                }
            }
            std::printf("\n");
            for (word j = 0; j < each.grant_count; ++j)
            {
                const koito::grant &grant = each.grants[j];
                std::printf("  %lu %s", grant.slot, kinds[static_cast<size_t>(grant.kind)]);
                switch (grant.kind)
                {
                    case koito::grant_kind::calls : std::printf(" %s", to_string(found.entries[grant.first].name).c_str()); break;
                    case koito::grant_kind::memory : std::printf(" %lu", each.memory_limit); break;
                    case koito::grant_kind::io_ports : std::printf(" %lu %lu", grant.first, grant.last); break;
                    case koito::grant_kind::interrupt :
                    case koito::grant_kind::node :
                    case koito::grant_kind::generic : std::printf(" %lu", grant.first); break;
                    default : break;
                }
                std::printf("\n");
            }
            runtime::text rest = each.arguments;
            for (runtime::text argument; koito::next_argument(rest, argument);)
            {
                std::printf("  argument %s\n", to_string(argument).c_str());
            }
        }
    }

    /// Everything that is read must lie within the text: a copy of exactly its size lets the sanitizer see.
    bool read(const std::string &text, koito::manifest &found, koito::manifest_error &error)
    {
        static std::unique_ptr<char[]> exact;
        exact.reset(new char[text.size()]);
        std::memcpy(exact.get(), text.data(), text.size());
        return koito::read_manifest({ exact.get(), text.size() }, found, error);
    }

    int fuzz(const std::string &sound, unsigned seed, unsigned count)
    {
        static const char *const pieces[] = { "process ", "\n", " ", "slot ", "9 ", "18446744073709551616", "0x", "calls ulmm", "serves", "#",
            "memory 1 MiB ", "template\n", "priority 31", "\0", "\xff", "may ", "restart 0", "io-ports 5 4", "interrupt 4", "process x\n",
            "generic 64", "arguments a b c d e f g h i j k l m n o p q r" };
        std::srand(seed);
        unsigned accepted = 0;
        for (unsigned i = 0; i < count; ++i)
        {
            std::string text = sound;
            for (int changes = 1 + std::rand() % 4; changes > 0; --changes)
            {
                const size_t at   = static_cast<size_t>(std::rand()) % (text.size() + 1);
                const char  *with = pieces[static_cast<size_t>(std::rand()) % (sizeof(pieces) / sizeof(pieces[0]))];
                switch (std::rand() % 3)
                {
                    case 0 : text.insert(at, with); break;
                    case 1 : text.erase(at, static_cast<size_t>(std::rand()) % 20); break;
                    default : text.replace(at, static_cast<size_t>(std::rand()) % 10, with); break;
                }
            }
            koito::manifest       found;
            koito::manifest_error error;
            if (read(text, found, error))
            {
                ++accepted;
                for (word j = 0; j < found.entry_count; ++j)
                {
                    const koito::manifest_entry &each = found.entries[j];
                    for (word k = 0; k < each.grant_count; ++k)
                    {
                        const bool calls_server
                            = each.grants[k].kind != koito::grant_kind::calls || found.entries[each.grants[k].first].is_server();
                        if (each.priority == 0 || each.priority > 30 || each.grants[k].slot < 8 || each.grants[k].slot > 15 || !calls_server)
                        {
                            std::printf("accepted:\n%s\n", text.c_str());
                            return 1;
                        }
                    }
                }
            }
            else if (error.message.length == 0)
            {
                std::printf("no reason given:\n%s\n", text.c_str());
                return 1;
            }
        }
        std::printf("%s\n", accepted != 0 && accepted != count ? "some of both" : "all alike");
        return 0;
    }
}

int main(int count, char **arguments)
{
    const std::string text = read_input();
    if (count == 4 && std::strcmp(arguments[1], "fuzz") == 0)
    {
        return fuzz(text, static_cast<unsigned>(std::atoi(arguments[2])), static_cast<unsigned>(std::atoi(arguments[3])));
    }
    koito::manifest       found;
    koito::manifest_error error;
    if (!read(text, found, error))
    {
        std::printf("line %lu: %s\n", error.line, to_string(error.message).c_str());
        return 0;
    }
    print(found);
}
