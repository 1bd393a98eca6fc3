// The manifest: a text in the boot archive that says which processes there are and what each may do. README.md has its
// grammar. The text must stay where it is: names are views of it.
#pragma once

#include <koito/process-layout.hpp>
#include <runtime/text.hpp>
#include <stdint.h>

namespace koito
{
    inline constexpr word maximum_entries = 16;
    inline constexpr word maximum_grants  = 8;

    enum class grant_kind : uint8_t
    {
        serves,       ///< READ on the process's own request port
        owns,         ///< all rights on it: the process hands out identified copies
        calls,        ///< WRITE on the request port of the process `first`
        memory,       ///< a port to ULMM, which the process is a client of
        notification, ///< a notification port, bound to the process
        io_ports,     ///< I/O ports `first` to `last`
        interrupt,    ///< IRQ `first`
        node,         ///< an empty node of radix `first`
        generic,      ///< 2^`first` bytes of memory
    };

    /// A capability, and the slot of the process's root node where it finds it.
    struct grant
    {
        grant_kind kind {};
        word       slot  = 0;
        word       first = 0;
        word       last  = 0;
    };

    struct manifest_entry
    {
        runtime::text name;
        runtime::text program;   ///< file in the archive
        runtime::text arguments; ///< the rest of the line; blanks separate them
        word          line     = 0; ///< where the entry begins
        word          priority = 0; ///< 1…30
        word          restarts = 0; ///< how often it is started again after a fault or an exit
        word          memory_limit = 0; ///< bytes that ULMM lets it have

        bool is_essential            = false; ///< its exit, or its last fault, ends the system
        bool is_main                 = false; ///< its exit code is the system's
        bool is_template             = false; ///< started on request, any number of times
        bool has_boot_archive        = false;
        bool may_shut_down           = false;
        bool may_start_servers       = false;
        bool is_memory_observer      = false;
        bool is_memory_administrator = false;

        grant grants[maximum_grants] {};
        word  grant_count = 0;

        const grant *find(grant_kind kind) const
        {
            for (word i = 0; i < grant_count; ++i)
            {
                if (grants[i].kind == kind)
                {
                    return &grants[i];
                }
            }
            return nullptr;
        }

        /// Whether others can call it.
        bool is_server() const
        {
            return find(grant_kind::serves) != nullptr || find(grant_kind::owns) != nullptr;
        }
    };

    struct manifest
    {
        manifest_entry entries[maximum_entries] {};
        word           entry_count = 0;

        /// Index of the entry of that name; `entry_count` if there is none.
        word find(runtime::text name) const;
    };

    /// What is wrong and how to mend it.
    struct manifest_error
    {
        word          line = 0; ///< from 1; 0 if it is not about one line
        runtime::line message;
    };

    /// Whether `text` is a manifest. If not, `error` says why, and `result` is of no use.
    bool read_manifest(runtime::text text, manifest &result, manifest_error &error);

    /// The next argument of `rest`, which is advanced past it. False if there is none.
    bool next_argument(runtime::text &rest, runtime::text &argument);
}
