// A process as KOITO sees it, and the steps from an ELF file in the archive to a process that can be resumed.
#pragma once

#include "elf.hpp"
#include "own-capabilities.hpp"

#include <koito/process-layout.hpp>

namespace koito
{
    enum class process_state : uint8_t
    {
        unused,
        built, ///< complete but not yet resumed
        running,
        faulted, ///< destroyed by the fault resolver; the main thread has yet to take note
        exited,
    };

    struct process
    {
        process_state state      = process_state::unused;
        word          identifier = 0; ///< also its slot in `process_roots` and `process_memories`
        runtime::text name;
        word          priority  = 0;
        word          exit_code = 0;

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
    };

    struct program_description
    {
        runtime::text name; ///< file in the archive
        word          priority;
        word          private_memory_bits; ///< 0, or size bits of a Generic for the program itself
        word          private_memory_slot;
        bool          is_memory_client; ///< ULMM is asked to resolve its memory faults
    };

    /// Builds `target` (whose identifier is set) from `file` with memory out of `reserve`. Says on the kernel's
    /// console what went wrong if it returns false; the process's memory is then as before.
    bool build_process(process &target, const program_description &description, bytes file, a9n::generic reserve);

    /// Everything the process was made from is memory again: it has ended, its ports too.
    void revoke_process(const process &target);
}
