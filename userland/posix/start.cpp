// The server's first instruction to its first program. Arguments, from the manifest: `--trace`, then the program and its arguments.
#include "start.hpp"

#include "file-service.hpp"
#include "machine-start.hpp"
#include "process-calls.hpp"
#include "run.hpp"
#include "trace.hpp"

#include <koito/process-layout.hpp>
#include <runtime/debug-console.hpp>

namespace posix
{
    namespace
    {
        struct machine_console final : console_device
        {
            word write(const uint8_t *data, word size) override
            {
                return machine::write_console(data, size);
            }
        };

        constinit machine_console console;

        struct boot_archive
        {
            const uint8_t *data = nullptr;
            word           size = 0;
        };

        /// Mapped by KOITO, or handed over as a memory object.
        boot_archive find_archive(const koito::start_information &information)
        {
            if (information.boot_archive != 0)
            {
                return { reinterpret_cast<const uint8_t *>(information.boot_archive), information.boot_archive_size };
            }
            if (information.archive_object != 0)
            {
                const word size = page_ceiling(information.archive_object_size);
                if (const result<uint8_t *> shown = machine::show_object(information.archive_object, size))
                {
                    return { *shown, information.archive_object_size };
                }
            }
            return {};
        }

        constexpr const char *default_program[] = { "/bin/sh" };
        constexpr const char *environment_strings[]
            = { "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", "TERM=vt100", "PWD=/" };

        bool fails(const char *what, status outcome)
        {
            if (!outcome)
            {
                complain(what, outcome.reason);
            }
            return !outcome;
        }

        int run(const koito::start_information &information)
        {
            if (!machine::make_heap() || !machine::make_own_node())
            {
                runtime::debug_line("posix: no memory to begin with");
                return 1;
            }
            machine::begin_devices();
            update_now();

            const boot_archive archive = find_archive(information);
            if (fails("file system", start_files(archive.data, archive.size, console)))
            {
                return 1;
            }

            const char *const *given = information.arguments;
            size_t             count = information.argument_count;
            if (count != 0 && runtime::text { *given } == runtime::text { "--trace" })
            {
                set_tracing(true);
                ++given;
                --count;
            }
            if (count == 0)
            {
                given = default_program;
                count = 1;
            }
            string_list arguments, environment;
            bool        fits = true;
            for (size_t i = 0; i < count; ++i)
            {
                fits = fits && arguments.append(given[i]);
            }
            for (const char *each : environment_strings)
            {
                fits = fits && environment.append(each);
            }
            if (!fits || fails(given[0], start_first_process(given[0], arguments, environment)))
            {
                return 1;
            }
            serve();
        }
    }
}

int main()
{
    return posix::run(koito::own_start_information());
}
