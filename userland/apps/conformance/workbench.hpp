// What the tests work with: slots in the root node, memory, and workers: processes in the same address space that make
// one kernel call when told to, so that a call may block without blocking the test.
#pragma once

#include "kernel-call.hpp"

namespace conformance
{
    /// Descriptors of the initial capabilities.
    constexpr word own_process    = abi::init_root_descriptor(abi::init_slot::process_control_block);
    constexpr word own_space      = abi::init_root_descriptor(abi::init_slot::address_space);
    constexpr word root           = abi::init_root_descriptor(abi::init_slot::root_node);
    constexpr word all_io_ports   = abi::init_root_descriptor(abi::init_slot::io_port);
    constexpr word all_interrupts = abi::init_root_descriptor(abi::init_slot::interrupt_region);
    constexpr word own_buffer     = abi::init_root_descriptor(abi::init_slot::ipc_buffer_frame);

    constexpr word own_priority    = 10; ///< of the test itself
    constexpr word worker_priority = 20; ///< runs at once when it is resumed

    /// Descriptor of slot `index` of the root node.
    constexpr word slot(word index)
    {
        return abi::init_root_descriptor(index);
    }

    /// Descriptor of slot `index` of a node of `radix` bits that lies in slot `node_index` of the root node.
    constexpr word slot_in(word node_index, word radix, word index)
    {
        return abi::extend_descriptor(slot(node_index), abi::descriptor_prefix_bits + abi::init_root_radix, radix, index);
    }

    // Fixed places in the root node: below 10 the initial capabilities, then these, then what each test makes from
    // first_free_slot on and removes at its end.
    constexpr word memory_slot     = 10; ///< Generic of 8 MiB for the tests; each revokes it at its end
    constexpr word worker_memory   = 11; ///< Generic for the workers
    constexpr word worker_slots    = 12; ///< three for each worker: process, IPC buffer frame, notification port
    constexpr word worker_tables   = 24; ///< page tables for the workers' buffers
    constexpr word minted_slots    = 31; ///< node of what `mint` makes
    constexpr word first_free_slot = 32;

    constexpr word worker_count = 4;

    struct worker
    {
        word              process; ///< descriptor
        word              bell;    ///< descriptor of the notification port at which it waits for work
        abi::ipc_buffer  *buffer;  ///< nullptr if it has none
        word              buffer_frame; ///< descriptor
        void (*action)(worker &);
        register_file     request;
        reply             result;
        word              value; ///< for actions other than kernel calls
        volatile bool     is_finished;
        bool              is_idle; ///< waits for work

        /// Has it perform the call; it runs at once. Returns whether the call has ended.
        bool start(const register_file &call);
        bool start(void (*what)(worker &));

        /// Of one that has the test's own priority: yields until it has done what it was told, and waits for work.
        void let_finish() const;

        /// Asks the kernel to resume it where it was stopped.
        reply resume();

        /// Stops it wherever it is and makes it idle again, as after set_up.
        void restart();

        template<typename Operation, typename... Arguments>
        bool start_call(word descriptor, Operation operation, Arguments... arguments)
        {
            return start(prepare(descriptor, operation, arguments...));
        }
    };

    extern worker workers[worker_count];

    /// Prepares everything above. `info` is the kernel's.
    void set_up(const abi::init_info &info, abi::ipc_buffer *buffer);

    extern const abi::init_info *init_info;
    extern abi::ipc_buffer      *ipc_buffer; ///< of the test itself

    /// CONVERT out of the tests' memory into slot `index` of the root node.
    reply convert(capability_type type, word specific_bits, word index, word count = 1);

    /// convert that must succeed; returns the descriptor.
    word make(capability_type type, word specific_bits, word index);

    /// A copy with fewer rights; returns its descriptor. It lies in a node of its own that goes with clean_up, because
    /// without READ and WRITE it could not be removed.
    word mint(word source, capability_rights rights);

    /// Takes back all that was converted from the tests' memory.
    void clean_up();

    /// Sets the resolver port of a worker, its bound notification port or its priority.
    reply configure_field(word process, abi::configure_field field, word value);

    /// READ_REGISTER and WRITE_REGISTER with count ≤ 23.
    void  read_registers(word process, word count, word *values);
    reply write_registers(word process, word count, const word *values);

    constexpr word index_of(abi::context_register which)
    {
        return static_cast<word>(which);
    }

    constexpr capability_rights without(capability_rights removed)
    {
        return static_cast<capability_rights>(
            static_cast<uint8_t>(capability_rights::all) & ~static_cast<uint8_t>(removed));
    }

    constexpr word bits(capability_rights rights)
    {
        return static_cast<word>(rights);
    }
}
