// The public ABI of A9N (generation 2026, x86_64): numbers, layouts and nothing else. Kernel, servers and test
// programs include it; it needs no library and defines no code that runs in the kernel only.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace a9n::abi
{
    using word = uint64_t;

    // ---- Kernel calls ----------------------------------------------------------------------------------------

    /// Value of RAX at `syscall`. Anything else is the fault `invalid_kernel_call`.
    enum class kernel_call : int64_t
    {
        capability_call = -1, ///< MR0 descriptor, MR1 operation, MR2… arguments; results in the same registers
        yield           = -2, ///< gives up the rest of the quantum
        debug           = -3, ///< writes the low byte of MR0 to the kernel console
    };

    /// Message registers 0…9 are RDI RSI RDX R8 R9 R10 R12 R13 R14 R15; the others are `ipc_buffer::messages[i]`.
    inline constexpr word hardware_message_registers = 10;
    inline constexpr word message_registers          = 494;

    /// A failed call has MR0 = 0 and one of these in MR1; a successful call has MR0 = 1.
    enum class capability_error : word
    {
        illegal_operation   = 0, ///< unknown operation, wrong state, no capacity, some missing rights
        permission_denied   = 1, ///< missing right, or more than the source has
        invalid_descriptor  = 2, ///< lookup failed, empty slot, wrong type
        invalid_depth       = 3, ///< reserved, never produced
        invalid_argument    = 4, ///< count, index, range, address, size
        fatal               = 5, ///< hardware or internal error
        debug_unimplemented = 6, ///< never produced
    };

    // ---- Capabilities ----------------------------------------------------------------------------------------

    enum class capability_type : uint8_t
    {
        none                  = 0,
        debug                 = 1,
        node                  = 2,
        generic               = 3,
        address_space         = 4,
        page_table            = 5,
        frame                 = 6,
        process_control_block = 7,
        ipc_port              = 8,
        notification_port     = 9,
        interrupt_region      = 10,
        interrupt_port        = 11,
        io_port               = 12,
        virtual_cpu           = 13,
        virtual_address_space = 14,
        virtual_page_table    = 15,
    };

    /// Rights of a capability: a set of bits.
    enum class capability_rights : uint8_t
    {
        none   = 0,
        read   = 1,
        write  = 2,
        copy   = 4,
        modify = 8,
        all    = 15,
    };

    constexpr capability_rights operator|(capability_rights a, capability_rights b)
    {
        return static_cast<capability_rights>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
    }

    constexpr capability_rights operator&(capability_rights a, capability_rights b)
    {
        return static_cast<capability_rights>(static_cast<uint8_t>(a) & static_cast<uint8_t>(b));
    }

    /// A descriptor is a path: bits 63–56 are its depth − 8, bits 55–0 the node indexes, highest first. The depth is 8
    /// plus the radix of every node walked, the root node included.
    using capability_descriptor = word;

    inline constexpr word descriptor_prefix_bits = 8;

    /// Appends one index in a node of `radix` bits to a path of `depth` bits (8 for the empty path).
    /// Returns the descriptor of depth `depth + radix`; the caller keeps that at most 64.
    constexpr capability_descriptor
        extend_descriptor(capability_descriptor path, word depth, word radix, word index)
    {
        const word new_depth = depth + radix;
        const word indexes   = (path & 0x00ff'ffff'ffff'ffff) | (index << (64 - new_depth));
        return ((new_depth - descriptor_prefix_bits) << 56) | indexes;
    }

    /// Bytes of one capability slot; a node of radix r takes 2^(r + 7) bytes.
    inline constexpr word capability_slot_size = 64;

    /// Base-2 logarithm of the bytes an object takes from its Generic. Generic and frame: their own size bits.
    inline constexpr word address_space_size_bits         = 12;
    inline constexpr word page_table_size_bits            = 12;
    inline constexpr word process_control_block_size_bits = 11;
    inline constexpr word ipc_port_size_bits              = 5;
    inline constexpr word notification_port_size_bits     = 6;
    constexpr word node_size_bits(word radix)
    {
        return radix + 7;
    }

    inline constexpr word page_size_bits          = 12;
    inline constexpr word large_page_size_bits    = 21;
    inline constexpr word huge_page_size_bits     = 30;
    inline constexpr word page_size               = word { 1 } << page_size_bits;
    /// User addresses are 0 ≤ a < this. The last page below 2^47 is never mapped.
    inline constexpr word user_address_end        = 0x7fff'ffff'ffff;

    // ---- Operations (MR1), one enumeration for each capability type ---------------------------------------------

    enum class node_operation : word
    {
        copy   = 1, ///< MR2 destination index, MR3 source descriptor
        move   = 2, ///< MR2 destination index, MR3 source descriptor
        mint   = 3, ///< MR2 destination index, MR3 source descriptor, MR4 new rights
        demote = 4, ///< MR2 target index, MR4 new rights
        revoke = 5, ///< MR2 target index
        remove = 6, ///< MR2 target index
    };

    enum class generic_operation : word
    {
        /// MR2 type, MR3 specific bits, MR4 count, MR5 destination node descriptor, MR6 first index
        convert = 0,
    };

    enum class address_space_operation : word
    {
        map                      = 1, ///< MR2 page-table or frame descriptor, MR3 address, MR4 attributes
        unmap                    = 2, ///< MR2 descriptor, MR3 address
        get_unset_depth          = 3, ///< MR2 address, MR3 leaf size bits → MR2 depth, 0 if no table is missing
        can_map_frame_size_bits  = 4, ///< MR2 size bits → success or invalid_descriptor
    };

    /// Attributes of MAP: a set of bits. 0 means all three.
    enum class map_attribute : word
    {
        read    = 1,
        write   = 2,
        execute = 4,
    };

    enum class frame_operation : word
    {
        get_address = 1, ///< → MR2 physical address
    };

    enum class process_control_block_operation : word
    {
        configure      = 1, ///< MR2 field mask (`configure_field`), MR3…MR12 the fields
        read_register  = 2, ///< MR2 count → MR3… = context[0…count)
        write_register = 3, ///< MR2 count, MR3… values
        resume         = 4,
        suspend        = 5,
    };

    /// Bits of CONFIGURE's field mask; the value of bit n is in MR(3 + n).
    enum class configure_field : word
    {
        address_space       = 1 << 0,
        root_node           = 1 << 1,
        frame_ipc_buffer    = 1 << 2,
        notification_port   = 1 << 3,
        ipc_port_resolver   = 1 << 4,
        instruction_pointer = 1 << 5,
        stack_pointer       = 1 << 6,
        thread_local_base   = 1 << 7,
        priority            = 1 << 8,
        affinity            = 1 << 9,
    };

    inline constexpr word priority_count = 32;

    /// Words of a process's register context, in the order of READ_REGISTER and of `invalid_kernel_call` messages.
    enum class context_register : word
    {
        rax, rbx, rcx, rdx, rdi, rsi, rbp,
        r8, r9, r10, r11, r12, r13, r14, r15,
        rip, cs, rflags, rsp, ss,
        gs_base, fs_base,
        enter_from,
    };

    inline constexpr word context_register_count = 23;

    enum class process_state : word
    {
        unused, ready, blocked_send, blocked_receive, blocked_reply, blocked_wait, blocked_suspend, blocked_fault,
    };

    enum class ipc_port_operation : word
    {
        send          = 1, ///< MR2 message_info, MR4… payload
        receive       = 2, ///< MR2 message_info → MR2 message_info, MR3 identifier, MR4… payload
        call          = 3, ///< as send → as receive
        reply         = 4, ///< as send
        reply_receive = 5, ///< as send → as receive
        identify      = 6, ///< MR2 identifier
    };

    enum class notification_port_operation : word
    {
        notify   = 1,
        wait     = 2, ///< → MR2 flags
        poll     = 3, ///< → MR2 flags, 0 if none
        identify = 4, ///< MR2 identifier
    };

    enum class interrupt_region_operation : word
    {
        make_port = 1, ///< MR2 IRQ, MR3 node descriptor, MR4 index
    };

    enum class interrupt_port_operation : word
    {
        bind           = 1, ///< MR2 notification port descriptor
        unbind         = 2,
        ack            = 3,
        get_irq_number = 4, ///< → MR2
    };

    enum class io_port_operation : word
    {
        read  = 1, ///< MR2 port, MR3 width 1, 2 or 4 bytes → MR2 zero-extended
        write = 2, ///< MR2 port, MR3 width, MR4 data
        mint  = 3, ///< MR2 first port, MR3 last port, MR4 node descriptor, MR5 index
    };

    // ---- Messages --------------------------------------------------------------------------------------------

    enum class message_source : word
    {
        normal       = 0,
        fault        = 1,
        notification = 2,
    };

    /// MR2 of a message. bit 0 block, 1–8 payload length, 9–12 capabilities transferred, 13–14 source.
    struct message_info
    {
        word value = 0;

        constexpr message_info() = default;

        constexpr explicit message_info(word raw) : value(raw)
        {
        }

        constexpr message_info(
            bool block, word length, word transfer_count = 0, message_source source = message_source::normal)
            : value((block ? 1 : 0) | (length & 0xff) << 1 | (transfer_count & 0xf) << 9
                    | (static_cast<word>(source) & 3) << 13)
        {
        }

        constexpr bool block() const
        {
            return (value & 1) != 0;
        }

        /// Payload words, MR4…MR(3 + length).
        constexpr word length() const
        {
            return value >> 1 & 0xff;
        }

        constexpr word transfer_count() const
        {
            return value >> 9 & 0xf;
        }

        constexpr message_source source() const
        {
            return static_cast<message_source>(value >> 13 & 3);
        }
    };

    /// One page of RAM shared by a process and the kernel.
    struct ipc_buffer
    {
        word                  messages[message_registers];
        capability_descriptor transfer_source_descriptors[16]; ///< written by a sender, zeroed on success
        capability_descriptor transfer_destination_node;       ///< written by a receiver
        word                  transfer_destination_index;
    };

    static_assert(sizeof(ipc_buffer) == page_size);
    static_assert(offsetof(ipc_buffer, transfer_source_descriptors) == 0xf70);
    static_assert(offsetof(ipc_buffer, transfer_destination_node) == 0xff0);

    /// MR4 of a fault message; MR5 is the program counter, MR6 and MR7 depend on the type.
    enum class fault_type : word
    {
        memory                   = 1, ///< MR6 address, MR7 page-fault error code
        memory_instruction_fetch = 2, ///< MR6 address, MR7 page-fault error code
        invalid_instruction      = 3, ///< MR6 vector·2^32 + error code
        invalid_arithmetic       = 4, ///< MR6 vector·2^32 + error code
        invalid_kernel_call      = 5, ///< MR6 call number, MR7…MR29 context
        fatal                    = 6, ///< never delivered
        architecture             = 7, ///< MR6 vector·2^32 + error code
    };

    // ---- Boot ------------------------------------------------------------------------------------------------

    enum class memory_map_type : uint32_t
    {
        free     = 0,
        device   = 1,
        reserved = 2,
    };

    struct memory_map_entry
    {
        word            start; ///< physical
        word            page_count;
        memory_map_type type;
        uint32_t   padding;
    };

    static_assert(sizeof(memory_map_entry) == 24);

    inline constexpr word arch_info_count = 128;
    /// arch_info[0] is the physical address of the ACPI RSDP; [1…13] describe a framebuffer, 0 if there is none.
    inline constexpr word arch_info_rsdp = 0;

    /// What a loader hands to the kernel in RDI (physical address). All addresses are physical unless said otherwise.
    struct boot_info
    {
        word          memory_size; ///< ignored
        uint16_t memory_map_count;
        uint8_t  padding[6];
        word          memory_map; ///< → memory_map_entry[memory_map_count]
        word          init_loaded_address;
        word          init_image_size;         ///< pages of 4 KiB
        word          init_entry_point;        ///< virtual
        word          init_info_address;       ///< virtual = offset in the image
        word          init_ipc_buffer_address; ///< virtual = offset in the image
        word          arch_info[arch_info_count];
    };

    static_assert(sizeof(boot_info) == 0x440);

    // ---- Init process ----------------------------------------------------------------------------------------

    inline constexpr word init_root_radix         = 8;
    inline constexpr word init_page_table_radix   = 7;
    inline constexpr word init_frame_radix        = 15;
    inline constexpr word init_generic_radix      = 7;
    inline constexpr word init_maximum_pages      = word { 1 } << init_frame_radix;
    inline constexpr word init_maximum_generics   = word { 1 } << init_generic_radix;

    /// Indexes in the init process's root node.
    enum class init_slot : word
    {
        process_control_block = 1,
        address_space         = 2,
        root_node             = 3,
        page_table_node       = 4,
        frame_node            = 5, ///< slot i is page i of the image
        ipc_buffer_frame      = 6,
        generic_node          = 7,
        interrupt_region      = 8,
        io_port               = 9,
    };

    constexpr capability_descriptor init_root_descriptor(word index)
    {
        return extend_descriptor(0, descriptor_prefix_bits, init_root_radix, index);
    }

    constexpr capability_descriptor init_root_descriptor(init_slot slot)
    {
        return init_root_descriptor(static_cast<word>(slot));
    }

    /// Descriptor of Generic `index` of `init_info::generic_list`.
    constexpr capability_descriptor init_generic_descriptor(word index)
    {
        return extend_descriptor(init_root_descriptor(init_slot::generic_node),
            descriptor_prefix_bits + init_root_radix, init_generic_radix, index);
    }

    /// Descriptor of the frame of page `index` of the init image.
    constexpr capability_descriptor init_frame_descriptor(word index)
    {
        return extend_descriptor(init_root_descriptor(init_slot::frame_node),
            descriptor_prefix_bits + init_root_radix, init_frame_radix, index);
    }

    static_assert(init_root_descriptor(word { 3 }) == 0x0803'0000'0000'0000);
    static_assert(init_generic_descriptor(1) == 0x0f07'0200'0000'0000);

    struct generic_descriptor
    {
        word         address; ///< physical
        uint8_t size_bits;
        uint8_t is_device;
        uint8_t padding[6];
    };

    /// Written by the kernel into the init image at `__init_info_start`.
    struct init_info
    {
        word               kernel_version[3]; ///< major, minor, patch
        char               kernel_pre_release[32];
        char               kernel_build_meta_data[32];
        word               arch_info[arch_info_count];
        word               ipc_buffer; ///< virtual address
        generic_descriptor generic_list[init_maximum_generics];
        word               generic_list_count;
    };

    static_assert(sizeof(init_info) == 3176);
    static_assert(offsetof(init_info, ipc_buffer) == 0x458);
    static_assert(offsetof(init_info, generic_list_count) == 0xc60);
}
