// Capabilities: the slot, what it may hold, and the list that remembers what was derived from what.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n
{
    using abi::capability_rights;
    using abi::capability_type;

    /// Where a slot lies. The kernel's own slots hold copies that users cannot reach but revocation can.
    enum class slot_holder : uint8_t
    {
        node,
        process_address_space,
        process_root_node,
        process_ipc_buffer,
        process_notification_port,
        process_resolver_port,
        interrupt_binding,
    };

    struct generic_data
    {
        physical_address base;
        physical_address watermark; ///< everything from here to the end is free
        word             size_bits : 7;
        word             is_device : 1;

        // Free pages that are zero already, because a large CONVERT was interrupted. Counted from `base`, so that 28 bits
        // reach further than RAM in the direct map does.
        word first_cleared_page : 28;
        word cleared_page_count : 28;
    };

    struct address_space_data
    {
        physical_address base; ///< root table
    };

    struct page_table_data
    {
        physical_address base;
        uint8_t          depth;
        bool             was_entered; ///< some table may refer to it
    };

    struct frame_data
    {
        physical_address base;
        uint8_t          size_bits : 7;
        uint8_t          is_device : 1;
        bool             was_entered; ///< some table may refer to it
    };

    /// IPC ports and notification ports: what receivers see of the capability that was used.
    struct port_data
    {
        word identifier;
    };

    /// Ports first…last, both included.
    struct io_port_data
    {
        word first;
        word last;
    };

    union capability_data
    {
        word               words[3];
        generic_data       generic;
        address_space_data address_space;
        page_table_data    page_table;
        frame_data         frame;
        port_data          port;
        io_port_data       io_port;
    };

    /// One capability, or none. `component` is the kernel object: node, process_control_block, ipc_port,
    /// notification_port or interrupt_port by `type`, the table for address spaces and page tables, else nullptr.
    struct alignas(64) capability_slot
    {
        void*             component;
        capability_type   type;
        capability_rights rights;
        slot_holder       holder;
        capability_data   data;

        // Dependency list. Descendants of a slot follow it, up to the first whose depth is not greater.
        capability_slot* next;
        capability_slot* previous;
        word             depth;

        bool is_empty() const
        {
            return type == capability_type::none;
        }

        bool has(capability_rights needed) const
        {
            return (static_cast<uint8_t>(needed) & ~static_cast<uint8_t>(rights)) == 0;
        }

        template<typename T>
        T& object() const
        {
            return *static_cast<T*>(component);
        }
    };

    static_assert(sizeof(capability_slot) == abi::capability_slot_size);

    inline constexpr capability_rights read_write = capability_rights::read | capability_rights::write;

    /// Whether two slots refer to the same kernel object or memory.
    bool is_same_object(const capability_slot& a, const capability_slot& b);

    /// Whether the object can have derived capabilities.
    bool bears_children(capability_type type);

    /// What a slot is to hold; see fill_….
    struct capability
    {
        capability_type   type;
        capability_rights rights;
        void*             component;
        capability_data   data;
    };

    // ---- Slots that unfinished work remembers (revocation.hpp). They follow a capability that is moved. ------------

    /// The root of the revocation under way; nullptr if there is none, or its capability was removed.
    extern capability_slot* revoked_slot;

    /// The next slot of a walk along the dependency list, which goes on behind a slot that is emptied.
    extern capability_slot* list_cursor;

    /// Whose walk it is: there is one at a time, and whoever finds another's begins anew. A slot that is moved or emptied
    /// has no walk any more.
    extern const void* list_walker;

    // ---- Filling, moving and emptying slots: the only functions that touch the dependency list --------------------

    /// First slot of the dependency list.
    extern capability_slot* capability_dependency_list;

    /// Fills an empty slot with a capability that derives from nothing. Boot only.
    void fill_original(capability_slot& slot, const capability& content);

    /// Fills an empty slot with a child of `parent`.
    void fill_child(capability_slot& slot, capability_slot& parent, const capability& content);

    /// Fills an empty slot with a copy of `source` that has `rights`.
    void fill_copy(capability_slot& slot, capability_slot& source, capability_rights rights);

    /// Moves a capability with its place in the list into an empty slot.
    void move_capability(capability_slot& destination, capability_slot& source);

    /// Takes a slot off the list and empties it. What becomes of the object is the caller's business: `revocation.hpp`.
    void unlink_slot(capability_slot& slot);

    /// A neighbour with a capability to the same object, which bears no children; nullptr if `slot` holds the last one. For
    /// those that do: copy_search.hpp.
    capability_slot* find_copy(const capability_slot& slot);

    /// The descendants of `slot` become those of a copy that follows them.
    void pass_descendants(capability_slot& slot, capability_slot& heir);
}
