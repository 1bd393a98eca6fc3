// A process as KOITO sees it, and the steps from an ELF file in the archive to a process that can be resumed.
#pragma once

#include "archive.hpp"
#include "manifest.hpp"
#include "own-capabilities.hpp"

namespace koito
{
    enum class process_state : uint8_t
    {
        unused,
        built, ///< complete but not yet resumed
        running,
        faulted, ///< destroyed by the fault resolver; the main thread has yet to take note
        ended,   ///< and will not be started again
    };

    inline constexpr word arguments_capacity = 1024;

    struct process
    {
        process_state         state      = process_state::unused;
        word                  identifier = 0; ///< also its slot in the nodes of own-capabilities.hpp
        const manifest_entry *entry      = nullptr;
        word                  creator    = 0; ///< who asked for it; 0 is KOITO
        word                  restarts   = 0;
        word                  exit_code  = 0;
        word                  memory_limit        = 0;
        word                  memory_bits         = 0; ///< size bits of its Generic, once it has one
        word                  archive_object      = 0;
        word                  archive_object_size = 0;
        char                  arguments[arguments_capacity] {}; ///< each ended by a zero byte
        word                  arguments_length = 0;

        bool is_memory_client() const
        {
            return entry->find(grant_kind::memory) != nullptr;
        }

        a9n::node root() const
        {
            return { process_roots[identifier], process_root_radix };
        }

        a9n::descriptor slot(process_slot index) const
        {
            return root()[static_cast<word>(index)];
        }

        /// The memory everything of the process is made from; revoking it ends the process.
        a9n::generic memory() const
        {
            return { process_memories[identifier] };
        }

        a9n::process_control_block control_block() const
        {
            return { slot(process_slot::process_control_block) };
        }

        a9n::address_space space() const
        {
            return { slot(process_slot::address_space) };
        }

        a9n::ipc_port service_port() const
        {
            return { service_ports[identifier] };
        }
    };

    /// Pages of KOITO's own image.
    struct image_pages
    {
        word first = 0;
        word count = 0;
        word size  = 0; ///< bytes in them
    };

    /// Builds `target`, whose identifier and entry are set, from `file`; memory comes out of `reserve` the first time. Says on the
    /// kernel's console what went wrong if it returns false; the process's memory is then free.
    bool build_process(process &target, bytes file, const image_pages &boot_archive, a9n::generic reserve);

    /// Fills the page that the process finds at `start_information_address`.
    a9n::status write_start_information(const process &target, const image_pages &boot_archive);

    /// Everything the process was made from is memory again: it has ended.
    void revoke_process(const process &target);
}
