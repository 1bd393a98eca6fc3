// The KOITO server: the init process of A9N. It starts the processes of the manifest in the boot archive, gives each exactly the
// capabilities that the manifest names, and then serves and supervises them.
#include "fault-resolver.hpp"
#include "requests.hpp"

#include <runtime/debug-console.hpp>

/// The boot archive's segment, the image's last: one page that tells its size, then the archive. Tools replace it.
extern "C" const uint8_t koito_archive_size[];
extern "C" const uint8_t koito_archive_start[];

namespace koito
{
    namespace
    {
        constexpr const char *manifest_name = "etc/koito.manifest";

        using a9n::capability_type;

        template<typename Slot>
        constexpr word index_of(Slot slot)
        {
            return static_cast<word>(slot);
        }

        bool check(const char *what, a9n::status step)
        {
            if (!step)
            {
                runtime::debug_line("koito: ", what, ": ", a9n::to_string(step.error));
            }
            return step.ok;
        }

        /// Ports and nodes that KOITO itself needs.
        bool make_own_objects(a9n::generic reserve)
        {
            a9n::process_configuration bound;
            bound.set_notification_port(fault_event);
            return check("own ports", reserve.convert(capability_type::ipc_port, 0, 3, root, index_of(own::os_port)))
                && check("own nodes",
                    reserve.convert(capability_type::node, process_radix, 6, root, index_of(own::process_roots)))
                && check("own nodes",
                    reserve.convert(capability_type::node, interrupt_radix, 1, root, index_of(own::interrupt_ports)))
                && check("event port",
                    reserve.convert(capability_type::notification_port, 0, 1, root, index_of(own::fault_event)))
                && check("event port", fault_event.identify(fault_flag))
                && check("event port", own_process.configure(bound));
        }

        [[noreturn]] void give_up(const char *reason)
        {
            runtime::debug_line("koito: ", reason);
            switch_off(1);
        }

        /// Null pointers in KOITO fault from here on; page 0 holds only the ELF headers.
        void unmap_page_zero()
        {
            check("unmapping page 0", own_address_space.unmap(a9n::frame { frame_node[0] }, 0));
        }

        void find_archive(system &koito)
        {
            word size = 0;
            for (word i = 0; i < sizeof(word); ++i)
            {
                size |= static_cast<word>(koito_archive_size[i]) << (8 * i);
            }
            koito.archive      = { koito_archive_start, size };
            koito.boot_archive = { reinterpret_cast<word>(koito_archive_start) >> a9n::abi::page_size_bits,
                (size + a9n::abi::page_size - 1) >> a9n::abi::page_size_bits, size };
        }

        void read_manifest(system &koito)
        {
            bytes file;
            if (!find_file(koito.archive, manifest_name, file))
            {
                give_up("there is no etc/koito.manifest in the boot archive: nothing says which processes to start");
            }
            manifest_error error;
            if (!koito::read_manifest({ reinterpret_cast<const char *>(file.data), file.size }, koito.plan, error))
            {
                runtime::debug_line("koito: ", manifest_name, ", line ", error.line, ": ", runtime::text { error.message });
                give_up("the manifest cannot be used");
            }
        }

        system the_system;
    }
}

extern "C" [[noreturn]] void a9n_start_init(a9n::abi::ipc_buffer *buffer, const a9n::abi::init_info *info)
{
    using namespace koito;

    a9n::current_ipc_buffer = buffer;
    runtime::debug_line("koito: A9N ", info->kernel_version[0], ".", info->kernel_version[1], ".",
        info->kernel_version[2], " started the KOITO server");
    unmap_page_zero();

    find_archive(the_system);
    read_manifest(the_system);
    divide_memory(*info, the_system.memory);
    const a9n::generic reserve = the_system.memory.reserve.generic;
    if (the_system.memory.reserve.size_bits == 0)
    {
        give_up("not enough memory: no Generic has room for 8 MiB; give the machine 32 MiB or more");
    }
    if (!make_own_objects(reserve))
    {
        give_up("cannot make the objects every process needs");
    }
    if (!check("fault resolvers", start_fault_resolvers(the_system, reserve)))
    {
        give_up("cannot start the fault resolvers");
    }
    start_processes(the_system);
    serve(the_system);
}
